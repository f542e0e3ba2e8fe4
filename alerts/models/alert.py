from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import AlertStatus
from alerts.querysets import AlertQuerySet
from core import clock
from notifications.choices import Urgency


class Alert(models.Model):
    """One condition at one source: at most one open alert per integration and dedup key.

    `route`: why it went where it went, one sentence a step. `held_by`: the silence, window or
    snooze that keeps it from paging, in words. `came_from`: ids of the incidents it belonged to before
    merges moved it, oldest first. `snoozed_until`: see `alerts.actions.snoozing`.
    """

    integration = models.ForeignKey("alerts.Integration", on_delete=models.CASCADE, related_name="alerts")
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    dedup_key = models.CharField(max_length=512)
    group_key = models.CharField(max_length=512)
    status = models.CharField(
        _("status"), max_length=15, choices=AlertStatus.choices, default=AlertStatus.FIRING
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.HIGH)
    severity = models.CharField(max_length=40, blank=True, default="")
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(blank=True, default="")
    source = models.CharField(max_length=300, blank=True, default="")
    labels = models.JSONField(default=dict)
    links = models.JSONField(default=list)
    raw = models.JSONField(null=True)
    count = models.PositiveIntegerField(default=1)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    came_from = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    route = models.JSONField(default=list)
    held_by = models.CharField(max_length=300, blank=True, default="")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["service", "-id"], name="alert_by_service"),
            models.Index(fields=["team", "-id"], name="alert_by_team"),
            models.Index(fields=["status", "-id"], name="alert_by_status"),
            models.Index(fields=["incident", "id"], name="alert_by_incident"),
            models.Index(
                fields=["service", "group_key"],
                name="alert_open_group",
                condition=~Q(status="resolved"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"], condition=~Q(status="resolved"), name="alert_open_once"
            ),
            models.CheckConstraint(condition=Q(status__in=AlertStatus.values), name="alert_status_known"),
            models.CheckConstraint(
                condition=~Q(status="resolved") | Q(resolved_at__isnull=False), name="alert_resolved_has_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/alerts/{self.pk}/"

    @property
    def is_snoozed(self) -> bool:
        """Open, and its snooze has not ended."""
        asleep = self.snoozed_until is not None and self.snoozed_until > clock.now()
        return asleep and self.status != AlertStatus.RESOLVED
