"""Geometry of the pictures: plain SVG whose lengths are percent across and pixels down, so that no style is needed."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR

from core import display
from core.templatetags._time import words
from web.insights.durations import ALL
from web.insights.scope import Scope
from web.insights.shapes import Found, Row

_TOP, _TALL, _BELOW = 10, 180, 24
_LEFT, _WIDE = 8.0, 91.0
# Where a scale of time may carry a line: 30 s to 90 days.
_STEPS = (30, 60, 300, 900, 3600, 4 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400, 90 * 86400)
HEAT_LEVELS = 5
MOST_SERVICES = 15


@dataclass(frozen=True)
class Mark:
    """A severity's median in one month, and the 90th percentile above it."""

    x: str
    y: int
    top: int
    title: str


@dataclass(frozen=True)
class Line:
    severity: str
    marks: list[Mark]

    @property
    def pairs(self) -> list[tuple[Mark, Mark]]:
        return list(zip(self.marks, self.marks[1:], strict=False))


@dataclass(frozen=True)
class Scale:
    y: int
    label: str


@dataclass(frozen=True)
class DurationChart:
    """`ticks`: (x, month). The scale goes by ratio: each line up is several times as long."""

    lines: list[Line]
    scales: list[Scale]
    ticks: list[tuple[str, str]]
    height: int = _TOP + _TALL + _BELOW
    base: int = _TOP + _TALL


def months_of(scope: Scope) -> list[str]:
    """The months a scope touches, as YYYY-MM, oldest first."""
    found, day = [], scope.first.replace(day=1)
    while day <= scope.last:
        found.append(f"{day:%Y-%m}")
        day = (day + dt.timedelta(days=31)).replace(day=1)
    return found


def month_text(month: str) -> str:
    """May 2026."""
    year, _dash, number = month.partition("-")
    return f"{str(MONTHS_3[int(number)]).title()} {year}"


def duration_chart(found: Found, scope: Scope) -> DurationChart | None:
    """None with nothing to draw."""
    rows = [row.values for row in found.rows if row.values["month"] != ALL and row.values["severity"] != ALL]
    if not rows:
        return None
    months = months_of(scope)
    low, high = _bounds(rows)
    ranks = sorted({row["severity"] for row in rows})
    step = _WIDE / len(months)
    lines = []
    for place, rank in enumerate(ranks):
        # Beside each other, so that one does not hide another.
        aside = (place - (len(ranks) - 1) / 2) * min(1.4, step / (len(ranks) + 1))
        marks = [
            Mark(
                x=f"{_LEFT + step * (months.index(row['month']) + 0.5) + aside:.2f}%",
                y=_height(row["median_seconds"], low, high),
                top=_height(row["p90_seconds"], low, high),
                title=f"{month_text(row['month'])}: {words(row['median_seconds'])}"
                f" · 90 %: {words(row['p90_seconds'])} · {row['count']}",
            )
            for row in rows
            if row["severity"] == rank and row["month"] in months
        ]
        lines.append(Line(rank, marks))
    scales = [
        Scale(_height(each, low, high), words(each).removesuffix(" 0 min").removesuffix(" 0 h"))
        for each in _STEPS
        if low <= each <= high
    ]
    every = math.ceil(len(months) / 7)
    ticks = [
        (f"{_LEFT + step * (place + 0.5):.2f}%", month_text(month))
        for place, month in enumerate(months)
        if place % every == 0
    ]
    return DurationChart(lines, scales, ticks)


def _bounds(rows: list[dict[str, Any]]) -> tuple[int, int]:
    least = min(row["median_seconds"] for row in rows)
    most = max(row["p90_seconds"] for row in rows)
    low = max((each for each in _STEPS if each <= least), default=_STEPS[0] // 3)
    high = min((each for each in _STEPS if each >= most), default=max(most, _STEPS[-1]))
    return low, high if high > low else low * 5


def _height(seconds: int, low: int, high: int) -> int:
    share = (math.log(max(seconds, low)) - math.log(low)) / (math.log(high) - math.log(low))
    return round(_TOP + _TALL * (1 - min(share, 1.0)))


@dataclass(frozen=True)
class Column:
    x: str
    width: str
    y: int
    height: int
    severe_y: int
    severe_height: int
    title: str
    label: str


@dataclass(frozen=True)
class ColumnChart:
    columns: list[Column]
    most: int
    height: int = _TOP + 120 + _BELOW
    base: int = _TOP + 120


def week_chart(found: Found) -> ColumnChart:
    """A column a week, its severe part below."""
    most = max((row.values["count"] for row in found.rows), default=0) or 1
    step = 100 / max(len(found.rows), 1)
    every = math.ceil(len(found.rows) / 7)
    columns = []
    for place, row in enumerate(found.rows):
        tall, severe = (round(120 * row.values[key] / most) for key in ("count", "severe"))
        day = display.day_text(row.values["week"])
        columns.append(
            Column(
                x=f"{step * (place + 0.12):.2f}%",
                width=f"{step * 0.76:.2f}%",
                y=_TOP + 120 - tall,
                height=tall,
                severe_y=_TOP + 120 - severe,
                severe_height=severe,
                title=f"{day}: {row.values['count']}",
                label=day if place % every == 0 else "",
            )
        )
    return ColumnChart(columns, most)


@dataclass(frozen=True)
class Cell:
    """`level` 0 (nothing) to `HEAT_LEVELS`; `link`: what to add to the address."""

    hour: int
    count: int = 0
    level: int = 0
    link: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HeatRow:
    label: str
    total: int
    cells: list[Cell]
    link: dict[str, str]


def heat(found: Found, name: str) -> list[HeatRow]:
    """A row a weekday or service (`name` is its column), a cell an hour. Services: the busiest alone."""
    grouped: dict[Any, dict[int, Row]] = {}
    for day in _weekdays() if name == "weekday" else ():
        grouped[day] = {}
    for row in found.rows:
        grouped.setdefault(row.values[name], {})[row.values["hour"]] = row
    most = max((row.values["count"] for row in found.rows), default=0)
    return [
        _heat_row(str(WEEKDAYS_ABBR[key]) if name == "weekday" else key, cells, most, name)
        for key, cells in list(grouped.items())[:MOST_SERVICES]
    ]


def _heat_row(label: str, rows: dict[int, Row], most: int, name: str) -> HeatRow:
    cells = [
        Cell(
            hour,
            row.values["count"],
            max(1, math.ceil(HEAT_LEVELS * row.values["count"] / most)),
            row.links["count"],
        )
        if (row := rows.get(hour))
        else Cell(hour)
        for hour in range(24)
    ]
    first = next(iter(rows.values()), None)
    own = "service" if name == "service" else "weekday"
    link = {own: first.links["count"][own]} if first else {}
    return HeatRow(label, sum(cell.count for cell in cells), cells, link)


def _weekdays() -> Iterator[int]:
    first = display.first_weekday()
    yield from calendar.Calendar(first).iterweekdays()
