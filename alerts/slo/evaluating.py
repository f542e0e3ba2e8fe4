"""From what was measured to the figures of objectives, and what follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg.types.json import Jsonb

from alerts.choices import Burning, ObjectiveSource
from alerts.models import Objective
from alerts.slo import burn, saying
from alerts.slo.sums import Ask, ends_of, measured
from alerts.slo.words import fire_of
from alerts.watch.feeding import feed

# So many minutes the budget of a calm objective may be old.
_TURNS = 5

_WRITE = """
UPDATE alerts_objective AS row
SET sli = new.sli, budget_left = new.budget_left, rates = new.rates, evaluated_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(sli)s::float8[], %(left)s::float8[], %(rates)s::jsonb[])
     AS new(id, sli, budget_left, rates)
WHERE row.id = new.id AND (row.evaluated_at IS NULL OR row.evaluated_at <= %(now)s)
"""


def measure(rows: Sequence[Objective], now: dt.datetime, *, in_turn: bool = False) -> None:
    """Set the figures of these objectives, in memory: at most five statements for any number.

    `in_turn`: of those that are measured by counts and do not burn, a fifth has the whole window summed; the others
    keep their budget of at most five minutes ago.
    """
    ends, asks = ends_of(rows, now), []
    whole_of = {row.pk for row in rows if not in_turn or _is_turn(row, now)}
    for row in rows:
        window = (row.window_days * burn.DAY,) if row.pk in whole_of else ()
        for seconds in (*burn.lengths(row.window_days), *window):
            asks.append(Ask(row, ends[row.pk] - dt.timedelta(seconds=seconds), ends[row.pk]))
    found = iter(measured(asks, now))
    for row in rows:
        budget = burn.budget_of(row.target)
        rates = {str(seconds): burn.rate(next(found), budget) for seconds in burn.lengths(row.window_days)}
        if row.pk in whole_of:
            whole = next(found)
            row.sli, row.budget_left = burn.sli(whole), burn.left(whole, budget)
        row.rates, row.evaluated_at = _shortened(rates), now


def _is_turn(row: Objective, now: dt.datetime) -> bool:
    """Thousands of counts are summed for a window, and one minute changes little of it."""
    if row.source != ObjectiveSource.COUNTS or row.burning or row.sli is None:
        return True
    return (int(now.timestamp()) // 60 + row.pk) % _TURNS == 0


def _shortened(rates: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in rates.items()}


def write(rows: Sequence[Objective], now: dt.datetime) -> None:
    """Keep the figures, in one statement; those of a later evaluation stay."""
    values: dict[str, Any] = {
        "now": now,
        "ids": [row.pk for row in rows],
        "sli": [row.sli for row in rows],
        "left": [row.budget_left for row in rows],
        "rates": [Jsonb(row.rates) for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)


def speed_of(row: Objective) -> str:
    """How it burns by its figures; "" for one that is not in use."""
    fire = fire_of(row) if row.is_enabled else None
    return fire.speed if fire else Burning.NO


def settle(row: Objective, now: dt.datetime, *, paged: bool | None = None) -> None:
    """Bring `burning` to what the figures say, with its alerts. The caller holds the row locked.

    `paged`: whether it opened alerts until now (as it does, when not given). Beginning comes before ending, so that
    an incident that goes from one speed to the other is never without an alert.
    """
    paged = row.pages if paged is None else paged
    before, speed = str(row.burning), speed_of(row)
    was, will = before if paged else "", speed if row.pages else ""
    fire = fire_of(row)
    if will and will != was and fire is not None:
        feed(
            row.integration,
            saying.burns(row, fire, f"{settings.BASE_URL}{row.get_absolute_url()}"),
            now,
        )
    if was and was != will:
        feed(row.integration, saying.over(row, was), now)
    if speed != before:
        row.burning, row.burning_since = speed, now if speed else None
        row.save(update_fields=["burning", "burning_since"])


def end(row: Objective, now: dt.datetime) -> None:
    """It goes away: what is open resolves."""
    if row.burning and row.pages:
        feed(row.integration, saying.over(row, row.burning), now)
