"""Foreign calendars: adding, changing, refreshing and taking them away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import clock
from core.crypto import seal
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from oncall.actions.ground import locked_schedule
from oncall.calendars.boxed import read_boxed
from oncall.calendars.fetching import host_of, plain_url, url_fault
from oncall.calendars.keeping import (
    AHEAD,
    BACK,
    Refused,
    drop_coming,
    keep,
    packed,
    rows_of,
    set_past_apart,
    unpacked,
    zone_of,
)
from oncall.calendars.reading import Reading
from oncall.calendars.text import Unreadable
from oncall.changes import calendar_changed
from oncall.choices import CalendarPurpose
from oncall.models import ExternalCalendar
from oncall.permissions import may_manage
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Membership, User

MAX_CALENDARS = 20
MAX_NAMES = 200
MAX_LAYER = 1000


def add_calendar(
    *,
    actor: Actor,
    name: str,
    schedule_id: int | None = None,
    user_id: int | None = None,
    url: str = "",
    content: bytes = b"",
    layer: int = 0,
    people: Mapping[str, int] | None = None,
    now: dt.datetime | None = None,
) -> ExternalCalendar:
    """A calendar of shifts (`schedule_id`; its managers) or leave (`user_id`; that person or their managers).

    By `url`, fetched within the minute and then every 15 minutes, or by `content`, read now and once.
    """
    now = now or clock.now()
    if bool(url.strip()) == bool(content):
        raise field_error("url", "Give either an address or a file.")
    with transaction.atomic():
        owner = _owner(actor, schedule_id, user_id)
        if ExternalCalendar.objects.filter(**owner, removed_at__isnull=True).count() >= MAX_CALENDARS:
            raise field_error("name", f"At most {MAX_CALENDARS} calendars; remove one first.")
        row = ExternalCalendar(**owner, created_by_id=actor.user_id, created_at=now)
        row.purpose = CalendarPurpose.SHIFTS if schedule_id is not None else CalendarPurpose.LEAVE
        row.name, row.layer, row.people = _name(name), _layer(layer), _names(people or {})
        if url.strip():
            _point(row, url, now)
            row.save()
        else:
            reading = _read(row, content, now)
            row.save()
            _keep(row, reading, content, now)
        _audit(actor, "calendar added", row)
    return row


def update_calendar(
    *,
    actor: Actor,
    calendar_id: int,
    name: str | None = None,
    url: str | None = None,
    content: bytes = b"",
    layer: int | None = None,
    people: Mapping[str, int] | None = None,
    now: dt.datetime | None = None,
) -> ExternalCalendar:
    """Change a calendar from now on; what its shifts were until now stays, in their old layer.

    `people` replaces the whole mapping of names and is applied to the last good copy at once.
    """
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(actor, calendar_id)
        if name is not None:
            row.name = _name(name)
        if url:
            _point(row, url, now)
        if layer is not None and _layer(layer) != row.layer:
            _new_layer(row, layer, now)
        renamed = people is not None and _names(people) != row.people
        if people is not None:
            row.people = _names(people)
        if content:
            if row.url:
                raise field_error("file", "This calendar is read from an address.")
            _keep(row, _read(row, content, now), content, now)
        elif renamed and row.content:
            copy = unpacked(row.content)
            _keep(row, _read(row, copy, now), copy, now)
        row.save()
        _audit(actor, "calendar changed", row)
    return row


def refresh_calendar(*, actor: Actor, calendar_id: int, now: dt.datetime | None = None) -> ExternalCalendar:
    """Fetch it as soon as a worker is free."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(actor, calendar_id)
        if not row.url:
            raise Conflict("This calendar is a file; upload it again to change it.", code="no_address")
        row.next_fetch_at = now
        row.save(update_fields=["next_fetch_at"])
    return row


def remove_calendar(*, actor: Actor, calendar_id: int, now: dt.datetime | None = None) -> None:
    """Take a calendar away from now on; who served by it stays in the record, and its address is forgotten."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(actor, calendar_id)
        _audit(actor, "calendar removed", row)
        drop_coming(row, now)
        if not rows_of(row).exists() or row.purpose == CalendarPurpose.LEAVE:
            row.delete()
            return
        _retire(row, now)
        row.save()


def _owner(actor: Actor, schedule_id: int | None, user_id: int | None) -> dict[str, Any]:
    if schedule_id is not None:
        return {"schedule": locked_schedule(actor, schedule_id)}
    person = User.objects.active().select_for_update(no_key=True).filter(pk=user_id or 0).first()
    if person is None:
        raise field_error("user", "There is no such person.")
    _require_leave_manager(actor, person.pk)
    return {"user": person}


def _locked(actor: Actor, calendar_id: int) -> ExternalCalendar:
    """The calendar, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = ExternalCalendar.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("schedule", "user").filter(pk=calendar_id, removed_at__isnull=True)
    row: ExternalCalendar | None = rows.first()
    if row is None:
        raise NotVisible
    visible = ExternalCalendar.objects.visible_to(actor).filter(pk=row.pk).exists()
    if row.schedule is not None:
        if not visible:
            raise NotVisible
        if not may_manage(actor, row.schedule.team_id):
            raise NotAllowed("Only a manager of the team can change its calendars.")
    elif not visible and not _manages_person(actor, row.user_id or 0):
        raise NotVisible
    return row


