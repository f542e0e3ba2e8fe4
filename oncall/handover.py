"""What this room asks about when somebody leaves: shifts and steps of escalation policies."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from core import clock
from oncall.actions import handover
from teams.actor import Actor
from teams.hooks import HandoverItem


class Shifts:
    """Turns in rotations, and overrides and stretches of calendars that are not over."""

    kind = "shifts"

    @property
    def question(self) -> str:
        return _("Who takes over these shifts?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        found: Counter[str] = Counter()
        for rotation in handover.rotations_naming(user_id):
            found[rotation.schedule.name] += sum(user_id in (turn or ()) for turn in rotation.members)
        for override in handover.overrides_naming(user_id, clock.now()):
            found[override.schedule.name] += 1
        for stretch in handover.imported_naming(user_id, clock.now()):
            found[str(stretch.calendar.schedule)] += 1
        return [
            HandoverItem(self.kind, _("Turns in %(schedule)s") % {"schedule": name}, count)
            for name, count in sorted(found.items())
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        handover.hand_over_shifts(actor=actor, user_id=user_id, successor_id=successor_id, now=now)


class PolicySteps:
    """Steps of escalation policies that name the person, as a target or a backup."""

    kind = "escalations"

    @property
    def question(self) -> str:
        return _("Who is paged instead?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [
            HandoverItem(self.kind, _("Steps of the policy %(policy)s") % {"policy": name}, count)
            for name, count in handover.policies_naming(user_id)
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        handover.hand_over_steps(actor=actor, user_id=user_id, successor_id=successor_id)
