"""What holds alerts back, for its page and the API: until when, who set it, and what it is holding right now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from alerts import matching
from alerts.actions.holding import may_hold
from alerts.choices import AlertStatus
from alerts.models import Alert, MaintenanceWindow, Silence
from alerts.recurrence import Occurrence, choice_of, current, following
from teams.actor import Actor

LIMIT = 100
SHOWN = 5
ENDS_SOON = dt.timedelta(days=14)
OLD = dt.timedelta(days=90)


@dataclass
class Held:
    """A silence or window. `until`: when it ends, if it runs; `next`: when it comes next. `count` alerts it holds
    right now, of which `alerts` are the newest. `stale`: a recurring one that somebody should look at."""

    row: Silence | MaintenanceWindow
    until: dt.datetime | None
    next: Occurrence | None
    may_end: bool
    conditions: str = ""
    repeat: str = ""
    stale: bool = False
    count: int = 0
    alerts: list[Alert] = field(default_factory=list)


@dataclass(frozen=True)
class Overview:
    """Everything that holds alerts back or is to come, as far as the actor may see it."""

    silences: list[Held]
    windows: list[Held]
    snoozed: list[Alert]


def overview(actor: Actor, now: dt.datetime) -> Overview:
    """A fixed number of statements, whatever there is."""
    silences = [_silence(row, actor, now) for row in silences_ahead(actor, now)[:LIMIT]]
    windows = [_window(row, actor, now) for row in windows_ahead(actor, now)[:LIMIT]]
    _fill("silence", silences, actor)
    _fill("window", windows, actor)
    snoozed = Alert.objects.visible_to(actor).filter(status=AlertStatus.FIRING, snoozed_until__gt=now)
    rows = snoozed.select_related("service", "incident").defer("raw", "description").order_by("snoozed_until")
    return Overview(silences, windows, list(rows[:LIMIT]))


def any_ahead(actor: Actor, now: dt.datetime) -> bool:
    """Whether anything the actor sees holds alerts back or is to: at most two statements."""
    return silences_ahead(actor, now).exists() or windows_ahead(actor, now).exists()


def silences_ahead(actor: Actor, now: dt.datetime) -> QuerySet[Silence]:
    """Silences that run or are to come, soonest end first."""
    rows: QuerySet[Silence] = Silence.objects.visible_to(actor).filter(ends_at__gt=now)
    return rows.select_related("service__team", "team", "created_by").order_by("ends_at", "pk")


def windows_ahead(actor: Actor, now: dt.datetime) -> QuerySet[MaintenanceWindow]:
    """Windows that run, are to come or come again, soonest end first."""
    again = Q(rrule__gt="", repeats_until__gt=now)
    rows: QuerySet[MaintenanceWindow] = MaintenanceWindow.objects.visible_to(actor)
    rows = rows.filter(Q(ends_at__gt=now) | again)
    return rows.select_related("service__team", "created_by").order_by("ends_at", "pk")


def _silence(row: Silence, actor: Actor, now: dt.datetime) -> Held:
    service = row.service
    team_id = service.team_id if service is not None else row.team_id
    try:
        conditions = matching.show(matching.stored(row.matchers)) if row.matchers else ""
    except matching.MatcherError as error:
        conditions = str(error)
    runs = row.starts_at <= now
    return Held(
        row=row,
        until=row.ends_at if runs else None,
        next=None if runs else Occurrence(row.starts_at, row.ends_at),
        may_end=may_hold(actor, team_id),
        conditions=conditions,
    )


def _window(row: MaintenanceWindow, actor: Actor, now: dt.datetime) -> Held:
    running = current(row, now)
    return Held(
        row=row,
        until=running.end if running is not None else None,
        next=following(row, now),
        may_end=may_hold(actor, row.service.team_id),
        repeat=choice_of(row.rrule)[0] if row.rrule else "",
        stale=is_stale(row, now),
    )


def is_stale(row: MaintenanceWindow, now: dt.datetime) -> bool:
    """A recurring window that nobody has looked at for long, or that ends soon without having been made anew."""
    if not row.rrule or row.repeats_until is None:
        return False
    return row.repeats_until < now + ENDS_SOON or row.created_at < now - OLD


def _fill(name: str, rows: Iterable[Held], actor: Actor) -> None:
    """Counts and the newest alerts of each, in two statements."""
    by_id = {held.row.pk: held for held in rows}
    held = _held(actor).filter(**{f"{name}__in": list(by_id)})
    for pk, count in held.order_by().values_list(name).annotate(found=Count("pk")):
        by_id[pk].count = count
    newest = (
        held.annotate(place=Window(RowNumber(), partition_by=F(name), order_by=F("pk").desc()))
        .filter(place__lte=SHOWN)
        .defer("raw", "description")
        .order_by("-pk")
    )
    for alert in newest:
        by_id[getattr(alert, f"{name}_id")].alerts.append(alert)


def with_counts(rows: QuerySet[Any], name: str, actor: Actor) -> QuerySet[Any]:
    """Silences (or windows) with `holding`: how many visible alerts each holds right now, None for none."""
    mine = _held(actor).filter(**{name: OuterRef("pk")}).order_by().values(name)
    return rows.annotate(holding=Subquery(mine.annotate(found=Count("pk")).values("found")))


def _held(actor: Actor) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.visible_to(actor).exclude(status=AlertStatus.RESOLVED)
    return rows.filter(incident__isnull=True)
