"""`schedules/<id>/calendars/` and `users/me/leave-calendars/`: foreign calendars. Addresses are never shown again."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import NotVisible, field_error
from oncall.actions import external
from oncall.api.base import whole
from oncall.api.fields import InstantField, WholeField, WordField
from oncall.api.schedules import ScheduleChildViewSet
from oncall.calendars.text import MAX_BYTES
from oncall.models import ExternalCalendar


class ExternalCalendarSerializer(serializers.ModelSerializer):
    read_from = serializers.SerializerMethodField()
    fetched_at = InstantField(read_only=True)
    next_fetch_at = InstantField(read_only=True)
    failing_since = InstantField(read_only=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = ExternalCalendar
        fields = [
            "id",
            "name",
            "read_from",
            "host",
            "layer",
            "people",
            "unmatched",
            "fetched_at",
            "next_fetch_at",
            "failing_since",
            "failure",
            "created_at",
        ]

    def get_read_from(self, row: ExternalCalendar) -> str:
        return "url" if row.url else "file"


class PeopleField(serializers.DictField):
    """`{text in the events: user id}`."""

    child = WholeField(minimum=1)


class LeaveCalendarInput(serializers.Serializer):
    name = WordField(limit=120)
    url = WordField(limit=500, required=False)
    content = WordField(limit=MAX_BYTES, required=False)


class ExternalCalendarInput(LeaveCalendarInput):
    layer = WholeField(maximum=external.MAX_LAYER, required=False)
    people = PeopleField(required=False)


class ExternalCalendarViewSet(ScheduleChildViewSet):
    """Calendars that say who is on call in a schedule: by `url`, or by the `content` of an iCalendar file."""

    model = ExternalCalendar
    serializer_class = ExternalCalendarSerializer
    input_class: type[serializers.BaseSerializer[Any]] = ExternalCalendarInput

    def owner(self) -> dict[str, Any]:
        """Whom the calendars belong to, as the actions name it; NotVisible for a hidden schedule."""
        return {"schedule_id": self.schedule().pk}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return whole(self.get_serializer(self._rows(), many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self._row()).data)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = external.add_calendar(actor=self.actor, **self.owner(), **self._values())
        return Response(self.get_serializer(row).data, status=201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self._row()
        changed = external.update_calendar(actor=self.actor, calendar_id=row.pk, **self._values(partial=True))
        return Response(self.get_serializer(changed).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        external.remove_calendar(actor=self.actor, calendar_id=self._row().pk)
        return Response(status=204)

    def refresh(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Fetch it as soon as a worker is free."""
        row = external.refresh_calendar(actor=self.actor, calendar_id=self._row().pk)
        return Response(self.get_serializer(row).data, status=202)

    def _values(self, *, partial: bool = False) -> dict[str, Any]:
        data = self.checked(partial=partial)
        data["content"] = data.get("content", "").encode()
        if len(data["content"]) > MAX_BYTES:
            raise field_error("content", f"At most {MAX_BYTES} bytes.")
        return data

    def _rows(self) -> Any:
        rows = ExternalCalendar.objects.visible_to(self.actor).filter(removed_at__isnull=True)
        return rows.filter(**self.owner())

    def _row(self) -> ExternalCalendar:
        row: ExternalCalendar | None = self._rows().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise NotVisible
        return row


class LeaveCalendarViewSet(ExternalCalendarViewSet):
    """One's own calendars of leave."""

    input_class = LeaveCalendarInput
    write_scope = "respond"

    def owner(self) -> dict[str, Any]:
        return {"user_id": self.actor.user_id or 0}
