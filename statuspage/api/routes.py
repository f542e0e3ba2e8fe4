from rest_framework.routers import BaseRouter

from statuspage.api.subscribers import SubscriberViewSet
from statuspage.api.views import StatusPageViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("status-pages", StatusPageViewSet, basename="status-page")
    nested = "status-pages/(?P<slug>[a-z0-9_-]{1,60})/subscribers"
    router.register(nested, SubscriberViewSet, basename="status-page-subscriber")
