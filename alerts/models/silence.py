from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.querysets import ServiceOwnedQuerySet, SilenceQuerySet
from core import clock


class Silence(models.Model):
    """Alerts that match are recorded but open no incident and page nobody.

    Of one service, or of all services of a team. `matchers`: list of `{name, op, value}` (`alerts.matching`), all
    must hold; empty matches every alert there.
    """

    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="silences", db_index=False
    )
    service = models.ForeignKey(
        "services.Service",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="silences",
        db_index=False,
    )
    matchers = models.JSONField(default=list, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["-ends_at", "-id"]
        indexes = [
            models.Index(fields=["service", "ends_at"], name="silence_by_service"),
            models.Index(fields=["team", "ends_at"], name="silence_by_team"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="silence_ends_after_start"),
            models.CheckConstraint(
                condition=Q(service__isnull=False) | Q(team__isnull=False), name="silence_of_something"
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class MaintenanceWindow(models.Model):
    """Planned work on a service: its alerts are recorded and held until the window ends.

    `rrule`: how it comes again (RFC 5545 recurrence rule, without DTSTART), "" for once. Then `starts_at` and
    `ends_at` are its first occurrence, further ones keep the wall clock of `timezone`, until `repeats_until`.
    """

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="maintenance_windows", db_index=False
    )
    reason = models.CharField(_("what is being done"), max_length=300)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    rrule = models.CharField(max_length=300, blank=True, default="")
    timezone = models.CharField(max_length=64, blank=True, default="UTC")
    repeats_until = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(rrule="") | Q(repeats_until__isnull=False), name="maintenance_ends_some_day"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
