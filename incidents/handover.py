"""What this room asks about when somebody leaves: roles on incidents that are not over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from incidents.actions.roles import hand_over_roles, roles_of
from teams.actor import Actor
from teams.hooks import HandoverItem


class Roles:
    """Commander, scribe and the like, on incidents open or in review."""

    kind = "incident_roles"

    @property
    def question(self) -> str:
        return _("Who takes over these roles?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [
            HandoverItem(
                self.kind,
                _("%(role)s of #%(number)s %(title)s")
                % {
                    "role": row.label,
                    "number": row.incident.number,
                    "title": row.incident.title,
                },
                1,
            )
            for row in roles_of(user_id)
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        hand_over_roles(actor=actor, user_id=user_id, successor_id=successor_id, now=now)
