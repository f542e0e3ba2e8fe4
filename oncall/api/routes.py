"""Addresses of this room below `/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.urls import path, register_converter
from rest_framework.routers import BaseRouter

from oncall.api.feeds import PersonalFeedView, ScheduleFeedView
from oncall.api.policies import CalendarTokenViewSet, OnCallView, PolicyViewSet
from oncall.api.schedules import OverrideViewSet, RotationViewSet, ScheduleViewSet

_LIST: Any = {"get": "list", "post": "create"}
_ITEM: Any = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
_OVERRIDE: Any = {"get": "retrieve", "delete": "destroy"}


class IdConverter:
    """An id of at most 18 digits; anything longer is no address."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(IdConverter, "idnumber")


def register(router: BaseRouter) -> None:
    router.register("schedules", ScheduleViewSet, basename="schedule")
    router.register("escalation-policies", PolicyViewSet, basename="escalation-policy")
    router.register("calendar-tokens", CalendarTokenViewSet, basename="calendar-token")


extra_urls = [
    path("on-call/", OnCallView.as_view(), name="on-call"),
    path("schedules/<idnumber:pk>.ics", ScheduleFeedView.as_view(), name="schedule-ics"),
    path("users/me/shifts.ics", PersonalFeedView.as_view(), name="my-shifts-ics"),
    path("schedules/<idnumber:schedule_pk>/rotations/", RotationViewSet.as_view(_LIST), name="rotations"),
    path(
        "schedules/<idnumber:schedule_pk>/rotations/<idnumber:pk>/",
        RotationViewSet.as_view(_ITEM),
        name="rotation",
    ),
    path("schedules/<idnumber:schedule_pk>/overrides/", OverrideViewSet.as_view(_LIST), name="overrides"),
    path(
        "schedules/<idnumber:schedule_pk>/overrides/<idnumber:pk>/",
        OverrideViewSet.as_view(_OVERRIDE),
        name="override",
    ),
]
