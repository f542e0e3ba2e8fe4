"""A person's quiet hours and the installation's delivery limits in the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.views import ActorViewSet
from core.errors import NotVisible
from notifications.actions.limits import BOUNDS, set_limits, stored_limits
from notifications.actions.quiet import clear_quiet_hours, set_quiet_hours
from notifications.models import DeliveryLimits, QuietHours
from notifications.permissions import may_change_limits


class QuietHoursSerializer(serializers.Serializer[Any]):
    """Times of the person's own clock, such as 22:00 and 07:00; past midnight when `ends` is the earlier.

    Low-urgency pages, updates and reminders wait until `ends`; high urgency never waits.
    """

    starts = serializers.TimeField(format="%H:%M", input_formats=["%H:%M", "%H:%M:%S"])
    ends = serializers.TimeField(format="%H:%M", input_formats=["%H:%M", "%H:%M:%S"])
    time_zone = serializers.CharField(read_only=True)


class LimitsSerializer(serializers.ModelSerializer[DeliveryLimits]):
    """After `singles` pages within `window_seconds` to one destination the rest waits `hold_seconds` and goes as
    one message; a page not sent within `expire_minutes` is dropped."""

    singles = serializers.IntegerField()
    window_seconds = serializers.IntegerField()
    hold_seconds = serializers.IntegerField()
    expire_minutes = serializers.IntegerField()

    class Meta:
        model = DeliveryLimits
        fields = ["singles", "window_seconds", "hold_seconds", "expire_minutes", "updated_at"]
        read_only_fields = ["updated_at"]


class Single(ActorViewSet):
    """One object without an id."""

    pagination_class = None
    filter_backends = ()


class QuietHoursView(Single):
    """The caller's own quiet hours; 404 while there are none."""

    model = QuietHours
    queryset = QuietHours.objects.none()
    serializer_class = QuietHoursSerializer

    @extend_schema(operation_id="users_me_quiet_hours_retrieve")
    def retrieve(self, request: Request) -> Response:
        row = QuietHours.objects.filter(user_id=self._user_id).first()
        if row is None:
            raise NotVisible("There are no quiet hours.")
        return Response(self._shown(row.starts, row.ends))

    @extend_schema(operation_id="users_me_quiet_hours_update")
    def update(self, request: Request) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = set_quiet_hours(actor=self.actor, user_id=self._user_id, **given.validated_data)
        return Response(self._shown(row.starts, row.ends))

    @extend_schema(operation_id="users_me_quiet_hours_destroy", responses={204: None})
    def destroy(self, request: Request) -> Response:
        clear_quiet_hours(actor=self.actor, user_id=self._user_id)
        return Response(status=204)

    @property
    def _user_id(self) -> int:
        user_id: int = self.actor.user_id
        return user_id

    def _shown(self, starts: dt.time, ends: dt.time) -> dict[str, str]:
        zone = str(self.request.user.zone)  # type: ignore[union-attr]  # signed in, by the permission
        return {"starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}", "time_zone": zone}


class LimitsView(Single):
    """How fast pages go out, for the whole installation. Admins only."""

    model = DeliveryLimits
    queryset = DeliveryLimits.objects.none()
    serializer_class = LimitsSerializer

    @extend_schema(operation_id="delivery_limits_retrieve")
    def retrieve(self, request: Request) -> Response:
        self._admins_only()
        return Response(self.get_serializer(stored_limits()).data)

    @extend_schema(operation_id="delivery_limits_update")
    def update(self, request: Request) -> Response:
        self._admins_only()
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = {name: given.validated_data[name] for name in BOUNDS}
        row = set_limits(actor=self.actor, now=clock.now(), **values)
        return Response(self.get_serializer(row).data)

    def _admins_only(self) -> None:
        if not self.actor.is_admin or not (self.request.method == "GET" or may_change_limits(self.actor)):
            raise NotVisible
