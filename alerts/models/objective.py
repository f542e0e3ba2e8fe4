from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import Burning, ObjectiveSource
from alerts.slo.burn import WINDOWS, left_of
from core import clock
from teams.querysets import OwnedQuerySet


class Objective(models.Model):
    """How good a service shall be: `target` percent of `source` over the last `window_days`.

    `pages`: a burn opens an alert through `integration`, and so an incident; without, it is only shown. The figures
    are those of the last evaluation: `sli` a fraction 0..1, None without data; `budget_left` a fraction of the error
    budget, below 0 when more than all of it is spent; `rates`: burn rate by length in seconds (`alerts.slo.burn`).
    """

    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="objectives",
        db_index=False,
    )
    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="objectives")
    integration = models.OneToOneField(
        "alerts.Integration", on_delete=models.CASCADE, related_name="objective", editable=False
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    target = models.DecimalField(_("target in percent"), max_digits=6, decimal_places=4)
    window_days = models.PositiveSmallIntegerField(_("over the last days"), default=30)
    source = models.CharField(
        _("measured by"), max_length=10, choices=ObjectiveSource.choices, default=ObjectiveSource.CHECKS
    )
    pages = models.BooleanField(_("opens incidents"), default=True)
    is_enabled = models.BooleanField(_("in use"), default=True)
    external_id = models.CharField(max_length=200, blank=True, default="")
    sli = models.FloatField(null=True, blank=True, editable=False)
    budget_left = models.FloatField(null=True, blank=True, editable=False)
    rates = models.JSONField(default=dict, blank=True, editable=False)
    burning = models.CharField(
        max_length=4, choices=Burning.choices, blank=True, default=Burning.NO, editable=False
    )
    burning_since = models.DateTimeField(null=True, blank=True, editable=False)
    evaluated_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="objective_name_once"),
            models.UniqueConstraint(
                fields=["team", "external_id"],
                condition=~Q(external_id=""),
                nulls_distinct=False,
                name="objective_external_id_once",
            ),
            models.CheckConstraint(
                condition=Q(source__in=ObjectiveSource.values), name="objective_source_known"
            ),
            models.CheckConstraint(condition=Q(burning__in=Burning.values), name="objective_burning_known"),
            models.CheckConstraint(
                condition=Q(target__gt=50, target__lt=100), name="objective_target_bounds"
            ),
            models.CheckConstraint(condition=Q(window_days__in=WINDOWS), name="objective_window_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/objectives/{self.pk}/"

    @property
    def percent_left(self) -> int | None:
        """What is left of the budget in whole percent, never rounded up."""
        return left_of(self.budget_left)

    @property
    def is_spent(self) -> bool:
        """Whether nothing of the budget is left."""
        return self.budget_left is not None and self.budget_left <= 0


class ObjectiveCount(models.Model):
    """How many of `total` events were good in the five minutes from `at`, as they were pushed."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="counts", db_index=False)
    at = models.DateTimeField()
    good = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        ordering = ["objective", "at"]
        indexes = [models.Index(fields=["at"], name="objective_count_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["objective", "at"], include=["good", "total"], name="objective_count_once"
            ),
            models.CheckConstraint(
                condition=Q(good__gte=0) & Q(good__lte=F("total")), name="objective_count_good_of_total"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.at:%F %T} {self.good}/{self.total}"
