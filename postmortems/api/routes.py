from rest_framework.routers import BaseRouter

from postmortems.api.documents import PostmortemViewSet
from postmortems.api.items import ActionItemViewSet
from postmortems.api.library import PostmortemLibraryViewSet
from postmortems.api.review import PostmortemTemplateViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("postmortems/library", PostmortemLibraryViewSet, basename="postmortem-library")
    router.register("postmortems", PostmortemViewSet, basename="postmortem")
    router.register("action-items", ActionItemViewSet, basename="action-item")
    router.register("postmortem-templates", PostmortemTemplateViewSet, basename="postmortem-template")
