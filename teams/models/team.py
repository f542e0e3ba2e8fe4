from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from teams.choices import TeamRole, TeamVisibility
from teams.querysets import MembershipQuerySet, TeamQuerySet


class Team(models.Model):
    """Owns services, schedules, policies and incidents. Its guardian group mirrors the memberships."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, default="")
    visibility = models.CharField(
        _("who sees it"), max_length=20, choices=TeamVisibility.choices, default=TeamVisibility.ORGANISATION
    )
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="team", editable=False)
    members = models.ManyToManyField("teams.User", through="teams.Membership", related_name="teams")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=TeamVisibility.values), name="team_visibility_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def hue(self) -> int:
        """The team's stable colour, 0 to 11."""
        return (self.pk or 0) * 5 % 12

    def get_absolute_url(self) -> str:
        return f"/settings/teams/{self.slug}/"


class Membership(models.Model):
    """A person's role in a team. Written only by `teams.actions.memberships` and `.groups`.

    `from_groups`: came from the identity provider's groups, and goes with them.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=TeamRole.choices, default=TeamRole.RESPONDER)
    from_groups = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["team_id", "user_id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.team_id}"
