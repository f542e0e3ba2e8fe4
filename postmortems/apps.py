from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PostmortemsConfig(AppConfig):
    name = "postmortems"

    def ready(self) -> None:
        from core import panels
        from incidents.hooks import register_follow_ups
        from postmortems.follow_ups import follow_ups_of
        from postmortems.handover import ActionItems, Postmortems
        from teams.hooks import register_handover

        panels.register(
            "incident",
            "postmortem",
            title=_("Postmortem"),
            url=lambda number: f"/postmortems/panel/{number}/",
            icon="book-open-check",
        )
        register_follow_ups(follow_ups_of)
        register_handover(ActionItems())
        register_handover(Postmortems())
