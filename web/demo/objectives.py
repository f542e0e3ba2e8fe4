"""How good services shall be: one is, one spends its budget too fast, one has spent it, one is measured by a heartbeat.

Counts end when the demo is started; each start brings them up to date.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from alerts.actions.objectives import bucket_of, evaluate, save_objective
from alerts.choices import AlertStatus, ObjectiveSource
from alerts.models import Alert, Objective, ObjectiveCount
from alerts.slo import saying
from alerts.slo.burn import Firing, pairs
from core import clock
from teams.actor import actor_for
from web.demo.loader import Loaded, extra

_SEED = 32
_DAY, _HOUR, _STEP = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=5)
# Of the last days there is a count each five minutes, of those before one an hour.
_CLOSE, _WINDOW = 3 * _DAY, 30 * _DAY
_OUTAGE_AGO, _OUTAGE = 11 * _DAY, 2 * _HOUR


@dataclass(frozen=True)
class _Demo:
    """`calm`: bad events of a million; `lately`: in the last four days; `outage`: those of a past one."""

    name: str
    service: str
    description: str
    target: str
    hourly: int
    calm: int
    lately: int
    outage: int = 0
    pages: bool = True


_OBJECTIVES = (
    _Demo(
        "Searches are answered within half a second",
        "search",
        "An answer with status 2xx within 500 ms, counted at the edge.",
        "99.5",
        84_000,
        1_100,
        900,
    ),
    _Demo(
        "Orders are taken without an error",
        "checkout",
        "An order that is placed at the first try.",
        "99.9",
        9_600,
        350,
        1_650,
        pages=False,
    ),
    _Demo(
        "Customers can sign in",
        "authentication",
        "A sign-in with the right password that ends with a session.",
        "99.9",
        21_000,
        240,
        260,
        outage=310_000,
    ),
)


@extra
def objectives(made: Loaded, now: dt.datetime) -> None:
    """Within its budget, burning slowly, and spent by the outage of the past."""
    robin = actor_for(made.people["admin"])
    for demo in _OBJECTIVES:
        row = save_objective(
            actor=robin,
            now=now,
            name=demo.name,
            service_id=made.services[demo.service].pk,
            description=demo.description,
            target=Decimal(demo.target),
            source="counts",
            pages=demo.pages,
        )
        Objective.objects.filter(pk=row.pk).update(created_at=now - 2 * _WINDOW)
        _counts(row, demo, now)
    row = save_objective(
        actor=robin,
        now=now,
        name="Invoices are written in time",
        service_id=made.services["order-service"].pk,
        description="The monthly run has given its sign of life when it was expected.",
        target=Decimal("99.5"),
        window_days=90,
        source=ObjectiveSource.HEARTBEATS,
        pages=False,
    )
    Objective.objects.filter(pk=row.pk).update(created_at=now - 2 * _WINDOW)
    evaluate(now)
    _alert(Objective.objects.get(name=_OBJECTIVES[-1].name), now - _OUTAGE_AGO)


def refresh() -> None:
    """On each start: the counts end now again, unless somebody pushes their own."""
    now = clock.now()
    by_name = {demo.name: demo for demo in _OBJECTIVES}
    with transaction.atomic():
        for row in Objective.objects.filter(name__in=by_name, is_enabled=True):
            last = ObjectiveCount.objects.filter(objective=row).order_by("-at").first()
            if last is not None and last.at < now - _HOUR:
                ObjectiveCount.objects.filter(objective=row).delete()
                _counts(row, by_name[row.name], now)


def _counts(row: Objective, demo: _Demo, now: dt.datetime) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - the same story every time, nothing secret
    rows = []
    for at, length in _times(now):
        total = round(demo.hourly * (length / _HOUR) * chance.uniform(0.8, 1.2))
        ago = now - at
        rate = demo.lately if ago < 4 * _DAY else demo.calm
        if demo.outage and _OUTAGE_AGO - _OUTAGE < ago <= _OUTAGE_AGO:
            rate = demo.outage
        bad = min(round(total * rate / 1e6 * chance.uniform(0.85, 1.15)), total)
        rows.append(ObjectiveCount(objective=row, at=at, good=total - bad, total=total))
    ObjectiveCount.objects.bulk_create(rows)


def _times(now: dt.datetime) -> Iterator[tuple[dt.datetime, dt.timedelta]]:
    """When each count begins and for how long it stands, the newest first."""
    at = bucket_of(now) - _STEP
    while at > now - _CLOSE:
        yield at, _STEP
        at -= _STEP
    while at > now - _WINDOW:
        yield at, _HOUR
        at -= _HOUR


def _alert(row: Objective, at: dt.datetime) -> None:
    """The burn of the outage, in the words the product has for it; it joined what was open already."""
    speed, pair = pairs(row.window_days)[0]
    told = saying.burns(row, Firing(speed, pair, 310.0), row.get_absolute_url())
    Alert.objects.create(
        integration=row.integration,
        service_id=row.service_id,
        team_id=row.team_id,
        dedup_key=told.dedup_key,
        group_key=told.group_key,
        status=AlertStatus.RESOLVED,
        severity=told.severity,
        title=told.title,
        source=told.source,
        labels=told.labels,
        route=[f"Came in over “{row.name}” for {row.service.name}"],
        first_seen_at=at + 3 * _STEP,
        last_seen_at=at + 3 * _STEP,
        acknowledged_at=at + 4 * _STEP,
        resolved_at=at + _OUTAGE + 6 * _STEP,
    )
