from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core import clock
from incidents.choices import ImpactCondition, Reach


class ImpactRow(models.Model):
    """Who felt what, where and how long; several rows of one incident draw its gravity over time.

    Numbers are counts; `ended_at` null: it still lasts. A service's newest open row is its condition.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="impact_rows", db_index=False
    )
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    condition = models.CharField(
        max_length=20, choices=ImpactCondition.choices, default=ImpactCondition.UNKNOWN
    )
    reach = models.CharField(max_length=10, choices=Reach.choices, blank=True, default="")
    regions = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    segments = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    customers = models.PositiveIntegerField(null=True, blank=True)
    requests_failed = models.PositiveBigIntegerField(null=True, blank=True)
    tickets = models.PositiveIntegerField(null=True, blank=True)
    data_lost = models.CharField(max_length=300, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["incident_id", "started_at", "id"]
        indexes = [models.Index(fields=["incident", "started_at"], name="impact_by_incident")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="impact_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.condition} of {self.service_id} in {self.incident_id}"
