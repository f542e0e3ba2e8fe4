from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import handlers, live, retention  # noqa: F401 - subscribers register on import
        from alerts.actions.watching import follow_services
        from alerts.signals import first_alerts, signals
        from alerts.slo import catalog
        from alerts.slo.triage import budgets
        from alerts.targets import Checks, Objectives
        from alerts.words import Words
        from incidents.hooks import (
            register_alert_words,
            register_budgets,
            register_first_alerts,
            register_signals,
        )
        from incidents.target_hooks import register_target
        from services import hooks as catalog_hooks

        register_signals(signals)
        register_first_alerts(first_alerts)
        register_alert_words(Words())
        register_budgets(budgets)
        catalog_hooks.register_budgets(catalog.budgets)
        catalog_hooks.register_moved(follow_services)
        catalog_hooks.register_readiness("slo", catalog.readiness)
        register_target(Checks())
        register_target(Objectives())
        live.register()
        retention.register()

        _register_panels()


def _register_panels() -> None:
    """What the pages of incidents and services show of this room."""
    from core import panels

    panels.register(
        "incident",
        "alerts",
        title=_("Alerts"),
        url=lambda number: f"/alerts/panel/{number}/",
        icon="bell-ring",
    )
    panels.register(
        "service",
        "checks",
        title=_("Checks"),
        url=lambda slug, service_id: f"/checks/panel/{slug}/",
        icon="radar",
    )
    panels.register(
        "service",
        "objectives",
        title=_("Objectives"),
        url=lambda slug, service_id: f"/objectives/panel/{slug}/",
        icon="target",
    )
    panels.register(
        "service",
        "alerts",
        title=_("Alerts"),
        url=lambda slug, service_id: f"/alerts/panel/service/{slug}/",
        icon="bell-ring",
    )
