"""Checks: what is asked again and again, from where, and how it is judged. Managers of the team make them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import orjson
from django.db import transaction

from alerts.actions import watching
from alerts.checks import settings as shape
from alerts.checks.settling import begin, move, quiet, settle
from alerts.choices import SEVERITIES, CheckStatus, SourceKind
from alerts.models import Check, CheckLocation, CheckRun
from core import clock
from core.crypto import seal, unseal
from core.errors import Conflict, field_error
from teams.actions.audit import record
from teams.actor import Actor

MAX_OF_TEAM = 500
_FIELDS = frozenset(
    ("name", "service_id", "kind", "target", "settings", "headers", "interval_seconds", "timeout_seconds")
    + ("needed", "severity", "location_ids")
)
_ASKED = ("kind", "target", "settings", "headers_sealed", "timeout_seconds")


def save_check(
    *, actor: Actor, check_id: int | None = None, now: dt.datetime | None = None, **fields: Any
) -> Check:
    """Make a check or change one. Managers of the service's team; audited.

    `fields`: name, service_id, target, location_ids (these four needed for a new one), kind, settings (those of the
    kind, `alerts.checks.settings`; what is not named stays), headers (all of them; a value None keeps what is
    stored under that name), interval_seconds, timeout_seconds, needed, severity; what is not named stays. When
    something else is asked than before, it is asked at once.
    """
    unknown = set(fields) - _FIELDS
    if unknown:
        raise TypeError(f"save_check: {', '.join(sorted(unknown))}")
    now = now or clock.database_now()
    with transaction.atomic():
        new = check_id is None
        check = Check(changed_at=now) if check_id is None else watching.locked(Check, actor, check_id)
        before = [getattr(check, name) for name in _ASKED]
        if new or "service_id" in fields:
            watching.set_service(actor, check, fields.get("service_id"), most=MAX_OF_TEAM)
        if new or "name" in fields:
            watching.set_name(check, fields.get("name") or "")
        _set_question(check, fields)
        _set_bounds(check, fields)
        chosen = _locations(check, fields, new=new)
        if new:
            # Nobody is told its key: nothing is posted for a check.
            watching.attach(actor, check, SourceKind.CHECK)
        watching.store(check)
        _set_runs(check, chosen, now)
        if not new and [getattr(check, name) for name in _ASKED] != before:
            # A result that is on its way answers another question.
            CheckRun.objects.filter(made_for=check).update(next_at=now, leased_until=None)
        if new:
            begin(check, now)
        else:
            settle(check, now)
        _audit(actor, "created" if new else "changed", check)
    return check


def headers_of(check: Check) -> dict[str, str]:
    """The request's headers with their values; for those who make the check alone."""
    stored = unseal(check.headers_sealed) if check.headers_sealed else ""
    return dict(orjson.loads(stored)) if stored else {}


def header_names(check: Check) -> list[str]:
    """The names of its headers, for show."""
    return sorted(headers_of(check))


def pause_check(*, actor: Actor, check_id: int, now: dt.datetime | None = None) -> Check:
    """It is asked no more until it is resumed; open alerts of it resolve."""
    now = now or clock.database_now()
    with transaction.atomic():
        check = watching.locked(Check, actor, check_id)
        if check.status == CheckStatus.PAUSED:
            raise Conflict("It is paused already.", code="paused")
        move(check, CheckStatus.PAUSED, now)
        CheckRun.objects.filter(made_for=check).update(leased_until=None)
        _audit(actor, "paused", check)
    return check


def resume_check(*, actor: Actor, check_id: int, now: dt.datetime | None = None) -> Check:
    """It is asked at once, from everywhere; what was seen before the pause counts no more."""
    now = now or clock.database_now()
    with transaction.atomic():
        check = watching.locked(Check, actor, check_id)
        if check.status != CheckStatus.PAUSED:
            raise Conflict("It is not paused.", code="not_paused")
        move(check, CheckStatus.WAITING, now)
        CheckRun.objects.filter(made_for=check).update(
            next_at=now, leased_until=None, ok=None, seen_at=None, detail="", milliseconds=None
        )
        _audit(actor, "resumed", check)
    return check


