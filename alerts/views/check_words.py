"""How a check is, in words: its sentence, and what each location saw last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from alerts.checks.deciding import fresh_for
from alerts.choices import CheckStatus
from alerts.models import Check, CheckRun
from alerts.watch.heartbeats import length

# A run that is due for longer is not about to be made: its worker is away.
_SOON = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Place:
    """What one location saw last. state: ok, failed, old (too long ago to count), none (nothing yet) or rest (the
    check is paused)."""

    run: CheckRun
    state: str

    @property
    def name(self) -> str:
        return self.run.location.name

    @property
    def is_fresh(self) -> bool:
        return self.state in ("ok", "failed")


def seen(check: Check, runs: Iterable[CheckRun], now: dt.datetime) -> list[Place]:
    """The last result of each location."""
    oldest = now - fresh_for(check.interval_seconds, check.timeout_seconds)
    if check.status == CheckStatus.PAUSED:
        return [Place(run, "rest") for run in runs]
    return [Place(run, _state(run, oldest)) for run in runs]


def _state(run: CheckRun, oldest: dt.datetime) -> str:
    if run.seen_at is None or run.ok is None:
        return "none"
    if run.seen_at <= oldest:
        return "old"
    return "ok" if run.ok else "failed"


def headline(check: Check, places: list[Place], now: dt.datetime) -> str:
    """The state in one sentence: "Up for 12 days, seen from 2 of 2 locations"."""
    values = {
        "time": since(check.changed_at, now),
        "all": len(places),
        "needed": check.needed,
        "good": sum(place.state == "ok" for place in places),
        "bad": sum(place.state == "failed" for place in places),
        "here": sum(place.is_fresh for place in places),
    }
    if check.status == CheckStatus.UP:
        return _("Up for %(time)s, seen from %(good)d of %(all)d locations") % values
    if check.status == CheckStatus.DOWN:
        return _("Down for %(time)s: %(bad)d of %(all)d locations see it fail") % values
    if check.status == CheckStatus.UNKNOWN:
        return (
            _("Not checked for %(time)s: %(here)d of %(all)d locations report, %(needed)d are needed")
            % values
        )
    if check.status == CheckStatus.PAUSED:
        return _("Paused for %(time)s: nothing is checked and nobody is told") % values
    return _("Waiting for the first results: %(here)d of %(all)d locations have reported") % values


def since(moment: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago in the largest unit that fits: 12 days, 3 hours, 5 minutes, 40 seconds."""
    seconds = max(0, int((now - moment).total_seconds())) if moment else 0
    unit = next((size for size in (86_400, 3600, 60) if seconds >= size), 1)
    return length(seconds // unit * unit)


def every(check: Check) -> str:
    """ "every 5 minutes"."""
    return _("every %(length)s") % {"length": length(check.interval_seconds)}


def awaited(check: Check, now: dt.datetime) -> bool:
    """Whether results are about to come: a run is being made, or due and not for so long that nobody makes it."""
    if check.status == CheckStatus.PAUSED:
        return False
    return any(
        (run.leased_until is not None and run.leased_until > now) or now - _SOON < run.next_at <= now
        for run in check.runs.all()
    )
