"""The event outbox: facts written in the transaction that made them true."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock


class OutboxEvent(models.Model):
    """One published fact. `id` order within a `stream` is the order subscribers see."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        DEAD = "dead", "Dead letter"

    stream = models.CharField(max_length=100)
    kind = models.CharField(max_length=100)
    payload = models.JSONField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField(default=clock.now)
    next_attempt_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["stream", "id"], name="outbox_pending", condition=Q(status="pending")),
            models.Index(fields=["id"], name="outbox_head", condition=Q(status="pending")),
            models.Index(fields=["-id"], name="outbox_dead", condition=Q(status="dead")),
            models.Index(fields=["created_at"], name="outbox_done_age", condition=Q(status="done")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "done", "dead"]), name="outbox_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="dead") | ~Q(last_error=""), name="outbox_dead_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class EventReceipt(models.Model):
    """Says that `subscriber` has handled an event of which another has failed; written in the handler's own
    transaction."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    subscriber = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="receipt_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} has event {self.event_id}"
