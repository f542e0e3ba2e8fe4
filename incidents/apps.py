from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from core import shipped
        from incidents import handlers, live, settings_pages  # noqa: F401 - subscribers register on import
        from incidents.handlers import WEBHOOK_CHANGES
        from incidents.handover import PlaybookTests, Roles, Tasks
        from incidents.reactions import communications, tasks  # noqa: F401 - subscribers register on import
        from incidents.replies import IncidentReplies
        from incidents.selectors import is_restricted, open_by_service, titles
        from incidents.shipped import fill
        from incidents.trackers import retention
        from notifications.hooks import register_webhook_events
        from notifications.replies import register_port
        from oncall.hooks import register_confidential, register_names
        from services.hooks import register_open_incidents
        from teams import settings_nav
        from teams.hooks import register_handover

        shipped.register("incidents", fill)
        live.register()
        retention.register()
        register_port(IncidentReplies())
        register_webhook_events([f"incident.{what}" for what in WEBHOOK_CHANGES])
        register_open_incidents(open_by_service)
        register_names("incident", titles)
        register_confidential("incident", is_restricted)
        for provider in (Roles(), Tasks(), PlaybookTests()):
            register_handover(provider)
        settings_pages.register()
        settings_nav.register(
            "organisation",
            _("Roles"),
            "/settings/roles/",
            "users",
            "admin",
            _("Who does what in an incident: role cards, starter tasks, who fills them."),
        )
        settings_nav.register(
            "team",
            _("Playbooks"),
            "/playbooks/",
            "list-checks",
            text=_("Plans that are ready before they are needed."),
        )
