from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock
from teams.choices import TeamRole
from teams.querysets import InvitationQuerySet


class Invitation(models.Model):
    """A link that lets one person in. Without `email` anybody who holds the link may use it once."""

    email = models.EmailField(_("e-mail address"), blank=True, default="")
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(max_length=20, choices=TeamRole.choices, default=TeamRole.RESPONDER)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.email or f"link #{self.pk}"
