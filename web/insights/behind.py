"""The incidents behind one number: the figure's scope, and what the number's own link adds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from core.queries import one_of
from web.insights import learning, volume, windows
from web.insights.durations import PAIRS
from web.insights.scope import midnight
from web.insights.shapes import Question
from web.insights.sums import incidents

CELLS = (
    "month",
    "week",
    "weekday",
    "hour",
    "severe",
    "promise",
    "met",
    "factor",
    "again",
    "class",
    "of_team",
    "state",
)
_WEEK = dt.timedelta(days=7)


def cell_of(query: Mapping[str, Any]) -> dict[str, str]:
    """What an address says beside its scope."""
    found = {name: str(query.get(name, "")).replace("\0", "")[:100] for name in CELLS}
    return {name: value for name, value in found.items() if value}


def behind(question: Question, figure: str, cell: Mapping[str, str]) -> QuerySet[Any]:
    """What a number of `figure` counts. A word that means nothing is passed over."""
    rows = incidents(question)
    if figure in PAIRS:
        since, to = PAIRS[figure]
        if to == "published":
            rows = rows.annotate(published=F("postmortem__published_at"))
        rows = rows.filter(**{f"{to}__gte": F(since)})
    for first, last in (_month(cell.get("month", "")), _week(cell.get("week", ""))):
        if first and last:
            zone = question.scope.zone
            rows = rows.filter(began__gte=midnight(first, zone), began__lt=midnight(last, zone))
    rows = _clock(rows, question, cell)
    if cell.get("severe"):
        rows = rows.filter(severity_id__lte=1)
    if cell.get("promise") in windows.WINDOWS and cell.get("met") in ("yes", "no"):
        rows = rows.filter(pk__in=one_of(windows.ids_of(question, cell["promise"], cell["met"] == "yes")))
    factor = cell.get("factor", "")
    if factor.isascii() and factor.isdigit() and len(factor) < 19:
        rows = rows.filter(postmortem__factors__factor_id=int(factor))
        if cell.get("again"):
            rows = rows.filter(pk__in=one_of(learning.again(question, int(factor))))
    elif cell.get("again") and question.scope.service:
        rows = rows.filter(pk__in=one_of(volume.again(question)))
    return rows


def _clock(rows: QuerySet[Any], question: Question, cell: Mapping[str, str]) -> QuerySet[Any]:
    zone = question.scope.zone
    hour, weekday = cell.get("hour", ""), cell.get("weekday", "")
    if hour.isascii() and hour.isdigit() and len(hour) < 3:
        rows = rows.annotate(local_hour=ExtractHour("began", tzinfo=zone)).filter(local_hour=int(hour))
    if weekday in ("0", "1", "2", "3", "4", "5", "6"):
        rows = rows.annotate(local_day=ExtractIsoWeekDay("began", tzinfo=zone)).filter(
            local_day=int(weekday) + 1
        )
    return rows


def _month(text: str) -> tuple[dt.date | None, dt.date | None]:
    first = _day(f"{text}-01") if text else None
    return (first, (first + dt.timedelta(days=31)).replace(day=1)) if first else (None, None)


def _week(text: str) -> tuple[dt.date | None, dt.date | None]:
    first = _day(text) if text else None
    return (first, first + _WEEK) if first else (None, None)


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None
