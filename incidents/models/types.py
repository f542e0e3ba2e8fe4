"""What an organisation sets up about its incidents: types, fields, and how grave is grave."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.choices import FieldKind, FieldSection, ImpactCondition, IncidentStatus, Reach


class IncidentType(models.Model):
    """A kind of trouble (outage, latency, security): brings its fields and playbooks.

    `restricted`: its incidents are seen by invited people alone from the start.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    description = models.CharField(_("when to choose it"), max_length=300, blank=True, default="")
    restricted = models.BooleanField(_("restricted from the start"), default=False)
    active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class CustomField(models.Model):
    """A fact an incident is asked for; the answers are in `Incident.fields` under `key`.

    `types`: asked for these types alone; none means for all. `shown_field` and `shown_values`: asked only
    while that other field has one of these values. `shown_to_rank`: only at this rank or a graver one.
    `required_for`: the state that cannot be entered without an answer.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    label = models.CharField(_("question"), max_length=120)
    help = models.CharField(_("help"), max_length=300, blank=True, default="")
    section = models.CharField(
        _("asked in"), max_length=10, choices=FieldSection.choices, default=FieldSection.DETAILS
    )
    kind = models.CharField(_("kind"), max_length=10, choices=FieldKind.choices, default=FieldKind.TEXT)
    options = ArrayField(
        models.CharField(max_length=100), verbose_name=_("options"), default=list, blank=True
    )
    types = models.ManyToManyField(
        IncidentType, verbose_name=_("for these types"), blank=True, related_name="fields"
    )
    shown_field = models.ForeignKey(
        "self",
        verbose_name=_("only while this field"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    shown_values = ArrayField(
        models.CharField(max_length=100), verbose_name=_("has one of"), default=list, blank=True
    )
    shown_to_rank = models.PositiveSmallIntegerField(
        _("only down to rank"), null=True, blank=True, validators=[MaxValueValidator(4)]
    )
    required_for = models.CharField(
        _("needed before"), max_length=20, choices=IncidentStatus.choices, blank=True, default=""
    )
    active = models.BooleanField(_("asked"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["section", "position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FieldKind.values), name="field_kind_known"),
            models.CheckConstraint(condition=Q(section__in=FieldSection.values), name="field_section_known"),
        ]

    def __str__(self) -> str:
        return self.label


class PriorityRule(models.Model):
    """One square of the priority matrix: condition × reach → rank, for a service of tier 1 or 2.

    A tier 3 or 4 service counts one rank less grave.
    """

    condition = models.CharField(max_length=20, choices=ImpactCondition.choices)
    reach = models.CharField(max_length=10, choices=Reach.choices)
    rank = models.PositiveSmallIntegerField(_("rank"), validators=[MaxValueValidator(4)])

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["condition", "reach"], name="priority_square_once"),
            models.CheckConstraint(condition=Q(rank__lte=4), name="priority_rank_0_to_4"),
        ]

    def __str__(self) -> str:
        return f"{self.condition}, {self.reach}: {self.rank}"
