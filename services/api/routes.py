"""Addresses of this room below `/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.routers import BaseRouter

from services.api.importing import ExportView, ImportView
from services.api.structure import (
    DomainViewSet,
    EnvironmentViewSet,
    ServiceFieldViewSet,
    SystemViewSet,
)
from services.api.views import ChangeViewSet, ServiceViewSet


def register(router: BaseRouter) -> None:
    router.register("services", ServiceViewSet, basename="service")
    router.register("changes", ChangeViewSet, basename="change")
    router.register("systems", SystemViewSet, basename="system")
    router.register("domains", DomainViewSet, basename="domain")
    router.register("environments", EnvironmentViewSet, basename="environment")
    router.register("service-fields", ServiceFieldViewSet, basename="service-field")


extra_urls: list[Any] = [
    path("services/import/", ImportView.as_view(), name="service-import"),
    path("services/export/", ExportView.as_view(), name="service-export"),
]
