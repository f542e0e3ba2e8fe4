"""Checks: what is asked again and again, from where, and how it is judged. Managers of the team make them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.db.models import Q

from alerts.checks import settings as shape
from alerts.checks.settling import begin, move, quiet, settle
from alerts.choices import CheckStatus, SourceKind
from alerts.models import Check, CheckLocation, CheckRun, Integration
from core import clock
from core.crypto import digest, new_key, seal, unseal
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor

MAX_OF_TEAM = 500
_FIELDS = frozenset(
    ("name", "service_id", "kind", "target", "settings", "headers", "interval_seconds", "timeout_seconds")
    + ("needed", "severity", "location_ids")
)
_ASKED = ("kind", "target", "settings", "headers_sealed", "timeout_seconds")
_TAKEN = "The team has a check of that name already."


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
        check = Check(changed_at=now) if check_id is None else locked_check(actor, check_id)
        before = [getattr(check, name) for name in _ASKED]
        if new or "service_id" in fields:
            _set_service(actor, check, fields.get("service_id"))
        if new or "name" in fields:
            _set_name(check, fields.get("name") or "")
        _set_question(check, fields)
        _set_bounds(check, fields)
        chosen = _locations(check, fields, new=new)
        _keep(actor, check)
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
        check = locked_check(actor, check_id)
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
        check = locked_check(actor, check_id)
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
        check = locked_check(actor, check_id)
        if check.status == CheckStatus.PAUSED:
            raise Conflict("It is paused; resume it first.", code="paused")
        CheckRun.objects.filter(made_for=check, next_at__gt=now).update(next_at=now)
        _audit(actor, "asked for", check)
    return check


def delete_check(*, actor: Actor, check_id: int, now: dt.datetime | None = None) -> None:
    """Its history goes with it; alerts it opened stay on record, open ones resolve."""
    now = now or clock.database_now()
    with transaction.atomic():
        check = locked_check(actor, check_id)
        integration = check.integration
        quiet(check, None, now)
        _audit(actor, "deleted", check)
        check.delete()
        if integration.items.exists():
            Integration.objects.filter(pk=integration.pk).update(is_active=False)
        else:
            integration.delete()


def locked_check(actor: Actor, check_id: int) -> Check:
    """The check, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Check.objects.visible_to(actor).select_related("integration", "service", "team")
    check: Check | None = rows.select_for_update(of=("self",), no_key=True).filter(pk=check_id).first()
    if check is None:
        raise NotVisible
    if not actor.manages(check.team_id):
        raise NotAllowed("Only a manager of its team can change a check.")
    return check


def _set_service(actor: Actor, check: Check, service_id: Any) -> None:
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    if not actor.manages(service.team_id):
        raise NotAllowed("Only a manager of the service's team can set up its checks.")
    if check.pk is None and Check.objects.filter(team=service.team).count() >= MAX_OF_TEAM:
        raise Conflict(f"A team has at most {MAX_OF_TEAM:,} checks.", code="too_many")
    moved = check.pk is not None and check.team_id != service.team_id
    check.service, check.team_id = service, service.team_id
    if moved:
        _set_name(check, check.name)


def _set_name(check: Check, name: str) -> None:
    check.name = one_line(name, 120)
    if not check.name:
        raise field_error("name", "A check needs a name.")
    same = Check.objects.filter(Q(team_id=check.team_id), name=check.name)
    if same.exclude(pk=check.pk).exists():
        raise field_error("name", _TAKEN)


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
    if check.severity not in shape.SEVERITIES:
        raise field_error("severity", f"One of {', '.join(shape.SEVERITIES)}.")


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


def _keep(actor: Actor, check: Check) -> None:
    """Store it, with the integration its alerts come in over."""
    if check.integration_id is None:
        key = new_key()
        check.integration = Integration.objects.create(
            name=check.name,
            kind=SourceKind.CHECK,
            service=check.service,
            team_id=check.team_id,
            key_digest=digest(key),
            key_hint="",
            created_by_id=actor.user_id,
        )
        check.created_by_id = actor.user_id
    Integration.objects.filter(pk=check.integration_id).update(
        name=check.name, service_id=check.service_id, team_id=check.team_id
    )
    try:
        with transaction.atomic():
            check.save()
    except IntegrityError:
        # Somebody else took the name meanwhile.
        raise field_error("name", _TAKEN) from None


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
