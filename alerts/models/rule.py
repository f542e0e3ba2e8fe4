from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import GroupBy
from alerts.querysets import ServiceOwnedQuerySet
from core import clock
from incidents.models import SeverityLevel
from notifications.choices import Urgency
from teams.querysets import OwnedQuerySet


class RoutingRule(models.Model):
    """Where alerts of a team's integrations go; the first that matches, by `position`, decides.

    `matchers`: list of `{name, op, value}` on labels (`alerts.matching`); the names `@source` (kind of integration),
    `@severity`, `@title` stand for the alert itself. `hours`: list of `{days: [0-6, Monday first], start, end}` as
    wall times "HH:MM" in `timezone`; empty is always. `budget_below`: only while less than so many percent of an error
    budget of the alert's service is left (`alerts.slo`); None is always. What is not set stays as it came.
    `suppress`: recorded, opens no incident. `hold_minutes`: opens one only if it still fires after that long.
    """

    team = models.ForeignKey(
        "teams.Team", on_delete=models.CASCADE, related_name="routing_rules", db_index=False
    )
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveIntegerField()
    is_active = models.BooleanField(_("active"), default=True)
    matchers = models.JSONField(default=list, blank=True)
    hours = models.JSONField(default=list, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    budget_below = models.PositiveSmallIntegerField(null=True, blank=True)
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, blank=True, default="")
    severity = models.ForeignKey(
        SeverityLevel, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    policy = models.ForeignKey(
        "oncall.EscalationPolicy", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    suppress = models.BooleanField(default=False)
    hold_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["team", "position", "id"]
        indexes = [models.Index(fields=["team", "position"], name="rule_by_team")]
        constraints = [
            models.CheckConstraint(condition=Q(urgency__in=["", *Urgency.values]), name="rule_urgency_known"),
            models.CheckConstraint(
                condition=Q(hold_minutes__isnull=True) | Q(hold_minutes__gte=1, hold_minutes__lte=240),
                name="rule_hold_up_to_four_hours",
            ),
            models.CheckConstraint(
                condition=Q(budget_below__isnull=True) | Q(budget_below__gte=1, budget_below__lte=100),
                name="rule_budget_is_percent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceAlerting(models.Model):
    """How alerts of one service become incidents; a service without a row has these defaults.

    `window_minutes`: how long after its last alert an incident takes more (by service). `attach_symptoms`: alerts
    while a hard upstream has an active incident join that; they page nobody again unless `page_symptoms`.
    `flap_changes` firings within `flap_minutes` are flapping. `storm_per_minute`: new alerts beyond become one.
    """

    service = models.OneToOneField("services.Service", on_delete=models.CASCADE, related_name="alerting")
    group_by = models.CharField(max_length=10, choices=GroupBy.choices, default=GroupBy.KEY)
    window_minutes = models.PositiveSmallIntegerField(default=60)
    attach_symptoms = models.BooleanField(default=False)
    page_symptoms = models.BooleanField(default=False)
    flap_changes = models.PositiveSmallIntegerField(default=4)
    flap_minutes = models.PositiveSmallIntegerField(default=60)
    storm_per_minute = models.PositiveSmallIntegerField(default=500)

    objects = ServiceOwnedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(group_by__in=GroupBy.values), name="alerting_group_known"),
            models.CheckConstraint(
                condition=Q(window_minutes__gte=1, window_minutes__lte=1440), name="alerting_window_bounds"
            ),
            models.CheckConstraint(
                condition=Q(storm_per_minute__gte=20, storm_per_minute__lte=5000),
                name="alerting_storm_bounds",
            ),
            models.CheckConstraint(
                condition=Q(
                    flap_changes__gte=2, flap_changes__lte=100, flap_minutes__gte=1, flap_minutes__lte=1440
                ),
                name="alerting_flap_bounds",
            ),
        ]

    def __str__(self) -> str:
        return str(self.service)
