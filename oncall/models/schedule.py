from __future__ import annotations

import zoneinfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from oncall.choices import OverrideKind, TurnUnit
from oncall.querysets import ScheduleChildQuerySet, ScheduleQuerySet
from teams.models.user import validate_zone


class Schedule(models.Model):
    """Who is on call in a team. All wall times of its rotations are in `timezone` (IANA name)."""

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="schedule_name_in_team")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    def get_absolute_url(self) -> str:
        return f"/oncall/schedules/{self.pk}/"


class Rotation(models.Model):
    """Turns of people. Wall times are kept as naive text in the schedule's zone, as the rules need them.

    `members`: list of turns, each a list of user ids on call together. `restrictions`: list of
    `{from, to, days?}`. A rotation that was edited keeps its past as a retired row that ends where
    the successor starts to serve.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rotations")
    name = models.CharField(_("name"), max_length=120)
    layer = models.PositiveSmallIntegerField(_("layer"), default=0)
    starts_at = models.CharField(max_length=19)
    serves_from = models.CharField(max_length=19, blank=True, default="")
    ends_at = models.CharField(max_length=19, blank=True, default="")
    unit = models.CharField(max_length=10, choices=TurnUnit.choices, default=TurnUnit.WEEK)
    count = models.PositiveSmallIntegerField(default=1)
    members = models.JSONField(default=list)
    by_day = models.JSONField(default=list, blank=True)
    week_start = models.CharField(max_length=2, default="mo")
    restrictions = models.JSONField(default=list, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    successor_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScheduleChildQuerySet.as_manager()

    class Meta:
        ordering = ["-layer", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1), name="rotation_count_positive"),
            models.CheckConstraint(condition=Q(unit__in=TurnUnit.values), name="rotation_unit_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Override(models.Model):
    """A change of who serves between two instants. `user` serves (not for remove); `replaces` does not."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    kind = models.CharField(max_length=10, choices=OverrideKind.choices, default=OverrideKind.TAKE_OVER)
    user = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    replaces = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScheduleChildQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["schedule", "ends_at"], name="override_by_schedule")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_ends_after_start"),
            models.CheckConstraint(
                condition=Q(kind__in=["take_over", "add"], user__isnull=False)
                | Q(kind="replace", user__isnull=False, replaces__isnull=False)
                | Q(kind="remove", user__isnull=True, replaces__isnull=False),
                name="override_people_fit_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at:%F %R}"
