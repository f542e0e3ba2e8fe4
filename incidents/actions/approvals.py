"""What leaves the company is looked at by somebody in charge first, where there is somebody."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.actions.sending import SENT_FIELDS, send_now
from incidents.choices import EntryKind, Role, UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate, RoleAssignment
from teams.actor import Actor

MAX_REASON = 500


def must_wait(actor: Actor, incident: Incident, audience: str) -> bool:
    """Public words of somebody who is neither commander, deputy, communications lead, manager nor admin wait
    while the incident has a commander or communications lead to ask. A lone responder is never blocked."""
    if audience != UpdateAudience.PUBLIC or actor.is_system or may_approve(actor, incident):
        return False
    return incident.commander_id is not None or _communications(incident) is not None


def may_approve(actor: Actor, incident: Incident) -> bool:
    """Whether the actor is entitled to send to the public; one statement."""
    return bool(Incident.objects.allowing(actor, "approve_update").filter(pk=incident.pk).exists())


def propose(incident: Incident, row: IncidentUpdate, *, actor: Actor, now: dt.datetime) -> None:
    """Keep the update until somebody in charge has looked at it. The locked incident is saved by the caller."""
    row.state, row.sent_at = UpdateState.WAITING, None
    row.save()
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.UPDATE_PROPOSED,
        now=now,
        text=row.text,
        data={"audience": row.audience, "update": row.pk},
    )
    announce(incident, "update_proposed", actor, audience=row.audience, update=row.pk)


def approve_update(
    *, actor: Actor, number: int, update_id: int, now: dt.datetime | None = None
) -> IncidentUpdate:
    """Send what waits. Approved already by somebody: nothing changes. `Conflict` when it was sent back."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "approve_update", number)
        row = _find(incident, update_id)
        if row.state == UpdateState.SENT:
            return row
        _must_be_waiting(row)
        row.decided_by_id, row.decided_at = actor.user_id, now
        send_now(incident, row, actor=actor, now=now)
        save_incident(incident, now, *SENT_FIELDS)
    return row


def reject_update(
    *, actor: Actor, number: int, update_id: int, reason: str, now: dt.datetime | None = None
) -> IncidentUpdate:
    """Send it back to its author with a reason; sent back already: nothing changes."""
    now = now or clock.now()
    reason = required_text("reason", reason, MAX_REASON)
    with transaction.atomic():
        incident = lock(actor, "approve_update", number)
        row = _find(incident, update_id)
        if row.state == UpdateState.REJECTED:
            return row
        _must_be_waiting(row)
        row.state, row.reason = UpdateState.REJECTED, reason
        row.decided_by_id, row.decided_at = actor.user_id, now
        row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        data = {"audience": row.audience, "update": row.pk, "rejected": True, "author": row.author_label}
        write_entry(incident, actor=actor, kind=EntryKind.UPDATE_PROPOSED, now=now, text=reason, data=data)
        save_incident(incident, now)
        announce(incident, "update_rejected", actor, audience=row.audience, update=row.pk)
    return row


def _find(incident: Incident, update_id: int) -> IncidentUpdate:
    row = IncidentUpdate.objects.filter(incident=incident, pk=update_id).first()
    if row is None:
        raise NotVisible
    return row


def _must_be_waiting(row: IncidentUpdate) -> None:
    if row.state != UpdateState.WAITING:
        raise Conflict("This update does not wait for approval.", code="not_waiting")


def _communications(incident: Incident) -> int | None:
    held = RoleAssignment.objects.filter(incident=incident, role=Role.COMMUNICATIONS, ended_at__isnull=True)
    return held.values_list("user_id", flat=True).first()
