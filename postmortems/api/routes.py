from rest_framework.routers import BaseRouter

from postmortems.api.views import ActionItemViewSet, PostmortemViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("postmortems", PostmortemViewSet, basename="postmortem")
    router.register("action-items", ActionItemViewSet, basename="action-item")
