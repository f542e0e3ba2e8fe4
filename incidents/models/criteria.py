from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from incidents.choices import CriterionKind


class ExitCriterion(models.Model):
    """What must hold before the incident is resolved.

    Machine-checked kinds hold after `minutes` without interruption; `holds_since` is the instant from
    which they have held (null: they do not). `met_at` and `met_by` of a manual one: who ticked it.
    """

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="criteria")
    kind = models.CharField(max_length=20, choices=CriterionKind.choices, default=CriterionKind.MANUAL)
    text = models.CharField(max_length=200, blank=True, default="")
    minutes = models.PositiveSmallIntegerField(default=0)
    holds_since = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["incident_id", "position", "id"]
        verbose_name_plural = "exit criteria"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CriterionKind.values), name="criterion_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="manual") | ~Q(text=""), name="criterion_manual_says_what"
            ),
            models.UniqueConstraint(
                fields=["incident", "kind"], condition=~Q(kind="manual"), name="criterion_machine_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text or self.kind
