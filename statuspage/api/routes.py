from rest_framework.routers import BaseRouter

from statuspage.api.views import StatusPageViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("status-pages", StatusPageViewSet, basename="status-page")
