from rest_framework.routers import BaseRouter

from incidents.api.views import IncidentViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("incidents", IncidentViewSet, basename="incident")
