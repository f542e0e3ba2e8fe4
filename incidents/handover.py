"""What this room asks about when somebody leaves: roles, open tasks, playbooks they keep tested,
runbooks they own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from incidents.actions.roles import hand_over_roles, roles_of
from incidents.actions.runbooks import hand_over_runbooks, runbooks_of
from incidents.actions.task_handover import (
    hand_over_playbooks,
    hand_over_tasks,
    open_tasks_of,
    playbooks_of,
)
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


class Tasks:
    """Open tasks of incidents, owned or backed up."""

    kind = "incident_tasks"

    @property
    def question(self) -> str:
        return _("Who takes over these tasks?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        counts: dict[int, int] = {}
        titles: dict[int, str] = {}
        for row in open_tasks_of(user_id):
            counts[row.incident.number] = counts.get(row.incident.number, 0) + 1
            titles[row.incident.number] = row.incident.title
        return [
            HandoverItem(
                self.kind,
                _("Tasks of #%(number)s %(title)s") % {"number": number, "title": titles[number]},
                count,
            )
            for number, count in counts.items()
        ]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        hand_over_tasks(actor=actor, user_id=user_id, successor_id=successor_id, now=now)


class PlaybookTests:
    """Playbooks in use that the person keeps tested."""

    kind = "playbook_tests"

    @property
    def question(self) -> str:
        return _("Who keeps these playbooks tested?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [HandoverItem(self.kind, row.name, 1) for row in playbooks_of(user_id)]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        hand_over_playbooks(actor=actor, user_id=user_id, successor_id=successor_id)


class Runbooks:
    """Runbooks in use that the person owns."""

    kind = "runbooks"

    @property
    def question(self) -> str:
        return _("Who keeps these runbooks right?")

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        return [HandoverItem(self.kind, row.name, 1) for row in runbooks_of(user_id)]

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        hand_over_runbooks(actor=actor, user_id=user_id, successor_id=successor_id)
