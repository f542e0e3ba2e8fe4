from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from notifications.choices import Urgency
from oncall.choices import LocalHours, Pick, Serving, TargetType
from oncall.querysets import PolicyQuerySet

_KINDS = ("user", "schedule", "team", "webhook")


def _only(kind: str) -> Q:
    """The target is of this kind and names nothing else."""
    return Q(type=kind, **{f"{each}__isnull": each != kind for each in _KINDS})


class EscalationPolicy(models.Model):
    """Whom to page, in which order. `repeat`: further rounds after the first.

    `acknowledge_timeout_minutes`: an acknowledged subject that is still open then pages again; null never.
    `hold_low`: low urgency waits for the next shift while nobody of the first step's schedules serves.
    """

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="policies", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    repeat = models.PositiveSmallIntegerField(_("further rounds"), default=0)
    acknowledge_timeout_minutes = models.PositiveIntegerField(
        _("page again when acknowledged and still open after (minutes)"), null=True, blank=True
    )
    hold_low = models.BooleanField(_("hold low urgency while nobody is on duty"), default=False)
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
            models.CheckConstraint(
                condition=Q(acknowledge_timeout_minutes__isnull=True)
                | Q(acknowledge_timeout_minutes__range=(1, 10080)),
                name="policy_timeout_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/oncall/policies/{self.pk}/"


class PolicyStep(models.Model):
    """One rung: page the targets, then wait `delay_minutes` before the next.

    `pick`: all targets, or one of them. `turn` counts how often one was picked in turn. `urgency` "" and
    `severities` empty: always; else the rung is passed over at once for others. `hours`: of each person's
    own day. `backup` is paged in place of somebody on leave, and `backup_after_minutes` after the step
    when nobody answered (null: only for leave); counted within the step's delay.
    """

    policy = models.ForeignKey(
        EscalationPolicy, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    delay_minutes = models.PositiveIntegerField(_("wait before the next step (minutes)"), default=5)
    pick = models.CharField(_("page"), max_length=12, choices=Pick.choices, default=Pick.ALL)
    turn = models.PositiveIntegerField(default=0, editable=False)
    urgency = models.CharField(
        _("only for urgency"), max_length=10, choices=Urgency.choices, blank=True, default=""
    )
    severities = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("only for severity"), default=list, blank=True
    )
    hours = models.CharField(
        _("at their local time"), max_length=5, choices=LocalHours.choices, default=LocalHours.ANY
    )
    backup = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("backup"),
    )
    backup_after_minutes = models.PositiveIntegerField(
        _("page the backup after (minutes)"), null=True, blank=True
    )

    class Meta:
        ordering = ["policy_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="step_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(delay_minutes__lte=10080), name="step_delay_bounded"),
            models.CheckConstraint(
                condition=Q(backup_after_minutes__isnull=True)
                | Q(backup_after_minutes__gte=1, backup_after_minutes__lt=models.F("delay_minutes")),
                name="step_backup_within_delay",
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.position + 1}"


class PolicyTarget(models.Model):
    """A person, a schedule (whoever `serving` means), a whole team, or an outgoing webhook."""

    step = models.ForeignKey(PolicyStep, on_delete=models.CASCADE, related_name="targets")
    type = models.CharField(max_length=10, choices=TargetType.choices)
    user = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    schedule = models.ForeignKey(
        "oncall.Schedule", null=True, blank=True, on_delete=models.CASCADE, related_name="targets"
    )
    serving = models.CharField(max_length=10, choices=Serving.choices, default=Serving.CURRENT)
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    webhook = models.ForeignKey(
        "notifications.WebhookSubscription", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        ordering = ["step_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=_only("user") | _only("schedule") | _only("team") | _only("webhook"),
                name="target_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.target_id}"

    @property
    def target_id(self) -> int:
        """The id of whatever the target is."""
        return self.user_id or self.schedule_id or self.team_id or self.webhook_id or 0
