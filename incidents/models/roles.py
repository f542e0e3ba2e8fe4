from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import OfferState


class RoleDefinition(models.Model):
    """What a role is for, who may hold it, and who fills it. Shipped ones keep their key and `single`.

    `required_to_rank`: needed by incidents of this rank or a graver one (lower number); null: never needed.
    `starter_tasks`: texts of the tasks whoever takes the role gets, in order.
    """

    key = models.SlugField(_("key"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    card = models.TextField(_("role card"), blank=True, default="")
    single = models.BooleanField(_("held by one person"), default=True)
    required_to_rank = models.PositiveSmallIntegerField(_("required down to rank"), null=True, blank=True)
    starter_tasks = ArrayField(
        models.CharField(max_length=200), verbose_name=_("starter tasks"), default=list, blank=True
    )
    schedule = models.ForeignKey(
        "oncall.Schedule",
        verbose_name=_("filled from the schedule"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    backup_schedule = models.ForeignKey(
        "oncall.Schedule",
        verbose_name=_("backup from the schedule"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    position = models.PositiveSmallIntegerField(default=0)
    shipped = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["position", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(required_to_rank__isnull=True) | Q(required_to_rank__lte=4),
                name="role_required_to_a_rank",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A person in a role of an incident, from an instant to another (null: still).

    `single`: the role is held by one person at a time, as its definition said when it was given.
    `backup`: takes over when the first is on leave or does not react.
    """

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="role_rows")
    role = models.CharField(max_length=20)
    label = models.CharField(max_length=60)
    single = models.BooleanField(default=True)
    user = models.ForeignKey(
        "teams.User", on_delete=models.CASCADE, related_name="incident_roles", db_index=False
    )
    backup = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["incident_id", "id"]
        indexes = [models.Index(fields=["user", "-incident"], name="role_by_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=Q(ended_at__isnull=True, single=True),
                name="role_single_holder",
            ),
            models.UniqueConstraint(
                fields=["incident", "role", "user"],
                condition=Q(ended_at__isnull=True),
                name="role_person_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.role}"


class RoleOffer(models.Model):
    """A role handed to somebody, with a note; it changes hands when they accept."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="role_offers")
    role = models.CharField(max_length=20)
    label = models.CharField(max_length=60)
    offered_to = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="role_offers")
    offered_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    offered_by_label = models.CharField(max_length=200)
    note = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OFFERED)
    created_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["offered_to", "-id"], name="role_offer_open", condition=Q(state="offered"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role", "offered_to"],
                condition=Q(state="offered"),
                name="role_offer_once",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", answered_at__isnull=True)
                | (~Q(state="offered") & Q(answered_at__isnull=False)),
                name="role_offer_answer_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.incident_id} to {self.offered_to_id}: {self.state}"
