from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import handlers, live, retention  # noqa: F401 - subscribers register on import
        from alerts.signals import signals
        from alerts.slo.triage import budgets
        from alerts.targets import Checks, Objectives
        from core import panels
        from incidents.hooks import register_budgets, register_signals
        from incidents.target_hooks import register_target

        register_signals(signals)
        register_budgets(budgets)
        register_target(Checks())
        register_target(Objectives())
        live.register()
        retention.register()

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
