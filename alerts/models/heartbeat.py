from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import HeartbeatStatus
from core import clock
from teams.querysets import OwnedQuerySet


class Heartbeat(models.Model):
    """A sign of life that is expected; when it stays away, an alert opens through `integration`.

    Every `interval_seconds`, or by `cron` (five fields) in `timezone`; plus `grace_seconds`. `due_at`: when the next
    sign is late. The key in its address is kept as a digest; `mail_local` is where it takes mail.
    """

    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="heartbeats",
        db_index=False,
    )
    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="heartbeats")
    integration = models.OneToOneField(
        "alerts.Integration", on_delete=models.CASCADE, related_name="heartbeat", editable=False
    )
    name = models.CharField(_("name"), max_length=120)
    interval_seconds = models.PositiveIntegerField(_("expected every"), default=3600)
    cron = models.CharField(_("or by this schedule"), max_length=120, blank=True, default="")
    timezone = models.CharField(max_length=64, default="UTC")
    grace_seconds = models.PositiveIntegerField(_("grace"), default=300)
    severity = models.CharField(max_length=20, default="critical")
    status = models.CharField(max_length=10, choices=HeartbeatStatus.choices, default=HeartbeatStatus.WAITING)
    last_ping_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_ping_from = models.CharField(max_length=100, blank=True, default="", editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["due_at"], name="heartbeat_due", condition=Q(status="healthy")),
            models.Index(fields=["team", "name"], name="heartbeat_by_team"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="heartbeat_name_once"),
            models.CheckConstraint(
                condition=Q(status__in=HeartbeatStatus.values), name="heartbeat_status_known"
            ),
            models.CheckConstraint(
                condition=Q(interval_seconds__gte=10, interval_seconds__lte=31 * 86_400)
                & Q(grace_seconds__lte=7 * 86_400),
                name="heartbeat_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/heartbeats/{self.pk}/"


class HeartbeatSpan(models.Model):
    """How long a heartbeat was in one status: half-open, the last one without an end.

    A sign that stays away ends the healthy span when it was due, grace included.
    """

    beat = models.ForeignKey(Heartbeat, on_delete=models.CASCADE, related_name="spans", db_index=False)
    status = models.CharField(max_length=10, choices=HeartbeatStatus.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(fields=["beat", "-since"], name="heartbeat_span_by_beat"),
            models.Index(fields=["until"], name="heartbeat_span_by_age", condition=~Q(until=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["beat"], condition=Q(until=None), name="heartbeat_span_open_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="heartbeat_span_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beat_id} {self.status} from {self.since:%F %T}"
