"""A figure's rows as the page shows them: words, and the address behind each number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core import display
from core.templatetags._time import words
from web.insights.charts import month_text
from web.insights.durations import ALL
from web.insights.scope import Scope
from web.insights.shapes import WORD, Figure, Found, Row


@dataclass(frozen=True)
class Cell:
    """`number`: stands to the right."""

    label: str
    text: str
    url: str = ""
    number: bool = True
    mark: str = ""


@dataclass(frozen=True)
class Lengths:
    """A cell of a durations table."""

    severity: str
    label: str
    median: str
    most: str
    count: int
    url: str


def behind_url(figure: Figure, scope: Scope, link: dict[str, str]) -> str:
    """The list of what a number counts."""
    return f"/insights/{figure.key}/incidents/?{scope.query(**link)}"


def table(figure: Figure, found: Found, scope: Scope) -> list[list[Cell]]:
    return [
        [
            _cell(figure, column.key, str(column.label), column.unit, row, scope, place == 0)
            for place, column in enumerate(found.columns)
        ]
        for row in found.rows
    ]


def _cell(figure: Figure, key: str, label: str, unit: str, row: Row, scope: Scope, first: bool) -> Cell:
    value = row.values[key]
    url = row.urls.get(key, "")
    if key in row.links and value:
        url = behind_url(figure, scope, row.links[key])
    return Cell(label, text_of(value, unit), url, unit != WORD and not first, row.mark if first else "")


def text_of(value: Any, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    match unit:
        case "seconds":
            return str(words(value))
        case "percent":
            return f"{value} %"
        case "count":
            return str(number_format(value, use_l10n=True, force_grouping=True))
        case "day":
            return f"{display.day_text(value)} {value.year}"
        case "time":
            local = timezone.localtime(value)
            return f"{display.day_text(local)} {local.year}"
    return str(value)


def plain(value: Any) -> Any:
    """A value for the API: times in UTC, days as ISO 8601."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else value


def severities_of(found: Found) -> list[str]:
    """The severities a durations table has columns for, all together first."""
    ranks = sorted({row.values["severity"] for row in found.rows} - {ALL})
    return [ALL, *ranks] if len(ranks) > 1 else ranks


def severity_text(rank: str) -> str:
    return _("All") if rank == ALL else _("Not set") if rank == "none" else f"Sev-{rank}"


def lengths(figure: Figure, found: Found, scope: Scope) -> list[tuple[str, list[Lengths | None]]]:
    """(month, a cell a severity) with the whole range first, then the newest month."""
    ranks = severities_of(found)
    by_place = {(row.values["month"], row.values["severity"]): row for row in found.rows}
    months = sorted({month for month, _rank in by_place} - {ALL}, reverse=True)
    shown = []
    for month in [ALL, *months]:
        cells = []
        for rank in ranks:
            row = by_place.get((month, rank))
            cells.append(_lengths(figure, row, scope) if row else None)
        shown.append((_("Whole range") if month == ALL else month_text(month), cells))
    return shown


def _lengths(figure: Figure, row: Row, scope: Scope) -> Lengths:
    values = row.values
    return Lengths(
        severity=values["severity"],
        label=severity_text(values["severity"]),
        median=str(words(values["median_seconds"])),
        most=str(words(values["p90_seconds"])),
        count=values["count"],
        url=behind_url(figure, scope, row.links["count"]),
    )
