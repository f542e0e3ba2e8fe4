"""Requests, leave, shadow shifts and handoff notes on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from oncall.actions import handoff, leave, requests
from oncall.api import people_shapes as shapes
from oncall.api.base import RoomViewSet
from oncall.api.schedules import ScheduleChildViewSet
from oncall.models import HandoffNote, Leave, Shadow, ShiftRequest


class RequestViewSet(ScheduleChildViewSet):
    """Cover and swap requests of a schedule, newest first. `?status=open` narrows."""

    model = ShiftRequest
    serializer_class = shapes.ShiftRequestSerializer
    input_class = shapes.ShiftRequestInput
    write_scope = "respond"

    def visible(self) -> Any:
        rows = ShiftRequest.objects.filter(schedule=self.schedule())
        status = self.request.query_params.get("status", "")
        return rows.filter(status=status.replace("\0", "")) if status else rows

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.checked()
        row = requests.ask(
            actor=self.actor,
            schedule_id=self.schedule().pk,
            user_id=data.pop("user", self.actor.user_id),
            offered_to_id=data.pop("offered_to", None),
            now=clock.now(),
            **data,
        )
        return self.shown(row.pk, 201)

    @extend_schema(request=shapes.TakeInput, responses={201: shapes.ShiftRequestSerializer})
    def take(self, request: Request, **kwargs: Any) -> Response:
        """Relieve somebody who is on call, from this moment on."""
        serializer = shapes.TakeInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = requests.take_now(
            actor=self.actor,
            schedule_id=self.schedule().pk,
            user_id=serializer.validated_data["user"],
            until=serializer.validated_data.get("until"),
            now=clock.now(),
        )
        return self.shown(row.pk, 201)

    def _answer(self, verb: Any, pk: str) -> Response:
        self.get_object()
        verb(actor=self.actor, request_id=int(pk), now=clock.now())
        return self.shown(int(pk))

    @extend_schema(request=shapes.NoFieldsInput)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Serve instead."""
        return self._answer(requests.accept, pk)

    @extend_schema(request=shapes.NoFieldsInput)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """I cannot: for the one person it was offered to."""
        return self._answer(requests.decline, pk)

    @extend_schema(request=shapes.NoFieldsInput)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Take an open request back."""
        return self._answer(requests.cancel, pk)

    @extend_schema(request=shapes.NoFieldsInput)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Take an accepted one back, as far as it has not been served."""
        return self._answer(requests.undo, pk)


class LeaveViewSet(RoomViewSet):
    """Leave of oneself and of everybody one shares a team with. `?user=` narrows."""

    model = Leave
    serializer_class = shapes.LeaveSerializer
    input_class = shapes.LeaveInput
    lookup_value_regex = "[0-9]{1,18}"
    write_scope = "respond"

    def visible(self) -> Any:
        rows = Leave.objects.visible_to(self.actor)
        user = self.request.query_params.get("user", "")
        return (
            rows.filter(user_id=int(user)) if user.isascii() and user.isdigit() and len(user) < 19 else rows
        )

    def create(self, request: Request) -> Response:
        data = self.checked()
        user_id = data.pop("user", self.actor.user_id)
        row = leave.add_leave(actor=self.actor, user_id=user_id, now=clock.now(), **data)
        return self.shown(row.pk, 201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        leave.remove_leave(actor=self.actor, leave_id=self.get_object().pk)
        return Response(status=204)


class ShadowViewSet(ScheduleChildViewSet):
    """Who learns along in a schedule."""

    model = Shadow
    serializer_class = shapes.ShadowSerializer
    input_class = shapes.ShadowInput
    write_scope = "respond"

    def visible(self) -> Any:
        return Shadow.objects.filter(schedule=self.schedule())

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.checked()
        row = handoff.add_shadow(
            actor=self.actor,
            schedule_id=self.schedule().pk,
            user_id=data.pop("user"),
            follows_id=data.pop("follows", None),
            now=clock.now(),
            **data,
        )
        return self.shown(row.pk, 201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        handoff.remove_shadow(actor=self.actor, shadow_id=self.get_object().pk, now=clock.now())
        return Response(status=204)


class NoteViewSet(ScheduleChildViewSet):
    """Handoff notes of a schedule, newest shift first. Posting writes that of one's own shift."""

    model = HandoffNote
    serializer_class = shapes.HandoffNoteSerializer
    input_class = shapes.HandoffNoteInput
    write_scope = "respond"

    def visible(self) -> Any:
        return HandoffNote.objects.filter(schedule=self.schedule())

    def create(self, request: Request, **kwargs: Any) -> Response:
        note = handoff.write_note(
            actor=self.actor, schedule_id=self.schedule().pk, now=clock.now(), **self.checked()
        )
        return self.shown(note.pk, 201)
