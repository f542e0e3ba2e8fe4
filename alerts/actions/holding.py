"""Silences and maintenance windows: every one ends, and says who set it and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from alerts.models import MaintenanceWindow, Silence
from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import TeamRole

LONGEST = dt.timedelta(days=30)
MAX_MATCHERS = 20


def add_silence(
    *,
    actor: Actor,
    service_id: int,
    reason: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    matchers: Sequence[Mapping[str, str]] = (),
) -> Silence:
    """Hold back alerts of a service whose labels match; at most 30 days. Responders of the team."""
    service = _service(actor, service_id)
    _window(starts_at, ends_at)
    if len(matchers) > MAX_MATCHERS:
        raise field_error("matchers", f"At most {MAX_MATCHERS} matchers.")
    rows = [
        {"name": one_line(str(m.get("name", "")), 200), "value": str(m.get("value", ""))[:1000]}
        for m in matchers
    ]
    if any(not row["name"] for row in rows):
        raise field_error("matchers", "A matcher needs a label name.")
    with transaction.atomic():
        silence = Silence.objects.create(
            service=service,
            matchers=rows,
            reason=_reason(reason),
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
        )
        _audit(actor, "silence set", service, silence.pk, silence.reason)
    return silence


def add_window(
    *, actor: Actor, service_id: int, reason: str, starts_at: dt.datetime, ends_at: dt.datetime
) -> MaintenanceWindow:
    """Announce planned work: alerts of the service are held until it ends. Responders of the team."""
    service = _service(actor, service_id)
    _window(starts_at, ends_at)
    with transaction.atomic():
        window = MaintenanceWindow.objects.create(
            service=service,
            reason=_reason(reason),
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
        )
        _audit(actor, "maintenance set", service, window.pk, window.reason)
    return window


def end_silence(*, actor: Actor, silence_id: int, now: dt.datetime | None = None) -> None:
    """End a silence now."""
    _end(actor, Silence, silence_id, now or clock.now())


def end_window(*, actor: Actor, window_id: int, now: dt.datetime | None = None) -> None:
    """End a maintenance window now."""
    _end(actor, MaintenanceWindow, window_id, now or clock.now())


def _end(actor: Actor, model: type[Silence] | type[MaintenanceWindow], pk: int, now: dt.datetime) -> None:
    with transaction.atomic():
        rows = model.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        row = rows.select_related("service").filter(pk=pk).first()
        if row is None:
            raise NotVisible
        _service(actor, row.service_id)
        if row.ends_at <= now:
            raise Conflict("It has ended already.", code="ended")
        if row.starts_at >= now:
            row.delete()
        else:
            row.ends_at = now
            row.save(update_fields=["ends_at"])
        _audit(actor, "ended", row.service, pk, row.reason)


def _service(actor: Actor, service_id: int) -> Service:
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    responds = actor.roles.get(service.team_id or 0) == TeamRole.RESPONDER and "respond" in actor.scopes
    if not responds and not actor.manages(service.team_id):
        raise NotAllowed("Only members of the owning team can do this.")
    return service


def _window(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if ends_at <= starts_at:
        raise field_error("ends_at", "Must be after the start.")
    if ends_at - starts_at > LONGEST:
        raise field_error("ends_at", "At most 30 days; nothing is silenced for ever.")


def _reason(reason: str) -> str:
    reason = one_line(reason, 300)
    if not reason:
        raise field_error("reason", "Say why, for whoever wonders at night.")
    return reason


def _audit(actor: Actor, verb: str, service: Service, pk: int, reason: str) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="hold",
        obj_id=pk,
        label=f"{service.name}: {reason}",
        team_id=service.team_id,
    )
