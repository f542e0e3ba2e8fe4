"""What people ask and tell about their shifts: leave, requests, shadowing, notes, notices."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from oncall.choices import NoticeKind, RequestKind, RequestStatus
from oncall.querysets import LeaveQuerySet, RequestQuerySet, ScheduleChildQuerySet


def default_reminders() -> list[int]:
    """A day and an hour before, in minutes."""
    return [1440, 60]


class Leave(models.Model):
    """A person is away in [starts_at, ends_at), for all schedules. `uid`: the calendar event it comes from."""

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="leave", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    calendar = models.ForeignKey(
        "oncall.ExternalCalendar", null=True, blank=True, on_delete=models.CASCADE, related_name="leave"
    )
    uid = models.CharField(max_length=300, blank=True, default="", editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = LeaveQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name_plural = "leave"
        indexes = [models.Index(fields=["user", "ends_at"], name="leave_by_user")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="leave_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"leave of {self.user_id} from {self.starts_at:%F %R}"


class ShiftRequest(models.Model):
    """`user` asks to be relieved in [starts_at, ends_at) of a schedule.

    cover: somebody serves instead. swap: `offered_to` serves instead, and `user` serves for them in
    [back_starts_at, back_ends_at). `offered_to` null: anybody of the team may accept. `created_by` is
    somebody else than `user` when asked on behalf. Accepting writes overrides that name this request;
    undoing ends what is still to come of them.
    """

    schedule = models.ForeignKey(
        "oncall.Schedule", on_delete=models.CASCADE, related_name="requests", db_index=False
    )
    kind = models.CharField(max_length=5, choices=RequestKind.choices, default=RequestKind.COVER)
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="shift_requests")
    offered_to = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="offered_shifts"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    back_starts_at = models.DateTimeField(null=True, blank=True)
    back_ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    status = models.CharField(max_length=9, choices=RequestStatus.choices, default=RequestStatus.OPEN)
    answered_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["schedule", "-id"], name="request_by_schedule"),
            models.Index(fields=["ends_at"], name="request_open", condition=Q(status="open")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="request_ends_after_start"),
            models.CheckConstraint(
                condition=Q(kind="cover", back_starts_at__isnull=True, back_ends_at__isnull=True)
                | Q(
                    kind="swap",
                    offered_to__isnull=False,
                    back_starts_at__isnull=False,
                    back_ends_at__gt=F("back_starts_at"),
                ),
                name="request_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(status="open", answered_at__isnull=True)
                | (~Q(status="open") & Q(answered_at__isnull=False)),
                name="request_open_iff_unanswered",
            ),
            models.CheckConstraint(condition=Q(status__in=RequestStatus.values), name="request_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id} from {self.starts_at:%F %R}"


class Shadow(models.Model):
    """`user` learns: gets a copy of what `follows` (or whoever serves) is paged with, and answers nothing."""

    schedule = models.ForeignKey(
        "oncall.Schedule", on_delete=models.CASCADE, related_name="shadows", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    follows = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScheduleChildQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["schedule", "ends_at"], name="shadow_by_schedule")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shadow_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"shadow {self.user_id} from {self.starts_at:%F %R}"


class HandoffNote(models.Model):
    """What the person going off tells the next one. `shift_ends_at`: the handoff it belongs to."""

    schedule = models.ForeignKey(
        "oncall.Schedule", on_delete=models.CASCADE, related_name="handoff_notes", db_index=False
    )
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    shift_ends_at = models.DateTimeField()
    text = models.TextField(_("note"))
    load = models.PositiveSmallIntegerField(_("how heavy the shift was"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScheduleChildQuerySet.as_manager()

    class Meta:
        ordering = ["-shift_ends_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "author", "shift_ends_at"], name="handoff_note_once"),
            models.CheckConstraint(condition=Q(load__isnull=True) | Q(load__range=(1, 5)), name="note_load"),
        ]

    def __str__(self) -> str:
        return f"handoff {self.shift_ends_at:%F %R}"


class ShiftNotice(models.Model):
    """Receipt: this person was told about this shift. Keeps reminders and warnings from going out twice."""

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    schedule = models.ForeignKey("oncall.Schedule", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    mark = models.CharField(max_length=120)
    sent_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["sent_at"], name="notice_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["user", "schedule", "kind", "mark"], name="notice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"


class ShiftPreference(models.Model):
    """How a person wants to be reminded of shifts. `remind_minutes`: before the beginning, several allowed."""

    user = models.OneToOneField("teams.User", on_delete=models.CASCADE, related_name="shift_preference")
    remind_minutes = ArrayField(models.PositiveIntegerField(), default=default_reminders, blank=True, size=5)
    handoff_notices = models.BooleanField(_("tell me when my shift begins and ends"), default=True)

    def __str__(self) -> str:
        return f"reminders of {self.user_id}"
