"""Heartbeats: signs of life that are expected. Managers of the team make them; the signs need only the key."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.actions import watching
from alerts.choices import SEVERITIES, HeartbeatStatus, SourceKind
from alerts.models import Heartbeat, Integration
from alerts.watch import cron, heartbeats, spans
from alerts.watch.feeding import feed
from core import clock
from core.crypto import digest, new_key
from core.errors import Conflict, field_error
from core.text import clean, one_line
from teams.actions.audit import record
from teams.actor import Actor

BOUNDS = {"interval_seconds": (10, 31 * 86_400), "grace_seconds": (0, 7 * 86_400)}
MAX_OF_TEAM = 1000
MAX_TEXT = 10_000
_FIELDS = frozenset(
    ("name", "service_id", "interval_seconds", "cron", "timezone", "grace_seconds", "severity")
)
_BATCH = 200


def save_heartbeat(
    *, actor: Actor, heartbeat_id: int | None = None, now: dt.datetime | None = None, **fields: Any
) -> tuple[Heartbeat, str]:
    """Make a heartbeat or change one; returns it with its key, which is shown this once ("" after a change).

    `fields`: name, service_id (both needed for a new one), interval_seconds or cron with timezone, grace_seconds,
    severity; what is not named stays. A changed schedule begins anew now. Managers of the team; audited.
    """
    unknown = set(fields) - _FIELDS
    if unknown:
        raise TypeError(f"save_heartbeat: {', '.join(sorted(unknown))}")
    now = now or clock.database_now()
    with transaction.atomic():
        beat = Heartbeat() if heartbeat_id is None else watching.locked(Heartbeat, actor, heartbeat_id)
        if heartbeat_id is None or "service_id" in fields:
            watching.set_service(actor, beat, fields.get("service_id"), most=MAX_OF_TEAM)
        if heartbeat_id is None or "name" in fields:
            watching.set_name(beat, fields.get("name") or "")
        _set_schedule(beat, fields, now)
        key = ""
        if heartbeat_id is None:
            local = f"heartbeat-{secrets.token_hex(8)}"
            key = watching.attach(actor, beat, SourceKind.HEARTBEAT, mail_local=local)
        if beat.status == HeartbeatStatus.HEALTHY:
            beat.due_at = heartbeats.due_after(beat, now)
        watching.store(beat)
        if key:
            spans.follow(beat, "", now)
        _audit(actor, "created" if key else "changed", beat)
    return beat, key


def _set_schedule(beat: Heartbeat, fields: dict[str, Any], now: dt.datetime) -> None:
    for name, (least, most) in BOUNDS.items():
        if fields.get(name) is not None:
            if not least <= fields[name] <= most:
                raise field_error(name, f"From {least:,} to {most:,} seconds.")
            setattr(beat, name, fields[name])
    beat.cron = " ".join((fields.get("cron", beat.cron) or "").split())
    beat.timezone = fields.get("timezone") or beat.timezone
    beat.severity = fields.get("severity") or beat.severity
    if beat.severity not in SEVERITIES:
        raise field_error("severity", f"One of {', '.join(SEVERITIES)}.")
    if len(beat.cron) > 120:
        raise field_error("cron", "At most 120 characters.")
    try:
        cron.zone(beat.timezone)
    except cron.CronError as error:
        raise field_error("timezone", str(error)) from error
    try:
        if beat.cron and cron.following(beat.cron, beat.timezone, now) is None:
            raise field_error("cron", "This schedule names a day that never comes.")
    except cron.CronError as error:
        raise field_error("cron", str(error)) from error


def renew_heartbeat_key(*, actor: Actor, heartbeat_id: int) -> tuple[Heartbeat, str]:
    """A new key; the old address stops working at once."""
    with transaction.atomic():
        beat = watching.locked(Heartbeat, actor, heartbeat_id)
        key = new_key()
        beat.integration.key_digest, beat.integration.key_hint = digest(key), key[-4:]
        beat.integration.next_key_digest, beat.integration.next_key_hint = None, ""
        beat.integration.save(update_fields=["key_digest", "key_hint", "next_key_digest", "next_key_hint"])
        _audit(actor, "key renewed", beat)
    return beat, key


def pause_heartbeat(*, actor: Actor, heartbeat_id: int, now: dt.datetime | None = None) -> Heartbeat:
    """Nobody is told of signs that stay away until it is resumed; an open alert of it resolves."""
    now = now or clock.database_now()
    with transaction.atomic():
        beat = watching.locked(Heartbeat, actor, heartbeat_id)
        if beat.status == HeartbeatStatus.PAUSED:
            raise Conflict("It is paused already.", code="paused")
        if beat.status == HeartbeatStatus.LATE:
            feed(beat.integration, heartbeats.alive(beat), now)
        before = beat.status
        beat.status, beat.due_at = HeartbeatStatus.PAUSED, None
        beat.save(update_fields=["status", "due_at"])
        spans.follow(beat, before, now)
        _audit(actor, "paused", beat)
    return beat


def resume_heartbeat(*, actor: Actor, heartbeat_id: int, now: dt.datetime | None = None) -> Heartbeat:
    """From now on a sign is expected again; one that never came is waited for as in the beginning."""
    now = now or clock.database_now()
    with transaction.atomic():
        beat = watching.locked(Heartbeat, actor, heartbeat_id)
        if beat.status != HeartbeatStatus.PAUSED:
            raise Conflict("It is not paused.", code="not_paused")
        beat.status = HeartbeatStatus.WAITING
        if beat.last_ping_at is not None:
            beat.status, beat.due_at = HeartbeatStatus.HEALTHY, heartbeats.due_after(beat, now)
        beat.save(update_fields=["status", "due_at"])
        spans.follow(beat, HeartbeatStatus.PAUSED, now)
        _audit(actor, "resumed", beat)
    return beat


def delete_heartbeat(*, actor: Actor, heartbeat_id: int, now: dt.datetime | None = None) -> None:
    """Its address stops working; alerts it opened stay on record, an open one resolves."""
    now = now or clock.database_now()
    with transaction.atomic():
        beat = watching.locked(Heartbeat, actor, heartbeat_id)
        integration = beat.integration
        if beat.status == HeartbeatStatus.LATE:
            feed(integration, heartbeats.alive(beat), now)
        _audit(actor, "deleted", beat)
        beat.delete()
        watching.retire(integration)


def ping(*, key: str, by: str = "", now: dt.datetime | None = None) -> bool:
    """A sign of life by the key in its address; whether there is such a heartbeat. Durable when it returns."""
    return _sign(_by_key(key), by, now)


def ping_by_name(key: str, name: str) -> bool:
    """The same by an integration key of the team and the heartbeat's name; False when either is unknown."""
    hashed = digest(key)
    owner = Integration.objects.filter(
        Q(key_digest=hashed) | Q(next_key_digest=hashed), is_active=True, team__isnull=False
    )
    team_id = owner.values_list("team_id", flat=True).first()
    if team_id is None:
        return False
    return _sign(Q(team_id=team_id, name=one_line(name, 120)), "by name", None)


