from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from oncall.choices import TargetType
from oncall.querysets import PolicyQuerySet


class EscalationPolicy(models.Model):
    """Whom to page, in which order. `repeat`: further rounds after the first."""

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(_("name"), max_length=120)
    repeat = models.PositiveSmallIntegerField(_("further rounds"), default=0)
    is_default = models.BooleanField(_("default of its team"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "escalation policies"
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="policy_name_in_team"),
            models.UniqueConstraint(fields=["team"], condition=Q(is_default=True), name="policy_one_default"),
            models.CheckConstraint(condition=Q(repeat__lte=20), name="policy_repeat_bounded"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/oncall/policies/{self.pk}/"


class PolicyStep(models.Model):
    """One rung: page the targets, then wait `delay_minutes` before the next."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    delay_minutes = models.PositiveIntegerField(_("wait before the next step (minutes)"), default=5)

    class Meta:
        ordering = ["policy_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="step_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(delay_minutes__lte=10080), name="step_delay_bounded"),
        ]

    def __str__(self) -> str:
        return f"step {self.position + 1}"


class PolicyTarget(models.Model):
    """A person, a schedule (whoever is on call) or a whole team."""

    step = models.ForeignKey(PolicyStep, on_delete=models.CASCADE, related_name="targets")
    type = models.CharField(max_length=10, choices=TargetType.choices)
    user = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    schedule = models.ForeignKey(
        "oncall.Schedule", null=True, blank=True, on_delete=models.CASCADE, related_name="targets"
    )
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["step_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(type="user", user__isnull=False, schedule__isnull=True, team__isnull=True)
                | Q(type="schedule", schedule__isnull=False, user__isnull=True, team__isnull=True)
                | Q(type="team", team__isnull=False, user__isnull=True, schedule__isnull=True),
                name="target_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.target_id}"

    @property
    def target_id(self) -> int:
        """The id of whatever the target is."""
        return self.user_id or self.schedule_id or self.team_id or 0
