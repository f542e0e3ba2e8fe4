from __future__ import annotations

import zoneinfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from oncall.choices import EVERY, WEEKDAYS, OnHolidays, OverrideKind, TurnUnit
from oncall.querysets import RotationQuerySet, ScheduleChildQuerySet, ScheduleQuerySet
from teams.models.user import validate_zone


class Schedule(models.Model):
    """Who is on call in a team. All wall times of its rotations are in `timezone` (IANA name).

    `holiday_region`: ISO 3166 country, or country and subdivision (`DE`, `DE-BY`), "" for none.
    `unstaffed_hours`: list of `{from, to, days?}` in which nobody needs to serve: no gap is reported there.
    `revision` counts the changes of the schedule and all its parts, `changed_at` is the last one's time; the
    calendar feeds carry both.
    """

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="schedules", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    holiday_region = models.CharField(_("public holidays of"), max_length=12, blank=True, default="")
    unstaffed_hours = models.JSONField(_("planned empty hours"), default=list, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(default=clock.now, editable=False)
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

    `members`: list of turns, each a list of user ids on call together, or null: nobody serves that turn
    on purpose. `restrictions`: list of `{from, to, days?}`. `on_holidays`: what the rotation does on public
    holidays of `holiday_region`, which is the schedule's while the row serves. A rotation that was edited keeps
    its past as retired rows that end where the next row starts to serve; `successor_of` of the later rows is the
    first.
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
    on_holidays = models.CharField(
        _("on public holidays"), max_length=5, choices=OnHolidays.choices, default=OnHolidays.SERVE
    )
    holiday_region = models.CharField(max_length=12, blank=True, default="", editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)
    successor_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = RotationQuerySet.as_manager()

    class Meta:
        ordering = ["-layer", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1), name="rotation_count_positive"),
            models.CheckConstraint(condition=Q(unit__in=TurnUnit.values), name="rotation_unit_known"),
            models.CheckConstraint(
                condition=Q(on_holidays__in=OnHolidays.values), name="rotation_holidays_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> int:
        """The id that people and the API know the rotation by, the same through all edits."""
        return self.successor_of_id or self.pk

    @property
    def every(self) -> str:
        """How long a turn lasts, in words."""
        one, several = EVERY[TurnUnit(self.unit)]
        return str(one) if self.count == 1 else several % {"count": self.count}

    @property
    def day_names(self) -> list[str]:
        """The listed days, in words."""
        return [str(WEEKDAYS[day]) for day in self.by_day]


class Override(models.Model):
    """A change of who serves between two instants. `user` serves (not for remove); `replaces` does not."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides", db_index=False)
    kind = models.CharField(max_length=10, choices=OverrideKind.choices, default=OverrideKind.TAKE_OVER)
    user = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    replaces = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    request = models.ForeignKey(
        "oncall.ShiftRequest", null=True, blank=True, on_delete=models.SET_NULL, related_name="overrides"
    )
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
