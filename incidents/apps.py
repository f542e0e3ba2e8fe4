from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from incidents import handlers, live  # noqa: F401 - subscribers register on import
        from incidents.replies import IncidentReplies
        from notifications.replies import register_port

        live.register()
        register_port(IncidentReplies())
