from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from core import shipped
        from incidents import handlers, live, settings_pages  # noqa: F401 - subscribers register on import
        from incidents.catalog import last_incidents, outages, runbook_readiness
        from incidents.handlers import WEBHOOK_CHANGES
        from incidents.handover import PlaybookTests, Roles, Runbooks, Tasks
        from incidents.reactions import communications, tasks  # noqa: F401 - subscribers register on import
        from incidents.replies import IncidentReplies
        from incidents.runbooks import live as runbook_topics
        from incidents.selectors import is_restricted, open_by_service, titles
        from incidents.shipped import fill
        from incidents.trackers import retention
        from notifications.hooks import register_webhook_events
        from notifications.replies import register_port
        from oncall.hooks import register_confidential, register_names
        from services import hooks as catalog_hooks
        from teams.hooks import register_handover

        shipped.register("incidents", fill)
        live.register()
        runbook_topics.register()
        retention.register()
        register_port(IncidentReplies())
        register_webhook_events([f"incident.{what}" for what in WEBHOOK_CHANGES])
        catalog_hooks.register_open_incidents(open_by_service)
        catalog_hooks.register_outages(outages)
        catalog_hooks.register_last_incidents(last_incidents)
        catalog_hooks.register_readiness("runbook", runbook_readiness)
        register_names("incident", titles)
        register_confidential("incident", is_restricted)
        for provider in (Roles(), Tasks(), PlaybookTests(), Runbooks()):
            register_handover(provider)
        settings_pages.register()
