from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock
from teams.choices import Scope
from teams.querysets import TokenQuerySet


class APIToken(models.Model):
    """A bearer token of a person; only its SHA-256 is stored.

    `team`: the token then acts in that team alone. `prefix`: the first characters, to tell tokens
    apart on screen.
    """

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=list)
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def is_usable(self, now: dt.datetime) -> bool:
        """Whether a call with this token is let in at `now`."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
