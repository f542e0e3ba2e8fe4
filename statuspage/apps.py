from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatuspageConfig(AppConfig):
    name = "statuspage"

    def ready(self) -> None:
        from alerts.mail_hooks import register_taker
        from core import housekeeping, panels
        from incidents.hooks import register_notices
        from postmortems.hooks import register_public_notices
        from statuspage import handlers, live, subscriber_selectors  # noqa: F401 - subscribers register on import
        from statuspage.actions.metrics import KEPT
        from statuspage.fanout.bounces import Bounces
        from statuspage.loop import PublicNotices
        from statuspage.models import MetricPoint
        from statuspage.postmortems import Postmortems

        live.register()
        register_taker(Bounces())
        register_notices(PublicNotices())
        register_public_notices(Postmortems())
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
