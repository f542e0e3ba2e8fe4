from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from services.choices import FieldKind
from services.querysets import ServiceChildQuerySet
from teams.querysets import OwnedQuerySet


class Domain(models.Model):
    """A part of the business, e.g. payments; may stand inside a wider one."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="domains"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    external_id = models.CharField(max_length=300, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="domain_external_id_once"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="domain_not_inside_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/services/domains/{self.slug}/"


class System(models.Model):
    """Services that belong together and are offered as one, e.g. the shop; part of a domain."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="systems"
    )
    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.SET_NULL, related_name="systems"
    )
    external_id = models.CharField(max_length=300, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="system_external_id_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/services/systems/{self.slug}/"


class Environment(models.Model):
    """A place services run in, e.g. production; the organisation's own list."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(_("name"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name


class ServiceEnvironment(models.Model):
    """A service runs there: in which regions, and at which address it can be looked at."""

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="environment_rows", db_index=False
    )
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="service_rows")
    regions = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    url = models.URLField(max_length=500, blank=True, default="")

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["service_id", "environment__position", "environment__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "environment"], name="service_environment_once")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} in {self.environment_id}"


class ServiceField(models.Model):
    """A custom field of the catalog; its values are in `Service.custom` by `key`.

    `kinds`: the `ServiceKind`s it is asked for; empty for all.
    """

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=FieldKind.choices, default=FieldKind.TEXT)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    help_text = models.CharField(_("help"), max_length=200, blank=True, default="")
    required = models.BooleanField(_("must be filled in"), default=False)
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["position", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FieldKind.values), name="service_field_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind=FieldKind.CHOICE) | Q(choices__len__gt=0),
                name="service_field_choice_has_choices",
            ),
        ]

    def __str__(self) -> str:
        return self.name
