from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import (
    ACTIVE,
    ImpactCondition,
    IncidentKind,
    IncidentStatus,
    PageStatus,
    UpdateAudience,
    Visibility,
)
from incidents.querysets import IncidentQuerySet
from notifications.choices import Urgency


class IncidentCounter(models.Model):
    """A single row; its lock is the last one taken when an incident opens, so numbers have no gaps."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="incident_counter_single_row")]

    def __str__(self) -> str:
        return str(self.last_number)


class Incident(models.Model):
    """One outage from first alert to closed review. Changed only by `incidents.actions`.

    `last_seq` is the timeline's last sequence number, given out under this row's lock. Named times
    are instants in UTC; each figure derived from them says which pair it uses. `snoozed_by_alerts`:
    the snooze is that of its alerts, and ends when another one joins. `code_name`: what a restricted
    incident is called wherever others may look over a shoulder. `fields`: custom field key → answer.
    `on_hold_until`: waits for somebody outside or for maintenance until then. `workaround`: what keeps it
    going while the cause remains; demands a follow-up.
    """

    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(_("title"), max_length=200)
    impact = models.CharField(_("impact"), max_length=500, blank=True, default="")
    status = models.CharField(max_length=20, choices=IncidentStatus.choices, default=IncidentStatus.TRIAGE)
    severity = models.ForeignKey(
        "incidents.SeverityLevel",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(max_length=20, choices=IncidentKind.choices, default=IncidentKind.REAL)
    type = models.ForeignKey(
        "incidents.IncidentType", null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    visibility = models.CharField(max_length=20, choices=Visibility.choices, default=Visibility.OPEN)
    code_name = models.CharField(_("code name"), max_length=60, blank=True, default="")
    fields = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.HIGH)
    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="incidents",
        db_index=False,
    )
    services = models.ManyToManyField(
        "services.Service", through="incidents.IncidentService", related_name="incidents"
    )
    source = models.CharField(max_length=200, blank=True, default="")
    source_link = models.URLField(max_length=500, blank=True, default="")
    ticket = models.CharField(_("ticket"), max_length=100, blank=True, default="")
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    last_seq = models.PositiveIntegerField(default=0)

    page_status = models.CharField(max_length=15, choices=PageStatus.choices, default=PageStatus.NONE)
    acknowledged_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_by_alerts = models.BooleanField(default=False)
    commander = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    alert_count = models.PositiveIntegerField(default=0)
    firing_count = models.PositiveIntegerField(default=0)
    alerts_clear_at = models.DateTimeField(null=True, blank=True)
    auto_resolved = models.BooleanField(default=False)

    next_update_due_at = models.DateTimeField(null=True, blank=True)
    next_update_audience = models.CharField(
        max_length=20, choices=UpdateAudience.choices, blank=True, default=""
    )

    impact_started_at = models.DateTimeField(null=True, blank=True)
    detected_at = models.DateTimeField(null=True, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    commander_assigned_at = models.DateTimeField(null=True, blank=True)
    first_internal_update_at = models.DateTimeField(null=True, blank=True)
    first_public_update_at = models.DateTimeField(null=True, blank=True)
    cause_known_at = models.DateTimeField(null=True, blank=True)
    mitigated_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    review_held_at = models.DateTimeField(null=True, blank=True)
    postmortem_published_at = models.DateTimeField(null=True, blank=True)

    on_hold_until = models.DateTimeField(null=True, blank=True)
    on_hold_reason = models.CharField(max_length=300, blank=True, default="")
    workaround = models.CharField(max_length=500, blank=True, default="")
    exit_overridden = models.BooleanField(default=False)

    ack_window_met = models.BooleanField(null=True, blank=True)
    cause_unknown = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    status_before_merge = models.CharField(max_length=20, blank=True, default="")

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        permissions = [("respond_incident", "Can respond to the incident")]
        indexes = [
            models.Index(fields=["-number"], name="incident_active", condition=Q(status__in=ACTIVE)),
            models.Index(fields=["status", "-number"], name="incident_by_status"),
            models.Index(fields=["team", "-number"], name="incident_by_team"),
            models.Index(fields=["severity", "-number"], name="incident_by_severity"),
            models.Index(
                fields=["alerts_clear_at"],
                name="incident_quiet_triage",
                condition=Q(status="triage", alerts_clear_at__isnull=False),
            ),
            models.Index(fields=["parent"], name="incident_by_parent", condition=Q(parent__isnull=False)),
            models.Index(
                fields=["on_hold_until"], name="incident_on_hold", condition=Q(on_hold_until__isnull=False)
            ),
            models.Index(
                fields=["snoozed_until"], name="incident_snoozed", condition=Q(snoozed_until__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=IncidentStatus.values), name="incident_status_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=IncidentKind.values), name="incident_kind_known"),
            models.CheckConstraint(
                condition=~Q(status="merged") | Q(merged_into__isnull=False),
                name="incident_merged_has_survivor",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["resolved", "in_review", "closed"]) | Q(resolved_at__isnull=False),
                name="incident_resolved_has_time",
            ),
            models.CheckConstraint(
                condition=Q(code_name="") | Q(visibility="restricted"), name="incident_code_name_restricted"
            ),
            models.CheckConstraint(
                condition=Q(on_hold_until__isnull=True) | ~Q(on_hold_reason=""),
                name="incident_hold_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(reason=""), name="incident_declined_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(mitigated_at__isnull=True)
                | Q(impact_started_at__isnull=True)
                | Q(mitigated_at__gte=models.F("impact_started_at")),
                name="incident_mitigated_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return f"/incidents/{self.number}/"

    @property
    def subject_key(self) -> str:
        """What escalation runs and deliveries call this incident."""
        return f"incident:{self.number}"

    @property
    def name_outside(self) -> str:
        """What it is called in subjects, on lock screens and wherever others may look over a shoulder."""
        return self.code_name or self.title

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def started_at(self) -> dt.datetime:
        """The instant the running clock counts from."""
        return self.impact_started_at or self.detected_at or self.declared_at or self.created_at


class IncidentService(models.Model):
    """An affected service and its condition."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="service_rows", db_index=False
    )
    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="incident_rows", db_index=False
    )
    condition = models.CharField(
        max_length=20, choices=ImpactCondition.choices, default=ImpactCondition.UNKNOWN
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["service", "-incident"], name="incident_by_service")]
        constraints = [models.UniqueConstraint(fields=["incident", "service"], name="incident_service_once")]

    def __str__(self) -> str:
        return f"{self.service_id} in {self.incident_id}"
