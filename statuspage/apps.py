from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatuspageConfig(AppConfig):
    name = "statuspage"

    def ready(self) -> None:
        from core import housekeeping, panels
        from incidents.hooks import register_notices
        from statuspage import handlers, live, subscriber_selectors  # noqa: F401 - subscribers register on import
        from statuspage.actions.metrics import KEPT
        from statuspage.loop import PublicNotices
        from statuspage.models import MetricPoint

        live.register()
        register_notices(PublicNotices())
        housekeeping.register(
            "values of status pages", lambda now: MetricPoint.objects.filter(at__lt=now - KEPT)
        )
        subscriber_selectors.register()
        panels.register(
            "incident",
            "statuspage",
            title=_("Status page"),
            url=lambda number: f"/statuspages/panel/{number}/",
            icon="globe",
        )
