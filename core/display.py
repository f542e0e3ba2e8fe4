"""How the person who looks wants times and weeks shown. `web.middleware` sets it for each request;
without a person (mails, live fragments, public pages) the clock has 24 hours and weeks begin on Monday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR


@dataclass(frozen=True, slots=True)
class Display:
    """`clock_24h`: 15:04, else 3:04 PM. `week_starts_monday`: else on Sunday."""

    clock_24h: bool = True
    week_starts_monday: bool = True


_DEFAULT = Display()
_current: ContextVar[Display] = ContextVar("display", default=_DEFAULT)


def current() -> Display:
    return _current.get()


@contextmanager
def override(display: Display) -> Iterator[None]:
    """Show everything rendered inside this way."""
    token = _current.set(display)
    try:
        yield
    finally:
        _current.reset(token)


def time_text(local: dt.datetime | dt.time, *, seconds: bool = False) -> str:
    """15:04 or 3:04 PM; `local` is shown as it stands, in its own zone."""
    shown = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if current().clock_24h:
        return shown
    return f"{local.hour % 12 or 12}{shown[2:]} {'AM' if local.hour < 12 else 'PM'}"


# A page shows hundreds of these; Django's own formatter looks the format itself up for each.


def day_text(local: dt.date) -> str:
    """3 Aug."""
    return f"{local.day} {MONTHS_3[local.month].title()}"


def weekday_text(local: dt.date) -> str:
    """Mon 3 Aug."""
    return f"{WEEKDAYS_ABBR[local.weekday()]} {day_text(local)}"


def day_time_text(local: dt.datetime) -> str:
    """Mon 3 Aug 15:04."""
    return f"{weekday_text(local)} {time_text(local)}"


def first_weekday() -> int:
    """The day that weeks begin with, as `date.weekday()` counts: 0 Monday, 6 Sunday."""
    return 0 if current().week_starts_monday else 6
