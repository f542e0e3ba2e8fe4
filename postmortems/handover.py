"""What this room asks about when somebody leaves: open action items and unfinished postmortems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from postmortems.actions import handover
from teams.actor import Actor
from teams.hooks import HandoverItem


class ActionItems:
    """Action items that are neither done nor given up."""

    kind = "action_items"

    @property
    def question(self) -> str:
        return _("Who takes over these action items?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        count = handover.open_items(user_id).count()
        return [HandoverItem(self.kind, _("Open action items"), count)] if count else []

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        handover.hand_over_items(actor=actor, user_id=user_id, successor_id=successor_id)


class Postmortems:
    """Documents that are not yet published."""

    kind = "postmortems"

    @property
    def question(self) -> str:
        return _("Who finishes these postmortems?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [
            HandoverItem(self.kind, _("Postmortem of #%(number)s") % {"number": row.incident.number}, 1)
            for row in handover.unfinished(user_id)
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        handover.hand_over_postmortems(actor=actor, user_id=user_id, successor_id=successor_id)
