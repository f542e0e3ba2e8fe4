from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatuspageConfig(AppConfig):
    name = "statuspage"

    def ready(self) -> None:
        from alerts.mail_hooks import register_taker
        from core import housekeeping, panels
        from incidents.hooks import register_notices
        from postmortems.hooks import register_public_notices
        from statuspage import handlers, live  # noqa: F401 - handlers register on import
        from statuspage.actions.metrics import KEPT
        from statuspage.fanout.bounces import Bounces
        from statuspage.models import MetricPoint
        from statuspage.open_notices import PublicNotices
        from statuspage.postmortems import Postmortems
        from statuspage.subscribers import selectors

        live.register()
        register_taker(Bounces())
        register_notices(PublicNotices())
        register_public_notices(Postmortems())
        housekeeping.register(
            "values of status pages", lambda now: MetricPoint.objects.filter(at__lt=now - KEPT)
        )
        selectors.register()
        panels.register(
            "incident",
            "statuspage",
            title=_("Status page"),
            url=lambda number: f"/statuspages/panel/{number}/",
            icon="globe",
        )
