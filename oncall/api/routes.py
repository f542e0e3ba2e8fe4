"""Addresses of this room below `/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.urls import path, register_converter
from rest_framework.routers import BaseRouter

from oncall.api.calendars import ExternalCalendarViewSet, LeaveCalendarViewSet
from oncall.api.feeds import PersonalFeedView, ScheduleFeedView
from oncall.api.health import HealthView
from oncall.api.people import LeaveViewSet, NoteViewSet, RequestViewSet, ShadowViewSet
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
    path("on-call/health/", HealthView.as_view(), name="on-call-health"),
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
    path("schedules/<idnumber:schedule_pk>/take/", RequestViewSet.as_view({"post": "take"}), name="take"),
    path("schedules/<idnumber:schedule_pk>/requests/", RequestViewSet.as_view(_LIST), name="requests"),
    path(
        "schedules/<idnumber:schedule_pk>/requests/<idnumber:pk>/",
        RequestViewSet.as_view({"get": "retrieve"}),
        name="request",
    ),
    *(
        path(
            f"schedules/<idnumber:schedule_pk>/requests/<idnumber:pk>/{verb}/",
            RequestViewSet.as_view({"post": verb}),
            name=f"request-{verb}",
        )
        for verb in ("accept", "decline", "cancel", "undo")
    ),
    path("schedules/<idnumber:schedule_pk>/shadows/", ShadowViewSet.as_view(_LIST), name="shadows"),
    path(
        "schedules/<idnumber:schedule_pk>/shadows/<idnumber:pk>/",
        ShadowViewSet.as_view(_OVERRIDE),
        name="shadow",
    ),
    path("schedules/<idnumber:schedule_pk>/handoff-notes/", NoteViewSet.as_view(_LIST), name="handoff-notes"),
    path("leave/", LeaveViewSet.as_view(_LIST), name="leave"),
    path("leave/<idnumber:pk>/", LeaveViewSet.as_view(_OVERRIDE), name="leave-item"),
    path(
        "schedules/<idnumber:schedule_pk>/calendars/",
        ExternalCalendarViewSet.as_view(_LIST),
        name="calendars",
    ),
    path(
        "schedules/<idnumber:schedule_pk>/calendars/<idnumber:pk>/",
        ExternalCalendarViewSet.as_view(_ITEM),
        name="calendar",
    ),
    path(
        "schedules/<idnumber:schedule_pk>/calendars/<idnumber:pk>/refresh/",
        ExternalCalendarViewSet.as_view({"post": "refresh"}),
        name="calendar-refresh",
    ),
    path("users/me/leave-calendars/", LeaveCalendarViewSet.as_view(_LIST), name="leave-calendars"),
    path(
        "users/me/leave-calendars/<idnumber:pk>/", LeaveCalendarViewSet.as_view(_ITEM), name="leave-calendar"
    ),
    path(
        "users/me/leave-calendars/<idnumber:pk>/refresh/",
        LeaveCalendarViewSet.as_view({"post": "refresh"}),
        name="leave-calendar-refresh",
    ),
]
