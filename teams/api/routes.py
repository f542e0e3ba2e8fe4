from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from teams.api import schema as _schema
from teams.api.saved_views import SavedViewViewSet
from teams.api.views import MembershipViewSet, MeView, TeamViewSet, TokenViewSet, UserViewSet

# Imported for what it registers.
assert _schema

extra_urls = [
    path("users/me/", MeView.as_view({"get": "retrieve", "patch": "partial_update"}), name="me"),
]


def register(router: BaseRouter) -> None:
    """Add this room's addresses below /api/v1/."""
    router.register("teams", TeamViewSet, "team")
    router.register("users", UserViewSet, "user")
    router.register("memberships", MembershipViewSet, "membership")
    router.register("tokens", TokenViewSet, "token")
    router.register("saved-views", SavedViewViewSet, "saved-view")
