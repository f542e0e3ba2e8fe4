"""When a heartbeat is late, and how that is said. Pure rules."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.sources.base import Parsed
from alerts.watch import cron

# A sign that comes a moment early is meant for the time that follows.
_EARLY = dt.timedelta(seconds=10)


class Expected(Protocol):
    """What is asked of a heartbeat."""

    pk: int
    name: str
    interval_seconds: int
    cron: str
    timezone: str
    grace_seconds: int
    severity: str
    last_ping_at: dt.datetime | None


def due_after(beat: Expected, sign: dt.datetime) -> dt.datetime | None:
    """When the sign after the one at `sign` is late, grace included; None when its schedule names no further day."""
    grace = dt.timedelta(seconds=beat.grace_seconds)
    if not beat.cron:
        return sign + dt.timedelta(seconds=beat.interval_seconds) + grace
    following = cron.following(beat.cron, beat.timezone, sign + _EARLY)
    return following + grace if following else None


def expectation(beat: Expected) -> str:
    """How often, in words."""
    if beat.cron:
        return _("by “%(cron)s” in %(zone)s") % {"cron": beat.cron, "zone": beat.timezone}
    return _("every %(length)s") % {"length": length(beat.interval_seconds)}


def length(seconds: int) -> str:
    """A whole length in its largest fitting unit: 90 seconds, 5 minutes, 2 hours, 1 day."""
    if seconds and seconds % 86_400 == 0:
        return ngettext("%d day", "%d days", seconds // 86_400) % (seconds // 86_400)
    if seconds and seconds % 3600 == 0:
        return ngettext("%d hour", "%d hours", seconds // 3600) % (seconds // 3600)
    if seconds and seconds % 60 == 0:
        return ngettext("%d minute", "%d minutes", seconds // 60) % (seconds // 60)
    return ngettext("%d second", "%d seconds", seconds) % seconds


def _at(instant: dt.datetime | None, now: dt.datetime) -> str:
    if instant is None:
        return _("none yet")
    return f"{instant:%H:%M} UTC" if now - instant < dt.timedelta(hours=20) else f"{instant:%d %b %H:%M} UTC"


def late(beat: Expected, now: dt.datetime) -> Parsed:
    """The alert of a sign that did not come in time."""
    values = {"name": beat.name, "at": _at(beat.last_ping_at, now), "how": expectation(beat)}
    return _trigger(
        beat, _("Heartbeat %(name)s is late: last sign %(at)s, expected %(how)s") % values, "", "late"
    )


def failed(beat: Expected, text: str) -> Parsed:
    """The alert of a job that says itself that it failed; `text` is what it sent along."""
    return _trigger(beat, _("Heartbeat %(name)s reports a failure") % {"name": beat.name}, text, "failed")


def alive(beat: Expected) -> Parsed:
    """The sign is there again."""
    return Parsed(action="resolve", dedup_key=_key(beat), group_key=_key(beat), source=beat.name)


def _key(beat: Expected) -> str:
    return f"heartbeat:{beat.pk}"


def _trigger(beat: Expected, title: str, description: str, why: str) -> Parsed:
    return Parsed(
        action="trigger",
        dedup_key=_key(beat),
        group_key=_key(beat),
        title=title[:300],
        description=description,
        severity=beat.severity,
        source=beat.name,
        labels={"heartbeat": beat.name, "reason": why},
    )
