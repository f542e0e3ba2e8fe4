from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core import clock
from incidents.choices import RelationKind


class IncidentRelation(models.Model):
    """`incident` is … `other`: related to it, a duplicate of it, or began as that drill."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="relations", db_index=False
    )
    other = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="related_by")
    kind = models.CharField(max_length=10, choices=RelationKind.choices, default=RelationKind.RELATED)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "other"], name="relation_once"),
            models.CheckConstraint(condition=~Q(incident=F("other")), name="relation_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.other_id}"


class IncidentVisit(models.Model):
    """Up to which entry somebody has seen an incident's timeline."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="visits", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.incident_id}#{self.seq}"


class IncidentNag(models.Model):
    """A friendly reminder of a missing fact that was sent, so that it is not sent too often."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="nags", db_index=False
    )
    what = models.CharField(max_length=30)
    times = models.PositiveSmallIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [models.UniqueConstraint(fields=["incident", "what"], name="nag_once_a_fact")]

    def __str__(self) -> str:
        return f"{self.what} of {self.incident_id}"
