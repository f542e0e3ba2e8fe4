"""Incidents that have to do with each other without being one: parent and child, related, duplicate."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from incidents.actions.common import announce, lock, lock_pair, save_incident, write_entry
from incidents.actions.opening import declare_incident
from incidents.choices import EntryKind, IncidentKind, IncidentStatus, RelationKind
from incidents.models import Incident, IncidentRelation
from teams.actor import Actor

DEEPEST = 5
MOST = 50
_BY_HAND = (RelationKind.RELATED, RelationKind.DUPLICATE)


def set_parent(*, actor: Actor, number: int, parent: int | None, now: dt.datetime | None = None) -> Incident:
    """Make an incident part of a larger one that goes on beside it (None: of none). No circles, depth 5.

    Needs the right on both.
    """
    now = now or clock.now()
    with transaction.atomic():
        if parent is None:
            incident, above = lock(actor, "relate", number), None
        else:
            incident, above = _pair(actor, "parent", number, parent)
            _no_circle(incident, above)
        if incident.parent_id == (above.pk if above else None):
            return incident
        incident.parent = above
        if above is not None:
            _say(above, "child", incident, actor=actor, now=now)
        _say(incident, "parent", above, actor=actor, now=now)
        save_incident(incident, now, "parent")
        announce(incident, "details", actor)
    return incident


def relate(
    *,
    actor: Actor,
    number: int,
    other: int,
    kind: str = RelationKind.RELATED,
    now: dt.datetime | None = None,
) -> IncidentRelation:
    """Say that two incidents have to do with each other. Again sets the kind. Needs the right on both."""
    if kind not in _BY_HAND:
        raise field_error("kind", f"One of {', '.join(_BY_HAND)}.")
    now = now or clock.now()
    with transaction.atomic():
        incident, second = _pair(actor, "other", number, other)
        found = IncidentRelation.objects.filter(incident=incident, other=second).first()
        if found is not None and found.kind == kind:
            return found
        if found is None and incident.relations.count() >= MOST:
            raise field_error("other", f"At most {MOST}.")
        row, _new = IncidentRelation.objects.update_or_create(
            incident=incident, other=second, defaults={"kind": kind}
        )
        _say(incident, kind, second, actor=actor, now=now)
        _say(second, f"{kind}_of_it", incident, actor=actor, now=now)
        announce(incident, "details", actor)
    return row


def unrelate(*, actor: Actor, number: int, other: int, now: dt.datetime | None = None) -> None:
    """Take the relation back, whichever of the two named it. None: nothing changes."""
    now = now or clock.now()
    with transaction.atomic():
        incident, second = _pair(actor, "other", number, other)
        pair = [incident.pk, second.pk]
        gone, _rows = IncidentRelation.objects.filter(
            incident__in=pair, other__in=pair, kind__in=_BY_HAND
        ).delete()
        if gone:
            _say(incident, "unrelated", second, actor=actor, now=now)
            _say(second, "unrelated", incident, actor=actor, now=now)
            announce(incident, "details", actor)


def declare_from_drill(*, actor: Actor, number: int, now: dt.datetime | None = None) -> Incident:
    """The drill has turned real: a real incident on the same services, linked; the drill stays a drill.

    It pages as any other. Again returns the one that exists.
    """
    now = now or clock.now()
    with transaction.atomic():
        drill = lock(actor, "relate", number)
        if drill.kind != IncidentKind.DRILL:
            raise Conflict("Only a drill can turn real.", code="not_a_drill")
        link = drill.related_by.filter(kind=RelationKind.DRILL_OF).select_related("incident").first()
        if link is not None:
            return link.incident
        real = declare_incident(
            actor=actor,
            title=drill.title,
            service_ids=list(drill.service_rows.values_list("service_id", flat=True)),
            team_id=drill.team_id,
            severity=drill.severity_id,
            impact=drill.impact,
            now=now,
        )
        IncidentRelation.objects.create(incident=real, other=drill, kind=RelationKind.DRILL_OF)
        _say(drill, "turned_real", real, actor=actor, now=now)
    return real


def _pair(actor: Actor, field: str, number: int, other: int) -> tuple[Incident, Incident]:
    if number == other:
        raise field_error(field, "That is this incident itself.")
    incident, second = lock_pair(actor, "relate", number, other, field=field)
    if second.status == IncidentStatus.MERGED:
        raise field_error(field, "That one is part of another incident.")
    return incident, second


def _no_circle(incident: Incident, above: Incident) -> None:
    seen: Incident | None = above
    for _step in range(DEEPEST):
        if seen is None:
            return
        if seen.pk == incident.pk:
            raise field_error("parent", "That one is a part of this incident.")
        seen = seen.parent
    if seen is not None:
        raise field_error("parent", f"At most {DEEPEST} levels.")


def _say(where: Incident, what: str, other: Incident | None, *, actor: Actor, now: dt.datetime) -> None:
    """An entry in the timeline of `where`; it names the other only to those who see it anyway."""
    alike = other is not None and (other.visibility, other.team_id) == (where.visibility, where.team_id)
    data = {
        "what": what,
        "other": other.number if other else None,
        "title": other.name_outside if other and alike else "",
    }
    write_entry(where, actor=actor, kind=EntryKind.LINKED, now=now, data=data)
    save_incident(where, now)
