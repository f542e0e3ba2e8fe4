"""Incidents with the times a test says, written as rows."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from zoneinfo import ZoneInfo

from incidents.models import Incident, IncidentService
from postmortems.models import Postmortem
from services.models import Service
from teams.actor import Actor
from tests.world import World
from web.insights.scope import read
from web.insights.shapes import Found, Question

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
_numbers = itertools.count(5000)


def at(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def past(
    world: World,
    began: dt.datetime,
    *,
    severity: int | None = 2,
    ack: int | None = None,
    mitigated: int | None = None,
    resolved: int | None = None,
    service: Service | None = None,
    **fields: Any,
) -> Incident:
    """An incident of the world's team that began and was detected then; minutes after it for the rest."""
    times = {"acknowledged_at": ack, "mitigated_at": mitigated, "resolved_at": resolved}
    found = {name: began + value * MINUTE for name, value in times.items() if value is not None}
    values: dict[str, Any] = {
        "number": next(_numbers),
        "title": "Checkout down",
        "team": world.team,
        "severity_id": severity,
        "status": "resolved" if resolved is not None else "investigating",
        "created_at": began,
        "detected_at": began,
        "declared_at": began,
    }
    row = Incident.objects.create(**(values | found | fields))
    IncidentService.objects.create(incident=row, service=service or world.service)
    return row


def document(incident: Incident, **fields: Any) -> Postmortem:
    return Postmortem.objects.create(incident=incident, **fields)


def ask(actor: Actor, zone: str = "UTC", now: dt.datetime = NOW, **query: Any) -> Question:
    return Question(actor, read(query, now, ZoneInfo(zone))[0], now)


def values(found: Found) -> list[tuple[Any, ...]]:
    """The rows in the order of the columns."""
    return [tuple(row.values[column.key] for column in found.columns) for row in found.rows]
