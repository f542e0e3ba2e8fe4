from rest_framework.routers import BaseRouter

from alerts.api.views import AlertViewSet, IntegrationViewSet, SilenceViewSet, WindowViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("alerts", AlertViewSet, basename="alert")
    router.register("integrations", IntegrationViewSet, basename="integration")
    router.register("silences", SilenceViewSet, basename="silence")
    router.register("maintenance-windows", WindowViewSet, basename="maintenance-window")
