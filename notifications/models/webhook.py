from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock
from notifications.querysets import WebhookQuerySet


class WebhookSubscription(models.Model):
    """An outgoing webhook of a team (or of the installation, without team), signed by Standard Webhooks.

    `events`: event names such as `incident.declared`; empty means all. `secret` is sealed.
    """

    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    name = models.CharField(_("name"), max_length=120)
    url = models.URLField(_("URL"), max_length=500)
    secret = models.TextField(editable=False)
    events = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
