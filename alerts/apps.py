from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import handlers  # noqa: F401 - subscribers register on import
        from alerts.signals import signals
        from core import panels
        from incidents.hooks import register_signals

        register_signals(signals)

        panels.register(
            "incident",
            "alerts",
            title=_("Alerts"),
            url=lambda number: f"/alerts/panel/{number}/",
            icon="bell-ring",
        )
