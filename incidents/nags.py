"""Friendly reminders of missing facts: which are due. Pure; `incidents.timers.nags` sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident

S = IncidentStatus
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
# Between these hours of the owner's own day, Monday to Friday.
DAYTIME = (9, 18)


@dataclass(frozen=True)
class Nag:
    """A fact that is missing since `since`. Repeated each `every`, at most `times` in all.

    `now`: at once, whatever the hour, because the incident goes on; else in the owner's daytime.
    """

    what: str
    title: str | Promise
    body: str | Promise
    dialog: str
    since: dt.datetime
    every: dt.timedelta = DAY
    times: int = 3
    now: bool = False


def missing(incident: Incident, now: dt.datetime) -> list[Nag]:
    """The facts an incident has lacked for long enough. None for drills, while on hold, and once closed."""
    if incident.kind != IncidentKind.REAL or incident.on_hold_until is not None:
        return []
    if incident.status in (S.INVESTIGATING, S.IDENTIFIED, S.MONITORING):
        found = _while_it_lasts(incident, now)
    elif incident.status in (S.RESOLVED, S.IN_REVIEW):
        found = _afterwards(incident)
    else:
        return []
    return [nag for nag in found if nag.since <= now]


def _while_it_lasts(incident: Incident, now: dt.datetime) -> Iterator[Nag]:
    declared, level = incident.declared_at or incident.created_at, incident.severity
    if level is None:
        yield Nag(
            "severity",
            _("How grave is it?"),
            _("No severity is set yet, so no clock runs. Unsure between two? Take the higher one."),
            "severity/",
            declared + 10 * MINUTE,
            every=30 * MINUTE,
            now=True,
        )
    elif level.needs_commander and incident.commander_id is None:
        yield Nag(
            "commander",
            _("Nobody is in command"),
            _("An incident of this severity needs a commander. Take command or name somebody."),
            "role/?role=commander",
            declared + (level.commander_minutes or 10) * MINUTE,
            every=10 * MINUTE,
            now=True,
        )
    light = level is not None and level.light
    if not incident.impact:
        yield Nag(
            "impact",
            _("Who feels it?"),
            _("The impact is not described yet. One sentence helps everybody who follows."),
            "impact/",
            declared + (DAY if light else HOUR),
            every=4 * HOUR,
            now=not light,
        )
    if incident.updated_at <= now - 2 * DAY:
        yield Nag(
            "still_open",
            _("Is it still going on?"),
            _("Nothing was written for two days. Resolve it, or put it on hold until something is expected."),
            "",
            incident.updated_at + 2 * DAY,
            every=2 * DAY,
        )


def _afterwards(incident: Incident) -> Iterator[Nag]:
    resolved, level = incident.resolved_at, incident.severity
    if resolved is None:
        return
    if incident.impact_started_at is None:
        yield Nag(
            "impact_started",
            _("When did it begin?"),
            _("The start of the impact is not known yet, so its length is not either."),
            "times/",
            resolved + 2 * HOUR,
        )
    if level is not None and level.review_hours and incident.review_held_at is None:
        yield Nag(
            "review",
            _("The review is due"),
            _("Hold it while it is fresh, and enter when it was held."),
            "times/",
            resolved + level.review_hours * HOUR,
            every=2 * DAY,
        )
    if level is None or not level.postmortem_required:
        yield Nag(
            "close",
            _("Can it be closed?"),
            _("It has been resolved for three days. Close it if nothing is left to do."),
            "status/?status=closed",
            resolved + 3 * DAY,
            every=7 * DAY,
        )


def is_daytime(local: dt.datetime) -> bool:
    """Whether the owner's wall clock says a working day between 9 and 18 o'clock."""
    return local.weekday() < 5 and DAYTIME[0] <= local.hour < DAYTIME[1]
