"""`schedules/` and what hangs below one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.errors import NotVisible, field_error
from oncall import rota, selectors
from oncall.actions import overrides, rotations, schedules
from oncall.api.base import RoomViewSet, whole
from oncall.api.fields import query_id, query_instant
from oncall.api.serializers import (
    OverrideInput,
    OverrideSerializer,
    RotationInput,
    ScheduleInput,
    ScheduleSerializer,
    gap_data,
    report_data,
    rotation_data,
    shift_data,
)
from oncall.errors import refusal
from oncall.loading import LoadedSchedule, load
from oncall.models import Override, Rotation, Schedule
from teams.models import Team

_AHEAD = dt.timedelta(days=14)


class ScheduleViewSet(RoomViewSet):
    """Schedules of teams; below each: rotations, overrides, shifts, gaps, on-call."""

    model = Schedule
    serializer_class = ScheduleSerializer
    input_class = ScheduleInput
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> Any:
        rows = super().visible().select_related("team")
        if slug := self.request.query_params.get("team", ""):
            team = Team.objects.visible_to(self.actor).filter(slug=slug.replace("\0", "")).first()
            rows = rows.filter(team=team) if team else rows.none()
        return rows

    def create(self, request: Request) -> Response:
        data = self.checked()
        row = schedules.create_schedule(actor=self.actor, team_id=data.pop("team"), **data)
        return self.shown(row.pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        schedule = self.get_object()
        data = self.checked(partial=True)
        if data.pop("team", schedule.team_id) != schedule.team_id:
            raise field_error("team", "A schedule stays with its team.")
        schedules.update_schedule(actor=self.actor, schedule_id=schedule.pk, **data)
        return self.shown(schedule.pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        schedules.delete_schedule(actor=self.actor, schedule_id=self.get_object().pk)
        return Response(status=204)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def shifts(self, request: Request, pk: str) -> Response:
        """Who serves in `?from=&to=` (the next 14 days), at most 400 days."""
        start, end, loaded = self._window()
        found = _computed(rota.final_shifts, loaded, start, end)
        return whole([shift_data(shift) for shift in found])

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def gaps(self, request: Request, pk: str) -> Response:
        """When nobody serves in `?from=&to=` (the next 14 days), at most 400 days.

        `planned`: hours that are empty as planned; they are no gaps.
        """
        start, end, loaded = self._window()
        found = _computed(rota.empty_times, loaded, start, end, loaded.unstaffed)
        return whole(gap_data(found.gaps), planned=gap_data(found.planned))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def report(self, request: Request, pk: str) -> Response:
        """Gaps, planned empty time and overlaps in `?from=&to=` (the next 14 days), at most 400 days."""
        schedule = self.get_object()
        start, end = self._times()
        try:
            return Response(report_data(selectors.schedule_report(self.actor, schedule, start, end)))
        except rota.InvalidWindow as error:
            raise refusal(error.errors) from None

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"], url_path="on-call")
    def on_call(self, request: Request, pk: str) -> Response:
        """Who serves at `?at=` (now), since and until when, and who is next."""
        schedule = self.get_object()
        at = query_instant(request.query_params, "at", clock.now())
        item = load([schedule], start=at - rota.MAX_QUERY, end=at + rota.MAX_QUERY)[schedule.pk]
        answer = _computed(rota.on_call_at, item, at)
        following = shift_data(answer.next) if answer.next else None
        return Response(
            {"users": list(answer.users), "since": answer.since, "until": answer.until, "next": following}
        )

    def _window(self) -> tuple[dt.datetime, dt.datetime, LoadedSchedule]:
        schedule = self.get_object()
        start, end = self._times()
        return start, end, load([schedule], start=start, end=end)[schedule.pk]

    def _times(self) -> tuple[dt.datetime, dt.datetime]:
        query = self.request.query_params
        start = query_instant(query, "from", clock.now().replace(microsecond=0))
        return start, query_instant(query, "to", start + _AHEAD)


def _computed(question: Any, item: LoadedSchedule, *more: Any) -> Any:
    try:
        return question(item.rotations, item.overrides, item.zone, *more)
    except rota.InvalidWindow as error:
        raise refusal(error.errors) from None


class ScheduleChildViewSet(RoomViewSet):
    """Rows below `schedules/<schedule_pk>/`."""

    def schedule(self) -> Schedule:
        rows = Schedule.objects.visible_to(self.actor)
        schedule: Schedule | None = rows.filter(pk=self.kwargs["schedule_pk"]).first()
        if schedule is None:
            raise NotVisible
        return schedule


class RotationViewSet(ScheduleChildViewSet):
    """The living rotations of a schedule; ids stay the same through edits."""

    model = Rotation
    serializer_class = RotationInput
    input_class = RotationInput

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.schedule().rotations.living()
        return whole([rotation_data(row) for row in rows])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(rotation_data(self._row()))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        schedule = self.schedule()
        row = rotations.add_rotation(actor=self.actor, schedule_id=schedule.pk, values=self.checked())
        return Response(rotation_data(row), status=201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self._row()
        values = self.checked(partial=True)
        row = rotations.update_rotation(actor=self.actor, rotation_id=row.public_id, values=values)
        return Response(rotation_data(row))

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self._row()
        blank = {"serves_from": "", "ends_at": "", "by_day": [], "week_start": "mo", "restrictions": []}
        values = {**blank, "layer": 0, "on_holidays": "serve", **self.checked()}
        row = rotations.update_rotation(actor=self.actor, rotation_id=row.public_id, values=values)
        return Response(rotation_data(row))

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rotations.delete_rotation(actor=self.actor, rotation_id=self._row().public_id)
        return Response(status=204)

    def _row(self) -> Rotation:
        rows = self.schedule().rotations.living()
        for row in rows:
            if row.public_id == self.kwargs["pk"]:
                return row  # type: ignore[no-any-return]
        raise NotVisible


class OverrideViewSet(ScheduleChildViewSet):
    """Overrides that are not over, or with `?from=&to=` those that touch the window."""

    model = Override
    serializer_class = OverrideSerializer
    input_class = OverrideInput
    write_scope = "respond"

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        query = request.query_params
        rows = self.schedule().overrides.filter(ends_at__gt=query_instant(query, "from", clock.now()))
        if query.get("to"):
            rows = rows.filter(starts_at__lt=query_instant(query, "to", clock.now()))
        if (user := query_id(query, "user")) is not None:
            rows = rows.filter(user_id=user)
        return whole(self.get_serializer(rows[:1000], many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self._row()).data)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.checked()
        row = overrides.add_override(
            actor=self.actor,
            schedule_id=self.schedule().pk,
            kind=data["kind"],
            user_id=data.get("user"),
            replaces_id=data.get("replaces"),
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
        )
        return Response(self.get_serializer(row).data, status=201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise MethodNotAllowed(request.method or "")

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        overrides.delete_override(actor=self.actor, override_id=self._row().pk)
        return Response(status=204)

    def _row(self) -> Override:
        row: Override | None = self.schedule().overrides.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotVisible
        return row
