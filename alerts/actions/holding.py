"""Silences and maintenance windows: every one ends, and says who set it and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts import matching
from alerts.models import Alert, MaintenanceWindow, Silence
from alerts.recurrence import choice_of, current, rule_of
from alerts.routing.hours import HoursError, zone
from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from core.wakeup import wake
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team

LONGEST = dt.timedelta(days=30)
LONGEST_SERIES = dt.timedelta(days=366)
# One occurrence ends before the next begins.
_LONGEST_EACH = {
    "daily": dt.timedelta(hours=24),
    "weekly": dt.timedelta(hours=24),
    "monthly": dt.timedelta(days=27),
}
REPEATS = ("none", *_LONGEST_EACH)


def add_silence(
    *,
    actor: Actor,
    service_id: int | None = None,
    team_id: int | None = None,
    reason: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    matchers: Sequence[Mapping[str, Any] | matching.Matcher] = (),
) -> Silence:
    """Hold back alerts that match, of a service or of all services of a team; at most 30 days. Responders."""
    if (service_id is None) == (team_id is None):
        raise field_error("service", "Name a service or a team, one of them.")
    service = _service(actor, service_id) if service_id is not None else None
    team = _team(actor, team_id) if team_id is not None else None
    _span(starts_at, ends_at)
    try:
        rows = matching.checked(matchers)
    except matching.MatcherError as error:
        raise field_error("matchers", str(error)) from error
    with transaction.atomic():
        silence = Silence.objects.create(
            service=service,
            team=team,
            matchers=rows,
            reason=_reason(reason),
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
        )
        _audit(actor, "silence set", silence)
    return silence


def add_window(
    *,
    actor: Actor,
    service_id: int,
    reason: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    repeat: str = "none",
    weekdays: Sequence[int] = (),
    repeats_until: dt.datetime | None = None,
    timezone: str = "UTC",
) -> MaintenanceWindow:
    """Announce planned work: alerts of the service are held until it ends. Responders of the team.

    `repeat`: none, daily, weekly (on `weekdays`, Monday is 0; else the day it starts on) or monthly, at the same time
    of `timezone`, before `repeats_until`, which is at most a year away.
    """
    service = _service(actor, service_id)
    _span(starts_at, ends_at)
    rule = _series(repeat, weekdays, timezone, starts_at, ends_at, repeats_until)
    with transaction.atomic():
        window = MaintenanceWindow.objects.create(
            service=service,
            reason=_reason(reason),
            starts_at=starts_at,
            ends_at=ends_at,
            rrule=rule,
            timezone=timezone,
            repeats_until=repeats_until if rule else None,
            created_by_id=actor.user_id,
        )
        _audit(actor, "maintenance set", window)
    return window


def _series(
    repeat: str,
    weekdays: Sequence[int],
    timezone: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    until: dt.datetime | None,
) -> str:
    """The recurrence rule, checked; "" for once."""
    if repeat not in REPEATS:
        raise field_error("repeat", f"One of {', '.join(REPEATS)}.")
    try:
        place = zone(timezone)
    except HoursError as error:
        raise field_error("timezone", str(error)) from error
    if repeat == "none":
        return ""
    if any(not 0 <= day <= 6 for day in weekdays):
        raise field_error("weekdays", "From 0 (Monday) to 6 (Sunday).")
    if weekdays and repeat == "weekly" and starts_at.astimezone(place).weekday() not in weekdays:
        raise field_error("weekdays", "The day it starts on must be one of them.")
    if until is None:
        raise field_error("repeats_until", "Say until when; nothing is held back for ever.")
    if not starts_at < until <= starts_at + LONGEST_SERIES:
        raise field_error("repeats_until", "After the start, and at most a year later.")
    if ends_at - starts_at > _LONGEST_EACH[repeat]:
        raise field_error("ends_at", "Each time must end before the next begins.")
    return rule_of(repeat, starts_at, place, weekdays)


def end_silence(*, actor: Actor, silence_id: int, now: dt.datetime | None = None) -> None:
    """End a silence now; what it holds and still fires gets its place at once."""
    now = now or clock.database_now()
    with transaction.atomic():
        silence = _locked(actor, Silence, silence_id)
        if silence.ends_at <= now:
            raise Conflict("It has ended already.", code="ended")
        if silence.starts_at >= now:
            silence.delete()
        else:
            silence.ends_at = now
            silence.save(update_fields=["ends_at"])
            _let_go(Q(silence=silence), now)
        _audit(actor, "ended", silence, silence_id)


def end_window(*, actor: Actor, window_id: int, now: dt.datetime | None = None) -> None:
    """End a maintenance window now, with all times it would have come again."""
    now = now or clock.database_now()
    with transaction.atomic():
        window = _locked(actor, MaintenanceWindow, window_id)
        if (window.repeats_until or window.ends_at) <= now and current(window, now) is None:
            raise Conflict("It has ended already.", code="ended")
        if window.starts_at >= now:
            window.delete()
        else:
            _cut(window, now)
            window.save(update_fields=["rrule", "ends_at", "repeats_until"])
            _let_go(Q(window=window), now)
        _audit(actor, "ended", window, window_id)


def _cut(window: MaintenanceWindow, now: dt.datetime) -> None:
    """A window that has begun comes no more; the times it has come stay on record."""
    running = current(window, now)
    if not window.rrule:
        window.ends_at = now
    elif running is not None and running.start == window.starts_at:
        window.rrule, window.repeats_until, window.ends_at = "", None, now
    else:
        window.repeats_until = running.start if running is not None else now


def _let_go(held: Q, now: dt.datetime) -> None:
    """Alerts it holds get their place; locked in the order in which workers lock them."""
    rows = Alert.objects.open().filter(held, incident__isnull=True).order_by("pk")
    ids = list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    if ids:
        Alert.objects.filter(pk__in=ids).update(place_at=now)
        wake("alerts.place_due")


def _locked(actor: Actor, model: Any, pk: int) -> Any:
    rows = model.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    row = rows.select_related("service").filter(pk=pk).first()
    if row is None:
        raise NotVisible
    _check_responds(actor, _team_id(row))
    return row


def _team_id(row: Silence | MaintenanceWindow) -> int | None:
    if row.service is not None:
        return row.service.team_id
    return row.team_id if isinstance(row, Silence) else None


def _service(actor: Actor, service_id: int) -> Service:
    service: Service | None = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    _check_responds(actor, service.team_id)
    return service


def _team(actor: Actor, team_id: int) -> Team:
    team: Team | None = Team.objects.visible_to(actor).filter(pk=team_id).first()
    if team is None:
        raise field_error("team", "There is no such team.")
    _check_responds(actor, team.pk)
    return team


def may_hold(actor: Actor, team_id: int | None) -> bool:
    """Whether the actor may set or end silences and windows of the team's services."""
    return actor.responds(team_id)


def _check_responds(actor: Actor, team_id: int | None) -> None:
    if not may_hold(actor, team_id):
        raise NotAllowed("Only members of the owning team can do this.")


def _span(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if ends_at <= starts_at:
        raise field_error("ends_at", "Must be after the start.")
    if ends_at - starts_at > LONGEST:
        raise field_error("ends_at", "At most 30 days; nothing is silenced for ever.")


def _reason(reason: str) -> str:
    reason = one_line(reason, 300)
    if not reason:
        raise field_error("reason", "Say why, for whoever wonders at night.")
    return reason


def _audit(actor: Actor, verb: str, row: Silence | MaintenanceWindow, pk: int | None = None) -> None:
    held = row.service or (row.team if isinstance(row, Silence) else None)
    data = (
        {"repeat": choice_of(row.rrule)[0]}
        if isinstance(row, MaintenanceWindow)
        else {"matchers": row.matchers}
    )
    record(
        actor=actor,
        verb=verb,
        obj_type="hold",
        obj_id=pk or row.pk,
        label=f"{held}: {row.reason}",
        team_id=_team_id(row),
        data=data,
    )
