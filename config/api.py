"""The REST API: every room adds its routes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from web.views.guards import schema_gate

ROOMS = (
    "teams",
    "notifications",
    "oncall",
    "services",
    "incidents",
    "alerts",
    "postmortems",
    "statuspage",
)


def _routes() -> list[URLPattern | URLResolver]:
    router = SimpleRouter()
    extra: list[Any] = []
    for room in (*ROOMS, "web"):
        routes = import_module(f"{room}.api.routes")
        routes.register(router)
        extra += getattr(routes, "extra_urls", [])
    # Fixed words such as users/me/ come before a router's own patterns.
    return [*extra, *router.urls]


api_urls = _routes()
docs_urls = [
    path("schema/", schema_gate(SpectacularAPIView.as_view()), name="schema"),
    path("docs/", schema_gate(SpectacularSwaggerView.as_view(url_name="schema")), name="docs"),
]
