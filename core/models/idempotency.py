from __future__ import annotations

from django.db import models

from core import clock


class IdempotentRequest(models.Model):
    """The answer given to a POST that carried an `Idempotency-Key`, kept for 24 hours.

    `owner` names who sent it (`user:3` or `token:7`); a second request with the same key and
    another body is refused.
    """

    owner = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"