def _require_leave_manager(actor: Actor, user_id: int) -> None:
    everybody = actor.is_admin and actor.bound_team_id is None
    if actor.user_id != user_id and not everybody and not _manages_person(actor, user_id):
        raise NotAllowed("Leave is told by the person, or by a manager of a team of theirs.")


def _manages_person(actor: Actor, user_id: int) -> bool:
    teams = Membership.objects.filter(user_id=user_id).values_list("team_id", flat=True)
    return any(may_manage(actor, team) for team in teams)


def _name(name: str) -> str:
    found = one_line(name, 120)
    if not found:
        raise field_error("name", "A calendar needs a name.")
    return found


def _layer(layer: int) -> int:
    if not 0 <= layer <= MAX_LAYER:
        raise field_error("layer", f"From 0 to {MAX_LAYER}.")
    return layer


def _names(people: Mapping[str, int]) -> dict[str, int]:
    """{text in events: active person's id}; texts as they are shown, on one line."""
    found = {one_line(str(text), 200): user for text, user in people.items() if str(text).strip()}
    if len(found) > MAX_NAMES:
        raise field_error("people", f"At most {MAX_NAMES} names.")
    if any(isinstance(user, bool) or not isinstance(user, int) for user in found.values()):
        raise field_error("people", "Each name needs the id of a person.")
    active = set(User.objects.active().filter(pk__in=found.values()).values_list("pk", flat=True))
    missing = sorted(set(found.values()) - active)
    if missing:
        raise field_error("people", f"There is no active person with the id {missing[0]}.")
    return found


def _point(row: ExternalCalendar, url: str, now: dt.datetime) -> None:
    """Read it from this address from now on; the last copy stays until the new address has answered."""
    if row.content and not row.url:
        raise field_error("url", "This calendar is a file; add the address as a calendar of its own.")
    url = plain_url(url)
    if fault := url_fault(url):
        raise field_error("url", fault)
    row.url, row.host, row.next_fetch_at = seal(url), host_of(url), now
    row.etag = row.last_modified = ""


def _read(row: ExternalCalendar, content: bytes, now: dt.datetime) -> Reading:
    try:
        return read_boxed(content, now - BACK, now + AHEAD, zone_of(row))
    except Unreadable as error:
        raise field_error("file", str(error)) from None


def _keep(row: ExternalCalendar, reading: Reading, content: bytes, now: dt.datetime) -> None:
    try:
        keep(row, reading, now)
    except Refused as error:
        raise field_error("file", str(error)) from None
    row.content = packed(content)
    if not row.url:
        row.fetched_at, row.next_fetch_at = now, now + dt.timedelta(days=1)
    row.save()


def _new_layer(row: ExternalCalendar, layer: int, now: dt.datetime) -> None:
    if row.purpose == CalendarPurpose.SHIFTS and rows_of(row).filter(starts_at__lt=now).exists():
        past = ExternalCalendar(
            purpose=row.purpose,
            schedule=row.schedule,
            name=row.name,
            layer=row.layer,
            created_by_id=row.created_by_id,
            created_at=row.created_at,
        )
        _retire(past, now)
        past.save()
        set_past_apart(row, past, now)
    row.layer = layer


def _retire(row: ExternalCalendar, now: dt.datetime) -> None:
    row.removed_at, row.next_fetch_at = now, None
    row.url = row.host = row.etag = row.last_modified = row.failure = ""
    row.content, row.people, row.unmatched = b"", {}, []
    row.failing_since = row.told_at = None


def _audit(actor: Actor, verb: str, row: ExternalCalendar) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="schedule" if row.schedule_id else "calendar",
        obj_id=row.schedule_id or row.pk,
        label=row.name,
        team_id=row.schedule.team_id if row.schedule else None,
        data={"calendar": row.pk, "host": row.host},
    )
    calendar_changed(row, verb)