def ping_by_mail(*, integration_id: int, by: str, now: dt.datetime | None = None) -> bool:
    """The same for mail to its own address."""
    return _sign(Q(integration_id=integration_id), by, now)


def report_failure(*, key: str, text: str = "", by: str = "", now: dt.datetime | None = None) -> bool:
    """The job says itself that it failed: the alert opens at once; whether there is such a heartbeat."""
    with transaction.atomic():
        beat = _signing(_by_key(key))
        if beat is None:
            return False
        now = now or clock.database_now()
        if beat.status != HeartbeatStatus.PAUSED:
            before = beat.status
            beat.status, beat.due_at = HeartbeatStatus.LATE, None
            feed(beat.integration, heartbeats.failed(beat, clean(text, MAX_TEXT)), now)
            spans.follow(beat, before, now)
        beat.last_ping_at, beat.last_ping_from = now, one_line(by, 100)
        beat.save(update_fields=["status", "due_at", "last_ping_at", "last_ping_from"])
    return True


def mark_late(now: dt.datetime | None = None) -> int:
    """Open an alert for every sign that is overdue by the database's clock; returns how many there were.

    Any number of processes may do this at once: each takes the rows no other holds.
    """
    now = now or clock.database_now()
    total = 0
    while True:
        with transaction.atomic():
            rows = Heartbeat.objects.filter(status=HeartbeatStatus.HEALTHY, due_at__lte=now)
            rows = rows.select_related("integration").order_by("due_at")
            taken = list(rows.select_for_update(of=("self",), skip_locked=True, no_key=True)[:_BATCH])
            for beat in taken:
                feed(beat.integration, heartbeats.late(beat, now), now)
            Heartbeat.objects.filter(pk__in=[beat.pk for beat in taken]).update(
                status=HeartbeatStatus.LATE, due_at=None
            )
            if taken:
                spans.turn(HeartbeatStatus.LATE, [spans.Turn(beat.pk, beat.due_at or now) for beat in taken])
        total += len(taken)
        if len(taken) < _BATCH:
            return total


def _by_key(key: str) -> Q:
    hashed = digest(key)
    either = Q(integration__key_digest=hashed) | Q(integration__next_key_digest=hashed)
    return either & Q(integration__is_active=True)


def _signing(which: Q) -> Heartbeat | None:
    """The heartbeat, locked, for as long as the caller's transaction."""
    rows = Heartbeat.objects.filter(which).select_related("integration")
    found: Heartbeat | None = rows.select_for_update(of=("self",), no_key=True).first()
    return found


def _sign(which: Q, by: str, now: dt.datetime | None) -> bool:
    with transaction.atomic():
        beat = _signing(which)
        if beat is None:
            return False
        now = now or clock.database_now()
        if beat.status == HeartbeatStatus.LATE:
            feed(beat.integration, heartbeats.alive(beat), now)
        if beat.status != HeartbeatStatus.PAUSED:
            before = beat.status
            beat.status, beat.due_at = HeartbeatStatus.HEALTHY, heartbeats.due_after(beat, now)
            spans.follow(beat, before, now)
        beat.last_ping_at, beat.last_ping_from = now, one_line(by, 100)
        beat.save(update_fields=["status", "due_at", "last_ping_at", "last_ping_from"])
    return True


def _audit(actor: Actor, verb: str, beat: Heartbeat) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="heartbeat",
        obj_id=beat.pk or 0,
        label=beat.name,
        team_id=beat.team_id,
        data={
            "service": beat.service_id,
            "interval_seconds": beat.interval_seconds,
            "cron": beat.cron,
            "timezone": beat.timezone,
            "grace_seconds": beat.grace_seconds,
            "severity": beat.severity,
        },
    )
