"""Calendars that leave the house, and calendars that come in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from oncall.choices import CalendarPurpose
from oncall.querysets import ExternalCalendarQuerySet, TokenQuerySet


class CalendarToken(models.Model):
    """A secret address of a calendar feed: one schedule, or the person's own shifts (`schedule` null).

    Only the SHA-256 is stored. The feed shows what the person may see at the time it is fetched.
    """

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="calendar_tokens")
    schedule = models.ForeignKey(
        "oncall.Schedule", null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_tokens"
    )
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"


class ExternalCalendar(models.Model):
    """A foreign iCalendar that says who serves (`shifts`, with schedule) or who is away (`leave`, with user).

    `url` is sealed: whoever knows it reads the calendar. `layer` is that of the schedule the shifts appear
    in. `content` is the last good copy, gzip; it stays in force while fetching fails (`failing_since`,
    `failure`) and the owner is told once (`told_at`). `unmatched`: names of events that fit no person.
    A calendar of shifts that is taken away stays, with `removed_at`, for what it served.
    """

    purpose = models.CharField(max_length=6, choices=CalendarPurpose.choices)
    schedule = models.ForeignKey(
        "oncall.Schedule", null=True, blank=True, on_delete=models.CASCADE, related_name="external_calendars"
    )
    user = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="leave_calendars"
    )
    name = models.CharField(_("name"), max_length=120)
    url = models.TextField(blank=True, default="", editable=False)
    host = models.CharField(max_length=255, blank=True, default="", editable=False)
    layer = models.PositiveSmallIntegerField(_("layer"), default=0)
    content = models.BinaryField(default=b"", editable=False)
    etag = models.CharField(max_length=300, blank=True, default="", editable=False)
    last_modified = models.CharField(max_length=100, blank=True, default="", editable=False)
    people = models.JSONField(_("names of people"), default=dict, blank=True)
    unmatched = models.JSONField(default=list, blank=True, editable=False)
    next_fetch_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, default="")
    told_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ExternalCalendarQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(
                fields=["next_fetch_at"], name="calendar_due", condition=Q(next_fetch_at__isnull=False)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose="shifts", schedule__isnull=False, user__isnull=True)
                | Q(purpose="leave", schedule__isnull=True, user__isnull=False),
                name="calendar_belongs_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportedShift(models.Model):
    """A stretch of an external calendar of shifts, already expanded. `uid` names the event it comes from."""

    calendar = models.ForeignKey(
        ExternalCalendar, on_delete=models.CASCADE, related_name="shifts", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    uid = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="imported_by_calendar")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="imported_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.starts_at:%F %R}"
