from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import SourceKind
from alerts.querysets import IntegrationQuerySet
from core import clock


class Integration(models.Model):
    """Where a monitor posts. Two keys may be valid at once, for rotation; only SHA-256 digests are kept.

    `kind` names the set-up text shown; any kind's key works on any intake path. `mapping`: how payloads of kind
    `custom` are read (`alerts.mapping`). `templates`: of title, description and group_key, each may be missing.
    `service_label`: the label whose value names the service by its slug; "" for none. `secret_sealed`: what the
    sender signs with (Sentry, Grafana). `mail_local`: local part of the address mail comes in at, or where a report
    form is. `settings`: what one kind alone needs, by its own module. `last_payload`: the newest body, for the
    mapping's editor.
    """

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(
        _("source"), max_length=20, choices=SourceKind.choices, default=SourceKind.GENERIC
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="integrations"
    )
    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="integrations")
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    key_hint = models.CharField(max_length=4, editable=False)
    next_key_digest = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    next_key_hint = models.CharField(max_length=4, blank=True, default="", editable=False)
    mapping = models.JSONField(default=dict, blank=True)
    templates = models.JSONField(default=dict, blank=True)
    service_label = models.CharField(
        _("label that names the service"), max_length=200, blank=True, default=""
    )
    secret_sealed = models.TextField(blank=True, default="", editable=False)
    mail_local = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    settings = models.JSONField(default=dict, blank=True)
    last_payload = models.JSONField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_received_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="integration_kind_known")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/integrations/{self.pk}/"
