"""The escalation engine's rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from notifications.choices import Urgency
from oncall.choices import RunStatus
from oncall.querysets import RunQuerySet


class EscalationRun(models.Model):
    """One policy being worked through for one subject.

    `subject_key` is opaque (`incident:42`). `snapshot` is `PolicySnapshot.to_json()` at the start.
    `round`/`step` (0-based) is what fires next, at `next_at`; `reached`: somebody was paged so far.
    `severity`: of the subject, null when not set. `rearm_at`: an acknowledged run pages again then.
    `held_until`: low urgency that waits for the shift that begins then.
    """

    subject_key = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True, default="")
    url_path = models.CharField(max_length=500)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.HIGH)
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    policy = models.ForeignKey(
        "oncall.EscalationPolicy", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    snapshot = models.JSONField()
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    lane = models.CharField(max_length=100, blank=True, default="")
    status = models.CharField(max_length=15, choices=RunStatus.choices, default=RunStatus.ACTIVE)
    round = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveSmallIntegerField(default=0)
    reached = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    rearm_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at", "id"], name="run_due", condition=Q(status="active")),
            models.Index(fields=["subject_key", "id"], name="run_by_subject"),
            models.Index(fields=["rearm_at"], name="run_rearm", condition=Q(rearm_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_key", "policy"], condition=Q(status="active"), name="run_active_once"
            ),
            models.CheckConstraint(
                condition=Q(status="active", next_at__isnull=False, ended_at__isnull=True)
                | (~Q(status="active") & Q(next_at__isnull=True, ended_at__isnull=False)),
                name="run_active_iff_next",
            ),
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_known"),
            models.CheckConstraint(
                condition=Q(rearm_at__isnull=True) | Q(status="acknowledged"), name="run_rearm_acknowledged"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.subject_key}"


class RunPage(models.Model):
    """Who was paged in which step, and who could not be, with the reason. `user` null: nobody there.

    `schedule`: on whose rota the person was paged. `declined_at`: they said they cannot take it.
    """

    run = models.ForeignKey(EscalationRun, on_delete=models.CASCADE, related_name="pages", db_index=False)
    round = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    user = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="pages", db_index=False
    )
    reached = models.BooleanField(default=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    schedule = models.ForeignKey(
        "oncall.Schedule", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    declined_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "id"], name="page_by_run"),
            models.Index(fields=["user", "-at"], name="page_by_user"),
            models.Index(fields=["schedule", "-at"], name="page_by_schedule"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "round", "step", "user"], name="page_once"),
        ]

    def __str__(self) -> str:
        return f"page {self.round}/{self.step} of run {self.run_id}"


class EngineHeartbeat(models.Model):
    """A single row: when the engine last ticked, by the database clock, and who did."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    ticked_at = models.DateTimeField()
    ticked_by = models.CharField(max_length=60, default="worker")
    clock_fault_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="heartbeat_single_row")]

    def __str__(self) -> str:
        return f"ticked {self.ticked_at:%F %T} by {self.ticked_by}"
