"""What this app itself asks about when somebody leaves: teams without another manager."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from teams.actions.memberships import set_member
from teams.actor import Actor
from teams.choices import TeamRole
from teams.hooks import HandoverItem
from teams.models import Membership


class ManagedTeams:
    """Teams of which the person is the only active manager; the successor becomes manager."""

    kind = "teams"

    @property
    def question(self) -> str:
        return _("Who manages these teams?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [
            HandoverItem(self.kind, _("Manager of %(team)s") % {"team": name}, 1)
            for name in _alone(user_id).values_list("team__name", flat=True)
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        for team_id in list(_alone(user_id).values_list("team_id", flat=True)):
            set_member(actor=actor, team_id=team_id, user_id=successor_id, role=TeamRole.MANAGER)


def _alone(user_id: int) -> QuerySet[Membership]:
    others = Membership.objects.filter(
        team_id=OuterRef("team_id"), role=TeamRole.MANAGER, user__is_active=True
    ).exclude(user_id=user_id)
    managing = Membership.objects.filter(user_id=user_id, role=TeamRole.MANAGER)
    return managing.filter(~Exists(others)).order_by("team__name")
