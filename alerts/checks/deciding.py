"""What the results of a check's locations mean together. Pure rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from alerts.choices import CheckStatus

_MARGIN = dt.timedelta(seconds=30)


class Seen(NamedTuple):
    """What one location saw last; `ok` and `seen_at` are None before its first result."""

    location: str
    ok: bool | None
    seen_at: dt.datetime | None
    detail: str = ""


class Verdict(NamedTuple):
    """The status that follows, and the fresh results it follows from."""

    status: str
    failing: tuple[Seen, ...]
    well: tuple[Seen, ...]

    @property
    def reporting(self) -> int:
        """How many locations have a fresh result."""
        return len(self.failing) + len(self.well)


def fresh_for(interval_seconds: int, timeout_seconds: int) -> dt.timedelta:
    """How long a result counts: three intervals, a probe that takes its whole time, and 30 seconds."""
    return dt.timedelta(seconds=3 * interval_seconds + timeout_seconds) + _MARGIN


def verdict(
    *,
    status: str,
    since: dt.datetime,
    needed: int,
    window: dt.timedelta,
    seen: Iterable[Seen],
    now: dt.datetime,
) -> Verdict:
    """Down when `needed` fresh results fail; up when as many are fresh and fewer fail; else unknown.

    `status` held `since` then; a check that waits for its first results does so for `window` (`fresh_for`), and a
    paused one stays paused.
    """
    fresh = [each for each in seen if each.ok is not None and each.seen_at and now - each.seen_at < window]
    failing = tuple(each for each in fresh if not each.ok)
    well = tuple(each for each in fresh if each.ok)
    if status == CheckStatus.PAUSED:
        found = CheckStatus.PAUSED
    elif len(failing) >= needed:
        found = CheckStatus.DOWN
    elif len(fresh) >= needed:
        found = CheckStatus.UP
    elif status == CheckStatus.WAITING and now - since < window:
        found = CheckStatus.WAITING
    else:
        found = CheckStatus.UNKNOWN
    return Verdict(str(found), failing, well)
