"""Who feels what, where, from when to when: rows that draw the gravity of an incident over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import NotVisible, field_error
from core.text import one_line
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import EntryAudience, EntryKind, ImpactCondition, Reach
from incidents.models import ImpactRow, Incident, IncidentService
from services.models import Service
from teams.actor import Actor

MOST_ROWS = 100
MOST_WORDS = 30
LARGEST = {"customers": 2**31 - 1, "requests_failed": 2**63 - 1, "tickets": 2**31 - 1}


def add_impact(
    *,
    actor: Actor,
    number: int,
    service_id: int | None = None,
    condition: str = ImpactCondition.UNKNOWN,
    now: dt.datetime | None = None,
    **facts: Any,
) -> ImpactRow:
    """Say how a service does (or, without one, the whole) from `started_at` (default now) on.

    `facts`: reach, regions, segments, started_at, ended_at, customers, requests_failed, tickets, data_lost,
    note. The service's former open row ends where this one begins, the service joins the incident when it
    was not part of it, and its condition follows.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "edit_impact", number)
        if incident.impact_rows.count() >= MOST_ROWS:
            raise field_error("service", f"At most {MOST_ROWS} rows.")
        service = _service(actor, incident, service_id)
        row = ImpactRow(incident=incident, service=service, created_at=now, created_by_id=actor.user_id)
        values = {"condition": condition, "started_at": facts.pop("started_at", None) or now}
        _fill(row, values | facts, now)
        if row.ended_at is None:
            former = incident.impact_rows.filter(
                service=service, ended_at=None, started_at__lte=row.started_at
            )
            former.update(ended_at=row.started_at)
        row.save()
        _settle(incident, row, "added", actor=actor, now=now)
    return row


def add_impacts(
    *,
    actor: Actor,
    number: int,
    conditions: Mapping[int, str],
    note: str = "",
    now: dt.datetime | None = None,
) -> list[ImpactRow]:
    """Say of several services (id → condition) how they do from now on; all or none."""
    now = now or clock.now()
    with transaction.atomic():
        return [
            add_impact(actor=actor, number=number, service_id=pk, condition=condition, note=note, now=now)
            for pk, condition in conditions.items()
        ]


def edit_impact(
    *, actor: Actor, number: int, row_id: int, now: dt.datetime | None = None, **facts: Any
) -> ImpactRow:
    """Correct a row; only the facts that are given change. See `add_impact`."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "edit_impact", number)
        row = _row(actor, incident, row_id)
        before = {name: getattr(row, name) for name in facts}
        _fill(row, facts, now)
        if all(getattr(row, name) == value for name, value in before.items()):
            return row
        row.save()
        _settle(incident, row, "changed", actor=actor, now=now)
    return row


def end_impact(
    *,
    actor: Actor,
    number: int,
    row_id: int,
    ended_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> ImpactRow:
    """It is over since `ended_at` (default now); the service is operational unless another row says not."""
    now = now or clock.now()
    return edit_impact(actor=actor, number=number, row_id=row_id, ended_at=ended_at or now, now=now)


def remove_impact(*, actor: Actor, number: int, row_id: int, now: dt.datetime | None = None) -> None:
    """Take a row away that was written by mistake; the timeline says so."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "edit_impact", number)
        row = _row(actor, incident, row_id)
        row.delete()
        _settle(incident, row, "removed", actor=actor, now=now)


def _service(actor: Actor, incident: Incident, service_id: int | None) -> Service | None:
    """The service, made part of the incident when it was not."""
    if service_id is None:
        return None
    service: Service | None = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    IncidentService.objects.get_or_create(
        incident=incident, service=service, defaults={"position": incident.service_rows.count()}
    )
    return service


def _row(actor: Actor, incident: Incident, row_id: int) -> ImpactRow:
    row = incident.impact_rows.select_related("service").filter(pk=row_id).first()
    if row is None:
        raise NotVisible
    if row.service is not None and not Service.objects.visible_to(actor).filter(pk=row.service_id).exists():
        raise NotVisible
    return row


def _fill(row: ImpactRow, facts: Mapping[str, Any], now: dt.datetime) -> None:
    """Set the given facts; `InvalidInput` naming the first that is wrong."""
    for name, value in facts.items():
        setattr(row, name, _CLEAN[name](name, value))
    if row.started_at > now + dt.timedelta(minutes=1):
        raise field_error("started_at", "That is in the future.")
    if row.ended_at is not None and row.ended_at < row.started_at:
        raise field_error("ended_at", "That is before it began.")
    if row.ended_at is not None and row.ended_at > now + dt.timedelta(minutes=1):
        raise field_error("ended_at", "That is in the future.")


def _one_of(choices: Sequence[str], *, empty: bool = False) -> Any:
    def clean(name: str, value: Any) -> str:
        if value not in choices and not (empty and not value):
            raise field_error(name, f"One of {', '.join(choices)}.")
        return value or ""

    return clean


def _words(name: str, value: Sequence[str] | None) -> list[str]:
    words = list(dict.fromkeys(filter(None, (one_line(word, 60) for word in value or []))))
    if len(words) > MOST_WORDS:
        raise field_error(name, f"At most {MOST_WORDS}.")
    return words


def _count(name: str, value: int | None) -> int | None:
    if value is not None and not 0 <= value <= LARGEST[name]:
        raise field_error(name, f"A whole number from 0 to {LARGEST[name]:,}.")
    return value


_CLEAN: dict[str, Any] = {
    "condition": _one_of(ImpactCondition.values),
    "reach": _one_of(Reach.values, empty=True),
    "regions": _words,
    "segments": _words,
    "customers": _count,
    "requests_failed": _count,
    "tickets": _count,
    "data_lost": lambda name, value: one_line(value or "", 300),
    "note": lambda name, value: one_line(value or "", 500),
    "started_at": lambda name, value: value,
    "ended_at": lambda name, value: value,
}


def _settle(incident: Incident, row: ImpactRow, what: str, *, actor: Actor, now: dt.datetime) -> None:
    """The service's condition follows its newest open row; the timeline and the feed hear of it."""
    if row.service_id is not None:
        open_rows = incident.impact_rows.filter(service_id=row.service_id, ended_at=None)
        newest = open_rows.order_by("-started_at", "-pk").first()
        condition = newest.condition if newest else ImpactCondition.OPERATIONAL
        if newest is None and not incident.impact_rows.filter(service_id=row.service_id).exists():
            condition = ImpactCondition.UNKNOWN
        incident.service_rows.filter(service_id=row.service_id).update(condition=condition)
    began = incident.impact_started_at
    # An earlier start is news about the incident; a later one may be of one region alone.
    mitigated = incident.mitigated_at
    fits = mitigated is None or row.started_at <= mitigated
    if what != "removed" and fits and (began is None or row.started_at < began):
        incident.impact_started_at = row.started_at
    data = {
        "row": row.pk,
        "what": what,
        "service": row.service.name if row.service else "",
        "condition": row.condition,
        "reach": row.reach,
        "regions": row.regions,
        "over": row.ended_at is not None,
    }
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.IMPACT,
        now=now,
        text=row.note,
        data=data,
        audience=EntryAudience.SUPPORT,
        happened_at=min(row.ended_at or row.started_at, now) if what == "added" else None,
    )
    save_incident(incident, now, "impact_started_at")
    announce(incident, "details", actor)
