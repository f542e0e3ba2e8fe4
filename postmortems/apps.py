from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PostmortemsConfig(AppConfig):
    name = "postmortems"

    def ready(self) -> None:
        from core import panels, shipped
        from incidents.hooks import register_follow_ups
        from incidents.target_hooks import register_target
        from postmortems import handlers, live  # noqa: F401 - subscribers register on import
        from postmortems.handover import ActionItems, Postmortems
        from postmortems.items import ticket_events
        from postmortems.items.follow_ups import follow_ups_of
        from postmortems.items.targets import Playbooks, RunbookLinks, Runbooks, Services
        from postmortems.shipped import fill
        from teams import settings_nav
        from teams.hooks import register_handover

        shipped.register("postmortems", fill)
        panels.register(
            "incident",
            "postmortem",
            title=_("Postmortem"),
            url=lambda number: f"/postmortems/panel/{number}/",
            icon="book-open-check",
        )
        panels.register(
            "incident",
            "similar",
            title=_("Similar incidents"),
            url=lambda number: f"/postmortems/similar/{number}/",
            icon="history",
        )
        live.register()
        settings_nav.register(
            "team",
            _("Postmortem templates"),
            "/postmortems/templates/",
            "book-open-check",
            "manager",
            _("What new documents say, and who looks after a team's postmortems."),
        )
        ticket_events.register()
        register_follow_ups(follow_ups_of)
        for target in (Playbooks(), Runbooks(), RunbookLinks(), Services()):
            register_target(target)
        register_handover(ActionItems())
        register_handover(Postmortems())
