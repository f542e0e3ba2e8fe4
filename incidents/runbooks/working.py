"""Runbooks at work on an incident: which are offered and started, what their variables say, which steps are done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from incidents.hooks import alert_facts, matcher_holds
from incidents.models import Incident, Runbook, RunbookRun, RunbookTick, RunbookVersion
from incidents.runbooks.selectors import BY_HAND, Facts, Offer, StepState, fitting, newest
from incidents.runbooks.variables import ALERT, LINK, Value
from services.models import Service, ServiceLink
from teams.actor import Actor


def runs_of(actor: Actor, incident: Incident) -> dict[int, RunbookRun]:
    """Runbook id → what was started on an incident of runbooks the actor sees, with version and ticks."""
    rows = RunbookRun.objects.filter(incident=incident, runbook__in=Runbook.objects.visible_to(actor))
    rows = rows.select_related("runbook__team", "version").prefetch_related(_TICKS)
    return {row.runbook_id: row for row in rows.order_by("pk")}


def offers(
    actor: Actor, incident: Incident, services: Sequence[Service], now: dt.datetime, *, started: bool = True
) -> list[Offer]:
    """What fits the incident, see `selectors.fitting`, and what was started on it by hand, last.

    `services`: those of the incident the actor sees. `started` False: it is known that nothing was.
    """
    found = fitting(
        actor,
        None if incident.alert_count else (),
        services={row.pk: row.name for row in services},
        type_id=incident.type_id,
        team_id=incident.team_id,
        now=now,
        incident_id=incident.pk,
    )
    runs = runs_of(actor, incident) if started else {}
    for offer in found:
        offer.run = runs.pop(offer.runbook.pk, None)
    for run in runs.values():
        why = _("started by %(who)s") % {"who": run.started_by_label}
        found.append(Offer(run.runbook, BY_HAND, why, run.runbook.is_stale(now), run=run))
    for offer in found:
        if offer.run is not None:
            states = step_states(offer.run.version, offer.run)
            offer.done, offer.total = sum(state.tick is not None for state in states), len(states)
    return found


def step_states(version: RunbookVersion, run: RunbookRun | None) -> list[StepState]:
    """The steps of a version in order, with who ticked them in this run."""
    ticks = {tick.key: tick for tick in run.ticks.all()} if run is not None else {}
    return [StepState(step["key"], step["text"], ticks.get(step["key"])) for step in version.steps]


@dataclass(frozen=True)
class Opened:
    """A runbook as it stands on an incident. `newer`: the number of a version that came after the run began, or 0."""

    runbook: Runbook
    version: RunbookVersion
    run: RunbookRun | None
    steps: list[StepState]
    newer: int

    @property
    def done(self) -> int:
        return sum(state.tick is not None for state in self.steps)

    @property
    def finished(self) -> bool:
        return bool(self.steps) and self.done == len(self.steps)


def opened(actor: Actor, incident: Incident, runbook_id: int) -> Opened | None:
    """A visible runbook with words, in use or started on this incident; None otherwise."""
    rows = Runbook.objects.visible_to(actor).select_related("team", "owner")
    runbook = rows.filter(pk=runbook_id, version__gt=0).first()
    if runbook is None:
        return None
    runs = RunbookRun.objects.filter(incident=incident, runbook=runbook)
    run = runs.select_related("version").prefetch_related(_TICKS).first()
    version = run.version if run else newest(runbook.pk)
    if version is None or (run is None and not runbook.active):
        return None
    newer = runbook.version if runbook.version != version.number else 0
    return Opened(runbook, version, run, step_states(version, run), newer)


class IncidentValues:
    """What the variables of a runbook say on an incident; reads what is asked for, and that once.

    `services`: those of the incident the viewer sees; what the runbook is for among them counts first, and so does
    the alert its matchers hold for.
    """

    def __init__(
        self, actor: Actor, incident: Incident, services: Iterable[Service], runbook: Runbook
    ) -> None:
        self._actor, self._incident, self._runbook = actor, incident, runbook
        self._given = list(services)

    def __call__(self, name: str) -> Value | None:
        """A resolver for `document.to_html`."""
        if name.startswith(ALERT):
            return self._alert(name.removeprefix(ALERT))
        if name.startswith(LINK):
            return self._link(name.removeprefix(LINK))
        head, _dot, rest = name.partition(".")
        text = self._service(rest) if head == "service" else self._of_incident(name)
        return Value(text) if text else None

    def _of_incident(self, name: str) -> str:
        incident = self._incident
        match name:
            case "incident":
                return f"#{incident.number}"
            case "incident.title":
                return str(incident.title)
            case "incident.url":
                return f"{settings.BASE_URL}{incident.get_absolute_url()}"
            case "severity":
                return "" if incident.severity_id is None else f"Sev-{incident.severity_id}"
            case "status":
                return str(incident.get_status_display())
            case "type":
                return incident.type.name if incident.type else ""
            case "team":
                return incident.team.name if incident.team else ""
            case "commander":
                return incident.commander.name if incident.commander else ""
            case "started":
                return f"{incident.started_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        return ""

    @cached_property
    def _services(self) -> list[Service]:
        if len(self._given) < 2:
            return self._given
        meant = set(self._runbook.service_rows.values_list("service_id", flat=True))
        return sorted(self._given, key=lambda row: row.pk not in meant)

    def _service(self, what: str) -> str:
        service = self._services[0] if self._services else None
        if service is None:
            return ""
        if what == "slug":
            return str(service.slug)
        if what == "team":
            return service.team.name if service.team else ""
        return "" if what else str(service.name)

    @cached_property
    def _facts(self) -> list[Facts]:
        found = list(alert_facts(self._incident.pk)) if self._incident.alert_count else []
        lines = self._runbook.matchers
        return sorted(found, key=lambda of: not any(matcher_holds(line, of) for line in lines))

    def _alert(self, label: str) -> Value | None:
        values = (of.get(label) or of.get(f"@{label}") for of in self._facts)
        text = next((value for value in values if value), "")
        return Value(str(text)[:500]) if text else None

    @cached_property
    def _links(self) -> list[ServiceLink]:
        order = {service.pk: place for place, service in enumerate(self._services)}
        rows = ServiceLink.objects.visible_to(self._actor).filter(service_id__in=order)
        return sorted(rows, key=lambda row: (order[row.service_id], row.position, row.pk))

    def _link(self, kind: str) -> Value | None:
        row = next((row for row in self._links if row.kind == kind), None)
        return Value(row.title, row.url) if row is not None else None


_TICKS = Prefetch("ticks", queryset=RunbookTick.objects.select_related("by"))
