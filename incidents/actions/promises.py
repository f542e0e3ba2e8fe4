"""When each audience was promised the next word: the clocks of the severity and the times people were told.

`UpdatePromise` is the truth, one row for each audience; the incident carries the earliest for lists. All
functions work on an incident whose row is locked and whose fields the caller saves (`PROMISE_FIELDS`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from incidents.choices import IncidentKind, UpdateAudience, UpdateState, Visibility
from incidents.models import Incident, SeverityLevel, UpdatePromise

PROMISE_FIELDS = ("next_update_due_at", "next_update_audience")
A = UpdateAudience
# The gravest incidents: after the first public word the scope, a steady rhythm, then a slower one.
_SCOPE_MINUTES = 10
_SLOW_MINUTES = 60
_STEADY = dt.timedelta(hours=2)


def start_clocks(incident: Incident, level: SeverityLevel | None, now: dt.datetime) -> None:
    """Start the level's clocks: internal, executive, and public for open real incidents.

    A time that people were told stays, unless the level asks for an earlier one. A clock nobody was told of
    follows the level: a slower one counts from where the clock began, and goes where the level has none.
    """
    if level is None or not incident.is_active or incident.kind == IncidentKind.BACKFILLED:
        return
    held = {row.audience: row for row in UpdatePromise.objects.filter(incident=incident)}
    told = _told(incident) if held else {}
    for audience in (A.INTERNAL, A.EXECUTIVE, A.PUBLIC):
        row = held.get(audience)
        minutes = rhythm(incident, level, audience, now)
        is_told = row is not None and told.get(audience) == row.due_at
        if minutes is None:
            if row is not None and not is_told:
                row.delete()
            continue
        wanted = dt.timedelta(minutes=minutes)
        if row is None:
            _put(incident, audience, now, now + wanted)
        elif not is_told and row.began_at + wanted > row.due_at:
            _put(incident, audience, row.began_at, max(row.began_at + wanted, now))
        elif now + wanted < row.due_at:
            _put(incident, audience, now, now + wanted)
    show_earliest(incident)


def rhythm(
    incident: Incident,
    level: SeverityLevel | None,
    audience: str,
    now: dt.datetime,
    *,
    telling: bool = False,
) -> int | None:
    """Minutes until this audience should hear more, by the severity; None when it promises nothing.

    `telling`: it is being told something at this moment. Public: the first word within its own limit; where the
    level sets none, nothing is owed until the public has been told something. At rank 0 then the scope in 10
    minutes, the level's rhythm for two hours, and hourly from there.
    """
    if level is None:
        return None
    if audience == A.EXECUTIVE:
        return level.executive_minutes
    if audience != A.PUBLIC:
        return level.internal_update_minutes
    if incident.kind != IncidentKind.REAL or incident.visibility != Visibility.OPEN:
        return None
    first = incident.first_public_update_at or (now if telling else None)
    if first is None:
        return level.first_public_minutes
    if level.rank or level.public_update_minutes is None:
        return level.public_update_minutes
    heard = incident.updates.filter(audience=audience, state=UpdateState.SENT)[:2].count() + telling
    if heard < 2:
        return _SCOPE_MINUTES
    return level.public_update_minutes if now - first < _STEADY else _SLOW_MINUTES


def keep_promise(incident: Incident, audience: str, now: dt.datetime, due: dt.datetime | None) -> None:
    """The audience has heard; the next word is due then, or no longer promised."""
    if due is None or not incident.is_active:
        UpdatePromise.objects.filter(incident=incident, audience=audience).delete()
    else:
        _put(incident, audience, now, due)
    show_earliest(incident)


def end_clocks(incident: Incident) -> None:
    """It is over: nobody is promised anything more."""
    UpdatePromise.objects.filter(incident=incident).delete()
    incident.next_update_due_at, incident.next_update_audience = None, ""


def promises_of(incident: Incident) -> list[dict[str, str]]:
    """What is promised now, as JSON for `restore_promises`."""
    rows = UpdatePromise.objects.filter(incident=incident)
    return [
        {"audience": row.audience, "began_at": row.began_at.isoformat(), "due_at": row.due_at.isoformat()}
        for row in rows
    ]


def restore_promises(incident: Incident, rows: Sequence[dict[str, Any]]) -> None:
    """The opposite of `promises_of`, after `end_clocks`."""
    for row in rows:
        began, due = (dt.datetime.fromisoformat(row[name]) for name in ("began_at", "due_at"))
        _put(incident, row["audience"], began, due)
    show_earliest(incident)


def show_earliest(incident: Incident) -> None:
    """The incident shows the earliest open promise over all audiences."""
    row = UpdatePromise.objects.filter(incident=incident).order_by("due_at", "pk").first()
    incident.next_update_due_at = row.due_at if row else None
    incident.next_update_audience = row.audience if row else ""


def _put(incident: Incident, audience: str, began: dt.datetime, due: dt.datetime) -> None:
    """A new time begins anew: nobody has been reminded of it."""
    values = {"began_at": began, "due_at": due, "reminded_at": None, "overdue_told_at": None}
    UpdatePromise.objects.update_or_create(incident=incident, audience=audience, defaults=values)


def _told(incident: Incident) -> dict[str, dt.datetime | None]:
    """What each audience was told last about the next word."""
    sent = incident.updates.filter(state=UpdateState.SENT)
    rows = sent.order_by("audience", "-sent_at", "-pk").distinct("audience")
    return {row.audience: row.next_update_due_at for row in rows}