def check_now(*, actor: Actor, check_id: int, now: dt.datetime | None = None) -> Check:
    """It is asked from every location within seconds."""
    now = now or clock.database_now()
    with transaction.atomic():
        check = watching.locked(Check, actor, check_id)
        if check.status == CheckStatus.PAUSED:
            raise Conflict("It is paused; resume it first.", code="paused")
        CheckRun.objects.filter(made_for=check, next_at__gt=now).update(next_at=now)
        _audit(actor, "asked for", check)
    return check


def delete_check(*, actor: Actor, check_id: int, now: dt.datetime | None = None) -> None:
    """Its history goes with it; alerts it opened stay on record, open ones resolve."""
    now = now or clock.database_now()
    with transaction.atomic():
        check = watching.locked(Check, actor, check_id)
        integration = check.integration
        quiet(check, None, now)
        _audit(actor, "deleted", check)
        check.delete()
        watching.retire(integration)


def _set_question(check: Check, fields: dict[str, Any]) -> None:
    kind = fields.get("kind") or check.kind
    same = kind == check.kind
    settings = {**(check.settings if same else {}), **(fields.get("settings") or {})}
    stored = headers_of(check) if same else {}
    given = fields.get("headers")
    headers: dict[str, Any] = dict(stored) if given is None else dict(given)
    for name, value in headers.items():
        if value is None:
            if name not in stored:
                raise field_error("headers", f"There is no value for “{str(name)[:40]}” yet.")
            headers[name] = stored[name]
    target = fields["target"] if fields.get("target") is not None else check.target
    check.target, check.settings, read = shape.read(kind, target, settings, headers)
    check.kind = kind
    if read != stored or not same:
        check.headers_sealed = seal(orjson.dumps(read).decode()) if read else ""


def _set_bounds(check: Check, fields: dict[str, Any]) -> None:
    for name, (least, most) in shape.BOUNDS.items():
        if fields.get(name) is not None:
            if not least <= fields[name] <= most:
                raise field_error(name, f"From {least:,} to {most:,}.")
            setattr(check, name, fields[name])
    if check.timeout_seconds > check.interval_seconds:
        raise field_error("timeout_seconds", "It must give up before it is asked again.")
    check.severity = fields.get("severity") or check.severity
    if check.severity not in SEVERITIES:
        raise field_error("severity", f"One of {', '.join(SEVERITIES)}.")


def _locations(check: Check, fields: dict[str, Any], *, new: bool) -> list[int] | None:
    """Ids of the locations it is made from, locked; None when they stay."""
    given: Iterable[int] | None = fields.get("location_ids")
    if given is None and not new:
        if fields.get("needed") is not None:
            _enough(check, CheckRun.objects.filter(made_for=check).count())
        return None
    wanted = sorted(set(given or ()))
    rows = CheckLocation.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    found = {row.pk: row for row in rows}
    if len(found) < len(wanted):
        raise field_error("locations", "There is no such location.")
    kept = (
        set() if new else set(CheckRun.objects.filter(made_for=check).values_list("location_id", flat=True))
    )
    idle = [row.name for row in found.values() if not row.is_active and row.pk not in kept]
    if idle:
        raise field_error("locations", f"{idle[0]} is switched off.")
    _enough(check, len(found))
    return wanted


def _enough(check: Check, locations: int) -> None:
    if locations < check.needed:
        raise field_error(
            "locations", f"Choose at least {check.needed} locations: so many must agree before it alerts."
        )


def _set_runs(check: Check, chosen: list[int] | None, now: dt.datetime) -> None:
    if chosen is None:
        return
    rows = CheckRun.objects.filter(made_for=check)
    rows.exclude(location_id__in=chosen).delete()
    there = set(rows.values_list("location_id", flat=True))
    CheckRun.objects.bulk_create(
        CheckRun(made_for=check, location_id=pk, next_at=now) for pk in chosen if pk not in there
    )


def _audit(actor: Actor, verb: str, check: Check) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="check",
        obj_id=check.pk or 0,
        label=check.name,
        team_id=check.team_id,
        data={
            "service": check.service_id,
            "kind": check.kind,
            "target": check.target,
            "interval_seconds": check.interval_seconds,
            "timeout_seconds": check.timeout_seconds,
            "needed": check.needed,
            "severity": check.severity,
        },
    )
