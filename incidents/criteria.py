"""Whether exit criteria hold. Reads only; `incidents.actions.criteria` writes what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import hooks
from incidents.choices import CriterionKind, ImpactCondition
from incidents.models import ExitCriterion, ImpactRow, Incident, IncidentService

FINE = (ImpactCondition.OPERATIONAL,)


@dataclass(frozen=True)
class Verdict:
    """`since`: from when it has held without interruption, None while it does not. `met`: for long enough.

    `why`: what is in the way, in words, '' when it is met.
    """

    criterion: ExitCriterion
    since: dt.datetime | None
    met: bool
    why: str = ""


@dataclass
class Facts:
    """What machine-checked criteria look at, for any number of incidents: three statements at most."""

    services: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    signals: dict[int, list[hooks.Signal]] = field(default_factory=dict)
    impact: dict[int, list[ImpactRow]] = field(default_factory=dict)


def facts_for(criteria: Iterable[ExitCriterion]) -> Facts:
    """Reads what these criteria need and nothing else."""
    rows = list(criteria)
    facts = Facts()
    healthy = {row.incident_id for row in rows if row.kind == CriterionKind.SERVICES_HEALTHY}
    if healthy:
        affected = IncidentService.objects.filter(incident_id__in=healthy)
        for incident_id, service_id, name in affected.values_list(
            "incident_id", "service_id", "service__name"
        ):
            facts.services.setdefault(incident_id, []).append((service_id, name))
        ids = {service_id for each in facts.services.values() for service_id, _name in each}
        for signal in hooks.signals(ids):
            facts.signals.setdefault(signal.service_id, []).append(signal)
    clear = {row.incident_id for row in rows if row.kind == CriterionKind.CONDITIONS_CLEAR}
    if clear:
        for impact in ImpactRow.objects.filter(incident_id__in=clear).select_related("service"):
            facts.impact.setdefault(impact.incident_id, []).append(impact)
    return facts


def judge(
    criteria: Sequence[ExitCriterion], incident: Incident, facts: Facts, now: dt.datetime
) -> list[Verdict]:
    """A verdict on each criterion of the incident."""
    return [_judge(row, incident, facts, now) for row in criteria]


def _judge(row: ExitCriterion, incident: Incident, facts: Facts, now: dt.datetime) -> Verdict:
    if row.kind == CriterionKind.MANUAL:
        return Verdict(row, row.met_at, row.met_at is not None, "" if row.met_at else _("not ticked yet"))
    since, why = _MACHINES[row.kind](incident, facts)
    if since is None:
        return Verdict(row, None, False, why)
    left = since + dt.timedelta(minutes=row.minutes) - now
    if left <= dt.timedelta(0):
        return Verdict(row, since, True)
    minutes = -(-int(left.total_seconds()) // 60)
    text = ngettext("holds, %(count)s minute to go", "holds, %(count)s minutes to go", minutes)
    return Verdict(row, since, False, text % {"count": minutes})


def _alerts_clear(incident: Incident, facts: Facts) -> tuple[dt.datetime | None, str]:
    if incident.firing_count:
        text = ngettext("%(count)s alert fires", "%(count)s alerts fire", incident.firing_count)
        return None, text % {"count": incident.firing_count}
    return incident.alerts_clear_at or incident.created_at, ""


def _services_healthy(incident: Incident, facts: Facts) -> tuple[dt.datetime | None, str]:
    since, ill = incident.created_at, []
    for service_id, name in facts.services.get(incident.pk, []):
        for signal in facts.signals.get(service_id, []):
            if signal.firing:
                ill.append(f"{name} ({signal.region})" if signal.region else name)
            elif signal.quiet_since is not None:
                since = max(since, signal.quiet_since)
    if ill:
        return None, _("alerts fire on %(places)s") % {"places": ", ".join(ill[:5])}
    return since, ""


def _conditions_clear(incident: Incident, facts: Facts) -> tuple[dt.datetime | None, str]:
    since, ill = incident.created_at, []
    for row in facts.impact.get(incident.pk, []):
        if row.condition in FINE:
            since = max(since, row.started_at)
        elif row.ended_at is None:
            ill.append(row.service.name if row.service else _("the impact"))
        else:
            since = max(since, row.ended_at)
    if ill:
        return None, _("not operational: %(names)s") % {"names": ", ".join(dict.fromkeys(ill))}
    return since, ""


_MACHINES: dict[str, Callable[[Incident, Facts], tuple[dt.datetime | None, str]]] = {
    CriterionKind.ALERTS_CLEAR: _alerts_clear,
    CriterionKind.SERVICES_HEALTHY: _services_healthy,
    CriterionKind.CONDITIONS_CLEAR: _conditions_clear,
}


def describe(kind: str, minutes: int, text: str = "") -> str:
    """ "All alerts of the incident clear for 10 minutes", or the words of a manual one."""
    if kind == CriterionKind.MANUAL or kind not in CriterionKind.values:
        return text
    label = str(CriterionKind(kind).label)
    if not minutes:
        return label
    return _("%(what)s for %(minutes)s minutes") % {"what": label, "minutes": minutes}
