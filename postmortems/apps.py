from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PostmortemsConfig(AppConfig):
    name = "postmortems"

    def ready(self) -> None:
        from core import panels
        from postmortems.handover import ActionItems, Postmortems
        from teams.hooks import register_handover

        panels.register(
            "incident",
            "postmortem",
            title=_("Postmortem"),
            url=lambda number: f"/postmortems/panel/{number}/",
            icon="book-open-check",
        )
        register_handover(ActionItems())
        register_handover(Postmortems())
