"""Which incidents a figure counts: a range of days, and the filters of the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

DAYS = (30, 90, 180, 365)
DEFAULT_DAYS = 180
# A range by dates is at most this long.
MOST_DAYS = 5 * 366
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2200, 1, 1)


@dataclass(frozen=True)
class Scope:
    """Local days `first` to `last`, both counted, in `zone`. `days`: the range asked for, None when by dates.

    `team` and `service` are slugs or ""; `severities` are ranks, and "none" for incidents without one.
    """

    first: dt.date
    last: dt.date
    zone: ZoneInfo
    days: int | None = DEFAULT_DAYS
    team: str = ""
    service: str = ""
    severities: tuple[str, ...] = ()

    @property
    def start(self) -> dt.datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> dt.datetime:
        """The midnight after the last day."""
        return midnight(self.last + dt.timedelta(days=1), self.zone)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def filtered(self) -> bool:
        return bool(self.team or self.service or self.severities)

    def query(self, **changes: str) -> str:
        """The address's query of this scope, with some values set beside or in place of its own."""
        pairs: dict[str, Any] = (
            {"days": self.days}
            if self.days
            else {"from": self.first.isoformat(), "to": self.last.isoformat()}
        )
        if self.team:
            pairs["team"] = self.team
        if self.service:
            pairs["service"] = self.service
        if self.severities:
            pairs["severity"] = list(self.severities)
        return urlencode(pairs | changes, doseq=True)


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The instant a local day begins."""
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def read(query: Mapping[str, Any], now: dt.datetime, zone: ZoneInfo) -> tuple[Scope, dict[str, str]]:
    """The scope an address asks for, and what of it was wrong by field; what is wrong counts as not asked."""
    today = now.astimezone(zone).date()
    wrong: dict[str, str] = {}
    days, first, last = _range(query, today, wrong)
    ranks = [part for value in _all(query, "severity") for part in value.split(",") if part]
    known = tuple(dict.fromkeys(rank for rank in ranks if rank in ("0", "1", "2", "3", "4", "none")))
    if len(set(ranks)) != len(known):
        wrong["severity"] = "0 to 4, or none."
    team, service = (_word(query, name) for name in ("team", "service"))
    return Scope(first, last, zone, days, team, service, known), wrong


def _range(
    query: Mapping[str, Any], today: dt.date, wrong: dict[str, str]
) -> tuple[int | None, dt.date, dt.date]:
    first, last = _day(query, "from", wrong), _day(query, "to", wrong)
    if first or last:
        last = last or max(today, first or today)
        first = first or last - dt.timedelta(days=DEFAULT_DAYS - 1)
        if first <= last and (last - first).days < MOST_DAYS:
            return None, first, last
        wrong["from"] = "Not after the last day, and at most five years before it."
    asked = _word(query, "days")
    days = next((each for each in DAYS if str(each) == asked), DEFAULT_DAYS)
    if asked and str(days) != asked:
        wrong["days"] = "One of 30, 90, 180 and 365."
    return days, today - dt.timedelta(days=days - 1), today


def _day(query: Mapping[str, Any], name: str, wrong: dict[str, str]) -> dt.date | None:
    text = _word(query, name)
    try:
        day = dt.date.fromisoformat(text) if text else None
    except ValueError:
        day = _LATEST
    if day is not None and not _EARLIEST <= day < _LATEST:
        wrong[name] = "A day such as 2026-03-31."
        return None
    return day


def _word(query: Mapping[str, Any], name: str) -> str:
    return str(query.get(name, "")).strip().replace("\0", "")[:100]


def _all(query: Any, name: str) -> list[str]:
    found: list[str] = query.getlist(name) if hasattr(query, "getlist") else [str(query.get(name, ""))]
    return found
