from __future__ import annotations

from django.db import models

from core import clock
from teams.querysets import AuditQuerySet


class AuditEntry(models.Model):
    """Who did what to which object. Append-only; names are kept so that it outlives its subjects."""

    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    actor_label = models.CharField(max_length=200)
    via = models.CharField(max_length=20, default="web")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60, blank=True, default="")
    object_label = models.CharField(max_length=200, blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["team", "-id"], name="audit_by_team"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.object_type} {self.object_label}"
