"""Times of the week by the wall clock of a zone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_SPANS = 14
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE = re.compile(r"\s*(?P<days>[^\d]+?)\s+(?P<start>\d\d:\d\d)\s*[-–]\s*(?P<end>\d\d:\d\d)\s*")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class HoursError(ValueError):
    """Hours or a zone that cannot be used; its text is the reason."""


class Span(NamedTuple):
    """From `start` to before `end`, in minutes of the wall clock, on the days it begins (Monday is 0).

    An end at or before the start is of the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def covers(self, day: int, minute: int) -> bool:
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or (
            (day - 1) % 7 in self.days and minute < self.end
        )


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; `HoursError` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise HoursError(f"There is no time zone “{name[:60]}”.") from None


def covered(spans: Sequence[Span], zone_name: str, now: dt.datetime) -> bool:
    """Whether the zone's clock shows a time within one of the spans; no spans are always."""
    if not spans:
        return True
    local = now.astimezone(zone(zone_name))
    return any(span.covers(local.weekday(), local.hour * 60 + local.minute) for span in spans)


def stored(rows: Any) -> tuple[Span, ...]:
    """Spans from the database; `HoursError` when they are not what was written there."""
    try:
        return tuple(Span(frozenset(row["days"]), _minute(row["start"]), _minute(row["end"])) for row in rows)
    except (TypeError, KeyError, AttributeError):
        raise HoursError("The stored hours cannot be read.") from None


def checked(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Spans as they are stored: `{days, start, end}`; `HoursError` with the reason."""
    if len(rows) > MAX_SPANS:
        raise HoursError(f"At most {MAX_SPANS} spans of hours.")
    return [_checked(row) for row in rows]


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    days = sorted(set(row.get("days") or ()))
    if not days or not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise HoursError("Hours need at least one day, from 0 (Monday) to 6 (Sunday).")
    start, end = str(row.get("start") or "00:00"), str(row.get("end") or "24:00")
    if start == "24:00":
        raise HoursError("Hours may start at 23:59 at the latest.")
    _minute(start)
    _minute(end)
    return {"days": days, "start": start, "end": end}


def _minute(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise HoursError(f"“{text[:20]}” is no time such as 09:00.")
    return int(text[:2]) * 60 + int(text[3:])


def described(rows: Sequence[Mapping[str, Any]]) -> str:
    """The hours in words, such as “Mon-Fri 09:00-17:00”; empty for always."""
    return "; ".join(_described(row) for row in rows)


def show_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """One span a line; `parse` reads it back."""
    return "\n".join(_described(row) for row in rows)


def parse(text: str) -> list[dict[str, Any]]:
    """Read spans such as `Mon-Fri 09:00-17:00` or `Sat,Sun 22:00-06:00`, one a line; `HoursError` naming the line."""
    rows = []
    for line in text.splitlines():
        if line.strip():
            found = _LINE.fullmatch(line)
            days = _read_days(found["days"]) if found else None
            if found is None or not days:
                raise HoursError(
                    f"Write Mon-Fri 09:00-17:00, one a line; “{line.strip()[:60]}” cannot be read."
                )
            rows.append({"days": days, "start": found["start"], "end": found["end"]})
    return rows


def _read_days(text: str) -> list[int] | None:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _dash, last = part.strip().replace("–", "-").partition("-")
        ends = [
            _DAYS.index(each.strip()[:3]) if each.strip()[:3] in _DAYS else -1
            for each in (first, last or first)
        ]
        if -1 in ends:
            return None
        begin, end = ends
        found |= {day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)}
    return sorted(found)


def _described(row: Mapping[str, Any]) -> str:
    days: Sequence[int] = row["days"]
    names = [_DAYS[day].title() for day in days]
    run = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    return f"{f'{names[0]}-{names[-1]}' if run else ','.join(names)} {row['start']}-{row['end']}"
