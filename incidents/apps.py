from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from incidents import handlers, live  # noqa: F401 - subscribers register on import
        from incidents.handlers import WEBHOOK_CHANGES
        from incidents.handover import Roles
        from incidents.replies import IncidentReplies
        from incidents.selectors import is_restricted, open_by_service, titles
        from notifications.hooks import register_webhook_events
        from notifications.replies import register_port
        from oncall.hooks import register_confidential, register_names
        from services.hooks import register_open_incidents
        from teams.hooks import register_handover

        live.register()
        register_port(IncidentReplies())
        register_webhook_events([f"incident.{what}" for what in WEBHOOK_CHANGES])
        register_open_incidents(open_by_service)
        register_names("incident", titles)
        register_confidential("incident", is_restricted)
        register_handover(Roles())
