from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from core import clock
from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentService, RoleAssignment
from incidents.presence import KINDS, kinds_of
from incidents.selectors import allowed_verbs
from oncall.models import EscalationRun
from oncall.selectors import subject_runs
from services.models import ChangeEvent, Service
from services.selectors import recent_changes
from teams.actor import Actor

AROUND = dt.timedelta(hours=2)
_SETTLED = (IncidentStatus.CLOSED, IncidentStatus.DECLINED, IncidentStatus.MERGED)
_NOT_WHEN_SETTLED = frozenset(
    {"set_impact", "post_update", "edit_causes", "edit_criteria", "edit_impact", "edit_tasks", "assign_role"}
)


class State:
    """What the parts of one request have in common; each fact is read once, when it is first needed.

    `whole`: all parts are asked for, so that one look at what there is saves more than it costs.
    """

    def __init__(
        self, actor: Actor, incident: Incident, query: QueryDict | None = None, *, whole: bool = False
    ) -> None:
        self.actor = actor
        self._kinds = kinds_of(incident) if whole else KINDS
        self.incident = incident
        self.query = query if query is not None else QueryDict()
        self.now: dt.datetime = clock.now()

    def has(self, kind: str) -> bool:
        """Whether the incident may have rows of this kind of `incidents.presence`; without a look: yes."""
        return kind in self._kinds

    @cached_property
    def verbs(self) -> set[str]:
        """What the page offers: what the actor may do, less what makes no sense once all is over."""
        allowed = allowed_verbs(self.actor, self.incident)
        if not self.settled:
            return allowed
        dropped = _NOT_WHEN_SETTLED
        if self.incident.status != IncidentStatus.CLOSED:
            dropped |= {"add_note"}
        return allowed - dropped

    @property
    def settled(self) -> bool:
        """Whether it is over for good: closed, declined, or part of another."""
        return self.incident.status in _SETTLED

    @property
    def light(self) -> bool:
        """Whether the rank asks for one owner, notes and an end, and for nothing else."""
        level = self.incident.severity
        return level is not None and level.light

    @cached_property
    def services(self) -> list[IncidentService]:
        return list(self.incident.service_rows.all())

    @cached_property
    def service_ids(self) -> list[int]:
        return [row.service_id for row in self.services]

    def visible_service_ids(self, service_ids: list[int]) -> set[int]:
        """Those of these services that the actor may see; asks only about those not shown already."""
        known = set(self.service_ids)
        others = set(service_ids) - known
        if not others:
            return known
        return known | set(
            Service.objects.visible_to(self.actor).filter(pk__in=others).values_list("pk", flat=True)
        )

    @cached_property
    def changes(self) -> list[ChangeEvent]:
        """The newest changes to the incident's services, from two hours before it began until it was over."""
        if not self.service_ids:
            return []
        since = self.incident.started_at - AROUND
        return recent_changes(self.service_ids, self.actor, since=since, until=self.until, limit=200)

    @property
    def until(self) -> dt.datetime:
        """Now, or when it was over."""
        if self.incident.is_active:
            return self.now
        return self.incident.resolved_at or self.incident.updated_at

    @cached_property
    def roles(self) -> list[RoleAssignment]:
        found: list[RoleAssignment] = self.incident.current_roles  # type: ignore[attr-defined]  # `for_page` sets it
        return found

    @cached_property
    def runs(self) -> list[EscalationRun]:
        return subject_runs(self.incident.subject_key)


@dataclass(frozen=True)
class Part:
    """A piece of the incident page that is fetched anew by itself when something happened.

    `template` shows it (its root element has `data-live-refresh` to `fragment/<name>/`), `build` gives what the
    template needs beside `incident`, `verbs`, `services`, `roles`, `urls` and `now`.
    """

    name: str
    template: str
    build: Callable[[State], dict[str, Any]]
