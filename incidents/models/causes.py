from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from incidents.choices import CauseState


class SuspectedCause(models.Model):
    """What might be wrong, who looks into it, and what speaks for or against it."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="causes")
    text = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=CauseState.choices, default=CauseState.SUSPECTED)
    owner = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    evidence = models.TextField(blank=True, default="")
    evidence_link = models.URLField(max_length=500, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["incident_id", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CauseState.values), name="cause_state_known")
        ]

    def __str__(self) -> str:
        return self.text
