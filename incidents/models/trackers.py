from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import TrackerKind
from teams.querysets import OwnedQuerySet


class TrackerConnection(models.Model):
    """An issue tracker a team writes to and hears from. `project`: what the tracker calls the place, for GitHub
    `owner/repository`. Token and webhook secret are sealed; neither is ever shown again. `base_url`: the API's
    address, for installations of one's own. `hook_key`: the secret part of the address its webhooks come in at.
    """

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="trackers")
    kind = models.CharField(_("tracker"), max_length=20, choices=TrackerKind.choices)
    name = models.CharField(_("name"), max_length=120)
    base_url = models.URLField(_("address of its API"), max_length=300)
    project = models.CharField(_("project"), max_length=200)
    labels = models.JSONField(_("labels"), default=list, blank=True)
    sealed_token = models.TextField()
    sealed_secret = models.TextField()
    token_hint = models.CharField(max_length=8, blank=True, default="")
    hook_key = models.CharField(max_length=64, unique=True)
    active = models.BooleanField(_("in use"), default=True)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_heard_at = models.DateTimeField(null=True, blank=True)
    last_written_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["team_id", "name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TrackerKind.values), name="tracker_kind_known")
        ]

    def __str__(self) -> str:
        return self.name


class TrackerEvent(models.Model):
    """A webhook of a tracker that was taken in, by its own id of the delivery: each once."""

    connection = models.ForeignKey(
        TrackerConnection, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    delivery = models.CharField(max_length=100)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="tracker_event_by_time")]
        constraints = [models.UniqueConstraint(fields=["connection", "delivery"], name="tracker_event_once")]

    def __str__(self) -> str:
        return self.delivery
