from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import AlertStatus
from alerts.querysets import AlertQuerySet
from core import clock
from notifications.choices import Urgency


class Alert(models.Model):
    """One condition at one source: at most one open alert per integration and dedup key.

    `route`: why it went where it went, one sentence a step. `held_by`: the silence, window or
    snooze that keeps it from paging, in words. `came_from`: ids of the incidents it belonged to before
    merges moved it, oldest first. `snoozed_until`: see `alerts.actions.snoozing`. `place_at`: when it is to be
    given its place among incidents, while it waits for that (routed elsewhere, held, silenced). `rule`: the routing
    rule that decided. `silence`, `window`: what holds it. `symptom_of`: the incident of a service it depends on.
    `changes`: how often it has fired again within the flap window, from `flap_since` on. `folded`: stands for that
    many alerts of a storm beside itself. `severity_rank`: the severity a rule gives the incident it opens.
    """

    integration = models.ForeignKey(
        "alerts.Integration", on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    service = models.ForeignKey(
        "services.Service",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
        db_index=False,
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    dedup_key = models.CharField(max_length=512)
    group_key = models.CharField(max_length=512)
    status = models.CharField(
        _("status"), max_length=15, choices=AlertStatus.choices, default=AlertStatus.FIRING
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.HIGH)
    severity = models.CharField(max_length=40, blank=True, default="")
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(blank=True, default="")
    source = models.CharField(max_length=300, blank=True, default="")
    labels = models.JSONField(default=dict)
    links = models.JSONField(default=list)
    raw = models.JSONField(null=True)
    count = models.PositiveIntegerField(default=1)
    incident = models.ForeignKey(
        "incidents.Incident",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
        db_index=False,
    )
    came_from = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    route = models.JSONField(default=list)
    held_by = models.CharField(max_length=300, blank=True, default="")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)
    place_at = models.DateTimeField(null=True, blank=True, editable=False)
    rule = models.ForeignKey(
        "alerts.RoutingRule",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
        db_index=False,
    )
    policy = models.ForeignKey(
        "oncall.EscalationPolicy",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    severity_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    silence = models.ForeignKey(
        "alerts.Silence",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
        db_index=False,
    )
    window = models.ForeignKey(
        "alerts.MaintenanceWindow",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="alerts",
        db_index=False,
    )
    symptom_of = models.ForeignKey(
        "incidents.Incident",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="symptoms",
        db_index=False,
    )
    changes = models.PositiveIntegerField(default=0, editable=False)
    flap_since = models.DateTimeField(null=True, blank=True, editable=False)
    flapping = models.BooleanField(default=False, editable=False)
    folded = models.PositiveIntegerField(default=0, editable=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["service", "-id"], name="alert_by_service"),
            models.Index(fields=["team", "-id"], name="alert_by_team"),
            models.Index(fields=["status", "-id"], name="alert_by_status"),
            models.Index(fields=["incident", "id"], name="alert_by_incident"),
            models.Index(
                fields=["service", "group_key"],
                name="alert_open_group",
                condition=~Q(status="resolved"),
            ),
            models.Index(
                fields=["service", "place_at"],
                name="alert_to_place",
                condition=Q(place_at__isnull=False) & ~Q(status="resolved"),
            ),
            models.Index(fields=["integration", "dedup_key", "-id"], name="alert_by_key"),
            models.Index(fields=["first_seen_at"], name="alert_by_first_seen"),
            # Few alerts have these, and every one would be written into a whole index.
            *(
                models.Index(
                    fields=[name], name=f"alert_of_{name}", condition=Q(**{f"{name}__isnull": False})
                )
                for name in ("rule", "policy", "silence", "window", "symptom_of")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"], condition=~Q(status="resolved"), name="alert_open_once"
            ),
            models.CheckConstraint(condition=Q(status__in=AlertStatus.values), name="alert_status_known"),
            models.CheckConstraint(
                condition=~Q(status="resolved") | Q(resolved_at__isnull=False), name="alert_resolved_has_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/alerts/{self.pk}/"

    @property
    def is_snoozed(self) -> bool:
        """Open, and its snooze has not ended."""
        asleep = self.snoozed_until is not None and self.snoozed_until > clock.now()
        return asleep and self.status != AlertStatus.RESOLVED


class FoldedKey(models.Model):
    """An open condition that a storm's one alert stands for; gone when it resolves."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="folded_keys")
    integration = models.ForeignKey(
        "alerts.Integration", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    dedup_key = models.CharField(max_length=512)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["integration", "dedup_key"], name="folded_once")]

    def __str__(self) -> str:
        return self.dedup_key


class AlertNote(models.Model):
    """What somebody wrote on an alert, here or at its source."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:80]
