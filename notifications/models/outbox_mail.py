from __future__ import annotations

from django.db import models

from core import clock


class CapturedMail(models.Model):
    """Mail kept for `/dev/outbox/` when no SMTP server is configured. Never leaves the machine."""

    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=500)
    text = models.TextField()
    html = models.TextField(blank=True, default="")
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject}"
