"""Merging an incident into another, and undoing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from incidents.actions.common import announce, lock, lock_pair, save_incident, write_entry
from incidents.actions.paging import page_again, running_pages
from incidents.actions.promises import PROMISE_FIELDS, end_clocks, promises_of, restore_promises
from incidents.choices import ACTIVE, TRANSITIONS, EntryKind, IncidentStatus, PageStatus, Visibility
from incidents.errors import ForbiddenTransition
from incidents.models import Incident, IncidentService, TimelineEntry
from oncall.actions.runs import stop_escalation
from teams.actor import Actor

MOST_AT_ONCE = 20
_SAVED = (
    "status",
    "status_before_merge",
    "merged_into",
    "page_status",
    "snoozed_until",
    "snoozed_by_alerts",
    *PROMISE_FIELDS,
)


def merge(*, actor: Actor, number: int, into: int, now: dt.datetime | None = None) -> Incident:
    """Make `number` part of `into`, which must be active; returns the merged one.

    Its paging stops, its services join the survivor, its link leads there. Needs the right on both.
    What it was is kept in its timeline entry, for `unmerge`.
    """
    now = now or clock.now()
    if number == into:
        raise field_error("into", "An incident cannot be merged into itself.")
    with transaction.atomic():
        merged, survivor = lock_pair(actor, "merge", number, into, field="into")
        if merged.merged_into_id == survivor.pk:
            return merged
        if IncidentStatus.MERGED not in TRANSITIONS[merged.status]:
            raise ForbiddenTransition(f"A {merged.get_status_display().lower()} incident cannot be merged.")
        if survivor.status not in ACTIVE:
            raise Conflict("The other incident is over; reopen it first.", code="survivor_not_active")
        data = {"into": into, "before": _memory(merged), "services": _join_services(merged, survivor)}
        stop_escalation(
            subject_key=merged.subject_key,
            status="stopped",
            user_id=actor.user_id,
            reason=f"merged into #{into}",
            now=now,
        )
        old, merged.status_before_merge = merged.status, merged.status
        merged.status, merged.merged_into = IncidentStatus.MERGED, survivor
        merged.page_status = PageStatus.NONE
        end_clocks(merged)
        merged.snoozed_until, merged.snoozed_by_alerts = None, False
        write_entry(merged, actor=actor, kind=EntryKind.MERGED, now=now, data=data)
        save_incident(merged, now, *_SAVED)
        data = {"merged": number, "title": _title_for(merged, survivor)}
        write_entry(survivor, actor=actor, kind=EntryKind.MERGED, now=now, data=data)
        save_incident(survivor, now)
        announce(merged, "merged", actor, old=old, into=into)
        announce(survivor, "details", actor)
    return merged


def merge_several(
    *, actor: Actor, into: int, numbers: Sequence[int], now: dt.datetime | None = None
) -> Incident:
    """Make all of `numbers` (at most 20) part of `into`, or none of them; returns the survivor. See `merge`."""
    numbers = list(dict.fromkeys(numbers))
    if not numbers:
        raise field_error("incidents", "Name at least one.")
    if len(numbers) > MOST_AT_ONCE:
        raise field_error("incidents", f"At most {MOST_AT_ONCE} at once.")
    now = now or clock.now()
    with transaction.atomic():
        # All at once and in the order of their keys, so that two such merges cannot wait for each other.
        rows = Incident.objects.allowing(actor, "merge").filter(number__in=[into, *numbers])
        list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
        for number in numbers:
            try:
                merge(actor=actor, number=number, into=into, now=now)
            except NotVisible as error:
                raise field_error("incidents", f"There is no incident #{number}.") from error
    survivor: Incident | None = Incident.objects.visible_to(actor).filter(number=into).first()
    if survivor is None:
        raise NotVisible
    return survivor


def unmerge(*, actor: Actor, number: int, now: dt.datetime | None = None) -> Incident:
    """Take the merge of `number` back: it goes on in the state it had, as an incident of its own.

    The alerts that moved at the merge come back (`alerts.handlers`), those that joined the survivor
    later stay there; services the merge brought leave the survivor. Paging that the merge stopped
    starts anew. Undone already: nothing changes. `Conflict` when it was never merged, or when the
    survivor is closed or itself merged. Needs the right on both.
    """
    now = now or clock.now()
    with transaction.atomic():
        pair = _lock_merged(actor, number)
        if isinstance(pair, Incident):
            return pair
        merged, survivor = pair
        data = _undoable(merged, survivor)
        merged.merged_into = None
        _restore(merged, data["before"], now)
        write_entry(
            merged, actor=actor, kind=EntryKind.MERGED, now=now, data={"undone_from": survivor.number}
        )
        save_incident(merged, now, *_SAVED)
        _leave_services(survivor, data["services"])
        data = {"undone": number, "title": _title_for(merged, survivor)}
        write_entry(survivor, actor=actor, kind=EntryKind.MERGED, now=now, data=data)
        save_incident(survivor, now)
        announce(
            merged, "unmerged", actor, old=IncidentStatus.MERGED, new=merged.status, came_from=survivor.number
        )
        announce(survivor, "details", actor)
    return merged


def _lock_merged(actor: Actor, number: int) -> tuple[Incident, Incident] | Incident:
    """The merged incident and its survivor, locked; the incident alone when the merge is undone."""
    seen = Incident.objects.visible_to(actor).select_related("merged_into").filter(number=number).first()
    if seen is None:
        raise NotVisible
    if seen.merged_into is not None:
        try:
            merged, survivor = lock_pair(actor, "merge", number, seen.merged_into.number, field="into")
        except InvalidInput as error:
            raise NotAllowed("You may not change the incident it was merged into.") from error
        if merged.merged_into_id == survivor.pk:
            return merged, survivor
    else:
        merged = lock(actor, "merge", number)
    undone = merged.timeline.filter(kind=EntryKind.MERGED, data__has_key="undone_from").exists()
    if merged.merged_into_id is not None or not undone:
        raise Conflict(f"#{number} is not part of another incident.", code="not_merged")
    return merged


def _undoable(merged: Incident, survivor: Incident) -> dict[str, Any]:
    """What the merge remembered; `Conflict` when it cannot be taken back."""
    if survivor.status == IncidentStatus.CLOSED:
        raise Conflict(f"#{survivor.number} is closed, so this merge stays.", code="survivor_closed")
    if survivor.status == IncidentStatus.MERGED:
        raise Conflict(
            f"#{survivor.number} was merged itself afterwards; undo that merge first.",
            code="survivor_merged",
        )
    entries = TimelineEntry.objects.filter(incident=merged, kind=EntryKind.MERGED, data__has_key="before")
    entry = entries.order_by("-seq").first()
    if entry is None or entry.data["into"] != survivor.number:
        raise Conflict("What it was before the merge is not recorded.", code="not_recorded")
    return dict(entry.data)


def _memory(incident: Incident) -> dict[str, Any]:
    """What a merge takes away from an incident, as JSON."""
    return {
        "status": incident.status,
        "page_status": incident.page_status,
        "paging": running_pages(incident),
        "snoozed_until": _text(incident.snoozed_until),
        "snoozed_by_alerts": incident.snoozed_by_alerts,
        "promises": promises_of(incident),
    }


def _restore(incident: Incident, before: dict[str, Any], now: dt.datetime) -> None:
    """The opposite of `_memory`. A snooze that has run out meanwhile pages with the next timer."""
    incident.status, incident.page_status = before["status"], before["page_status"]
    incident.snoozed_until = _instant(before["snoozed_until"])
    incident.snoozed_by_alerts = before["snoozed_by_alerts"]
    restore_promises(incident, before.get("promises", []))
    if incident.page_status == PageStatus.PAGING:
        page_again(incident, before["paging"], now=now)


def _text(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _title_for(merged: Incident, survivor: Incident) -> str:
    """The merged one's title for the survivor's readers, unless they may be more people."""
    hidden = merged.visibility == Visibility.RESTRICTED and survivor.visibility != Visibility.RESTRICTED
    return "" if hidden else merged.title


def _join_services(merged: Incident, survivor: Incident) -> list[int]:
    """Give the survivor the services it lacks; their ids."""
    held = set(survivor.service_rows.values_list("service_id", flat=True))
    rows = [row for row in merged.service_rows.all() if row.service_id not in held]
    IncidentService.objects.bulk_create(
        IncidentService(
            incident=survivor, service_id=row.service_id, condition=row.condition, position=row.position + 100
        )
        for row in rows
    )
    return [row.service_id for row in rows]


def _leave_services(survivor: Incident, ids: list[int]) -> None:
    """Take the services away again that no other incident merged into the survivor has."""
    others = IncidentService.objects.filter(incident__merged_into=survivor, service_id__in=ids)
    survivor.service_rows.filter(service_id__in=ids).exclude(
        service_id__in=others.values("service_id")
    ).delete()
