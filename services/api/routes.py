"""Addresses of this room below `/api/v1/`."""

from __future__ import annotations

from typing import Any

from rest_framework.routers import BaseRouter

from services.api.views import ChangeViewSet, ServiceViewSet


def register(router: BaseRouter) -> None:
    router.register("services", ServiceViewSet, basename="service")
    router.register("changes", ChangeViewSet, basename="change")


extra_urls: list[Any] = []
