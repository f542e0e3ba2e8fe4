from __future__ import annotations

from django.db import models
from django.db.models import Q

from alerts.choices import IntakeAction, IntakeStatus
from core import clock


class IntakeItem(models.Model):
    """One event as it was accepted: durable before the sender hears 202, processed after.

    `parsed` is the common form (`alerts.sources.base.Parsed`), `raw` the sender's own JSON. Items
    of one service are processed in `id` order; `next_attempt_at` is set only after a failure. Of action `read`,
    `parsed` is empty until the worker has read `raw`; what it cannot read becomes `unread` and may be replayed.
    """

    integration = models.ForeignKey(
        "alerts.Integration", on_delete=models.CASCADE, related_name="items", db_index=False
    )
    service = models.ForeignKey(
        "services.Service", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    action = models.CharField(max_length=12, choices=IntakeAction.choices)
    dedup_key = models.CharField(max_length=512)
    parsed = models.JSONField()
    raw = models.JSONField(null=True)
    request_id = models.UUIDField()
    status = models.CharField(max_length=10, choices=IntakeStatus.choices, default=IntakeStatus.PENDING)
    outcome = models.CharField(max_length=300, blank=True, default="")
    alert = models.ForeignKey(
        "alerts.Alert", null=True, blank=True, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    received_at = models.DateTimeField(default=clock.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["service", "id"], name="intake_pending", condition=Q(status="pending")),
            models.Index(fields=["integration", "-id"], name="intake_by_integration"),
            models.Index(fields=["integration", "-id"], name="intake_unread", condition=Q(status="unread")),
            models.Index(fields=["alert", "id"], name="intake_by_alert", condition=Q(alert__isnull=False)),
            models.Index(fields=["request_id"], name="intake_by_request"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=IntakeStatus.values), name="intake_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.dedup_key}"
