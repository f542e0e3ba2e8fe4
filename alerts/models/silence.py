from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.querysets import ServiceOwnedQuerySet
from core import clock


class Silence(models.Model):
    """Alerts of a service whose labels match are recorded but open no incident and page nobody.

    `matchers`: list of `{name, value}`, all must be equal; empty matches every alert of the service.
    """

    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="silences")
    matchers = models.JSONField(default=list, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-ends_at", "-id"]
        indexes = [models.Index(fields=["service", "ends_at"], name="silence_by_service")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="silence_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.reason


class MaintenanceWindow(models.Model):
    """Planned work on a service: its alerts are recorded and held until the window ends."""

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="maintenance_windows"
    )
    reason = models.CharField(_("what is being done"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-ends_at", "-id"]
        indexes = [models.Index(fields=["service", "ends_at"], name="maintenance_by_service")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="maintenance_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
