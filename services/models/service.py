from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from services.choices import Lifecycle, LinkKind, ServiceKind, Tier
from services.querysets import ServiceChildQuerySet, ServiceQuerySet


class Service(models.Model):
    """Something that can break: a service, a database, a vendor's product, a customer's journey.

    Names its team and its escalation policy (else the team's default). `labels`: `{key: value}`, a value "" makes
    it a tag. `custom`: values by the key of a `ServiceField`. `external_id`: an entity reference in lower case,
    `kind:namespace/name`, of the file it came from; `annotations`: what that file says beside, kept for the
    export. `stands_alone`: somebody has said that it needs nothing else.
    """

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(
        _("kind"), max_length=20, choices=ServiceKind.choices, default=ServiceKind.SERVICE
    )
    description = models.TextField(_("description"), blank=True, default="")
    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="services",
        db_index=False,
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier.choices, default=Tier.STANDARD)
    lifecycle = models.CharField(
        _("lifecycle"), max_length=20, choices=Lifecycle.choices, default=Lifecycle.PRODUCTION
    )
    escalation_policy = models.ForeignKey(
        "oncall.EscalationPolicy", null=True, blank=True, on_delete=models.SET_NULL, related_name="services"
    )
    system = models.ForeignKey(
        "services.System", null=True, blank=True, on_delete=models.SET_NULL, related_name="services"
    )
    labels = models.JSONField(default=dict, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    stands_alone = models.BooleanField(_("needs nothing else"), default=False)
    external_id = models.CharField(max_length=300, blank=True, default="", editable=False)
    annotations = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["team", "name"], name="service_by_team"),
            GinIndex(fields=["labels"], opclasses=["jsonb_path_ops"], name="service_by_label"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="service_external_id_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=ServiceKind.values), name="service_kind_known"),
            models.CheckConstraint(condition=Q(tier__gte=1, tier__lte=4), name="service_tier_1_to_4"),
            models.CheckConstraint(
                condition=Q(lifecycle__in=Lifecycle.values), name="service_lifecycle_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/services/{self.slug}/"


class ServiceLink(models.Model):
    """A runbook, dashboard or other address of a service; http and https only."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=20, choices=LinkKind.choices, default=LinkKind.OTHER)
    title = models.CharField(max_length=120)
    url = models.URLField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title
