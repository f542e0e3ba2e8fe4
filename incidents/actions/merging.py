"""Merging an incident into another, and undoing it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from incidents.actions.common import announce, save_incident, write_entry
from incidents.choices import ACTIVE, TRANSITIONS, EntryKind, IncidentStatus, PageStatus
from incidents.errors import ForbiddenTransition
from incidents.models import Incident, IncidentService
from oncall.actions.runs import stop_escalation
from teams.actor import Actor


def merge(*, actor: Actor, number: int, into: int, now: dt.datetime | None = None) -> Incident:
    """Make `number` part of `into`, which must be active; returns the merged one.

    Its paging stops, its services join the survivor, its link leads there. Needs the right on both.
    """
    now = now or clock.now()
    if number == into:
        raise field_error("into", "An incident cannot be merged into itself.")
    with transaction.atomic():
        merged, survivor = _lock_pair(actor, number, into)
        if merged.merged_into_id == survivor.pk:
            return merged
        if IncidentStatus.MERGED not in TRANSITIONS[merged.status]:
            raise ForbiddenTransition(f"A {merged.get_status_display().lower()} incident cannot be merged.")
        if survivor.status not in ACTIVE:
            raise Conflict("The other incident is over; reopen it first.", code="survivor_not_active")
        stop_escalation(
            subject_key=merged.subject_key,
            status="stopped",
            user_id=actor.user_id,
            reason=f"merged into #{into}",
            now=now,
        )
        old, merged.status_before_merge = merged.status, merged.status
        merged.status, merged.merged_into = IncidentStatus.MERGED, survivor
        merged.page_status, merged.snoozed_until, merged.next_update_due_at = PageStatus.NONE, None, None
        write_entry(merged, actor=actor, kind=EntryKind.MERGED, now=now, data={"into": into})
        save_incident(
            merged,
            now,
            "status",
            "status_before_merge",
            "merged_into",
            "page_status",
            "snoozed_until",
            "next_update_due_at",
        )
        _join_services(merged, survivor)
        write_entry(
            survivor,
            actor=actor,
            kind=EntryKind.MERGED,
            now=now,
            data={"merged": number, "title": merged.title},
        )
        save_incident(survivor, now)
        announce(merged, "merged", actor, old=old, into=into)
        announce(survivor, "details", actor)
    return merged


def _lock_pair(actor: Actor, first: int, second: int) -> tuple[Incident, Incident]:
    """Both rows, locked in primary-key order so that two merges cannot deadlock."""
    allowed = Incident.objects.allowing(actor, "merge").filter(number__in=[first, second])
    rows = {row.number: row for row in allowed.order_by("pk").select_for_update(of=("self",), no_key=True)}
    visible = set(
        Incident.objects.visible_to(actor).filter(number__in=[first, second]).values_list("number", flat=True)
    )
    if first not in visible:
        raise NotVisible
    if second not in visible:
        raise field_error("into", f"There is no incident #{second}.")
    if len(rows) < 2:
        raise NotAllowed
    return rows[first], rows[second]


def _join_services(merged: Incident, survivor: Incident) -> None:
    held = set(survivor.service_rows.values_list("service_id", flat=True))
    IncidentService.objects.bulk_create(
        IncidentService(
            incident=survivor, service_id=row.service_id, condition=row.condition, position=row.position + 100
        )
        for row in merged.service_rows.all()
        if row.service_id not in held
    )
