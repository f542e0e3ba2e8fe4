"""Reads of incidents for pages, API, feed and webhooks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet, Value

from incidents.choices import ACTIVE, EntryAudience, IncidentKind, RelationKind, Visibility
from incidents.models import (
    Incident,
    IncidentRelation,
    IncidentService,
    RoleAssignment,
    SeverityLevel,
    TimelineEntry,
)
from incidents.permissions import SCOPES, TABLE
from incidents.standings import standings
from services.hooks import OpenIncident
from services.models import Service
from teams.actor import Actor

LIST_LIMIT = 50


def for_list(actor: Actor) -> QuerySet[Incident]:
    """Visible incidents with what a row shows: severity, team, commander and visible services."""
    services = IncidentService.objects.filter(service__in=Service.objects.visible_to(actor)).select_related(
        "service"
    )
    return (  # type: ignore[no-any-return]
        Incident.objects.visible_to(actor)
        .select_related("severity", "team", "commander", "acknowledged_by")
        .prefetch_related(Prefetch("service_rows", queryset=services))
    )


def active_by_severity(actor: Actor) -> list[Incident]:
    """Open incidents, worst first; unset severity counts as bad until somebody says otherwise."""
    rows = list(for_list(actor).filter(status__in=ACTIVE)[:200])
    return sorted(rows, key=lambda row: (1 if row.severity_id is None else row.severity_id, -row.number))


def for_page(actor: Actor, number: int) -> Incident | None:
    """One visible incident with roles and services; None when there is none for this actor."""
    roles = RoleAssignment.objects.filter(ended_at__isnull=True).select_related("user", "backup")
    rows = (
        for_list(actor)
        .select_related("created_by", "type")
        .prefetch_related(Prefetch("role_rows", queryset=roles, to_attr="current_roles"))
    )
    found: Incident | None = rows.filter(number=number).order_by().first()
    return found


@dataclass(frozen=True)
class Relative:
    """Another incident and what it is to this one: parent, child, merged (into this one), related, duplicate,
    duplicated, drill, real."""

    what: str
    incident: Incident


def relatives(actor: Actor, incident: Incident) -> list[Relative]:
    """The visible incidents this one has to do with, its parent first: one statement, two where there are any."""
    pairs = IncidentRelation.objects.filter(Q(incident=incident) | Q(other=incident))
    near = Incident.objects.filter(Q(parent=incident) | Q(merged_into=incident)).order_by()
    found_pairs = pairs.values_list("incident_id", "other_id", "kind").union(
        near.values_list("pk", "pk", Value("")), all=True
    )
    words: dict[int, str] = {}
    for first, second, kind in found_pairs:
        ahead = first == incident.pk
        words[second if ahead else first] = _RELATION_WORDS[kind][0 if ahead else 1] if kind else ""
    ids = {*words, *([incident.parent_id] if incident.parent_id else [])}
    if not ids:
        return []
    rows = Incident.objects.visible_to(actor).select_related("severity")
    found = list(rows.filter(pk__in=ids).order_by("number")[:100])
    named = [
        Relative(
            "parent"
            if row.pk == incident.parent_id
            else "child"
            if row.parent_id == incident.pk
            else "merged"
            if row.merged_into_id == incident.pk
            else words[row.pk],
            row,
        )
        for row in found
    ]
    return sorted(named, key=lambda row: row.what != "parent")


_RELATION_WORDS: dict[str, tuple[str, str]] = {
    RelationKind.RELATED: ("related", "related"),
    RelationKind.DUPLICATE: ("duplicate", "duplicated"),
    RelationKind.DRILL_OF: ("drill", "real"),
}


def likely_duplicates(
    actor: Actor, title: str, service_ids: Collection[int], limit: int = 5
) -> list[Incident]:
    """Open incidents that somebody who is about to declare this one may mean: they share a service, or two
    words of the title. The likeliest first; two statements."""
    wanted = _words(title)
    scored = []
    for row in for_list(actor).filter(status__in=ACTIVE)[:200]:
        score = _likeness(row, wanted, set(service_ids))
        if score >= _LIKELY:
            scored.append((-score, -row.number, row))
    return [row for _score, _number, row in sorted(scored, key=lambda each: each[:2])[:limit]]


def others_for(actor: Actor, incident: Incident, limit: int = 30) -> list[Incident]:
    """The other open incidents the actor sees, those on the same services or of a like title first: what somebody
    who merges or relates this one may mean. Two statements."""
    words, own = _words(incident.title), set(incident.services.values_list("pk", flat=True))
    rows = for_list(actor).filter(status__in=ACTIVE).exclude(pk=incident.pk)[:200]
    return sorted(rows, key=lambda row: (-_likeness(row, words, own), -row.number))[:limit]


def _likeness(row: Any, words: set[str], service_ids: set[int]) -> int:
    """How much an incident of `for_list` looks like one of these words and services."""
    shared = service_ids & {each.service_id for each in row.service_rows.all()}
    return 2 * len(shared) + len(words & _words(row.title))


_LIKELY = 2


def _words(text: str) -> set[str]:
    """The words of a title that tell something."""
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def timeline(incident: Incident, actor: Actor, *, after: int = 0, limit: int = 200) -> list[TimelineEntry]:
    """Entries with `seq > after`, oldest first."""
    rows = TimelineEntry.objects.filter(incident=incident, seq__gt=after).select_related("author")
    return list(rows.order_by("seq")[:limit])


def latest_timeline(
    incident: Incident, *, before: int | None = None, limit: int = 100
) -> list[TimelineEntry]:
    """The newest entries by sequence, newest first; `before` pages back."""
    rows = TimelineEntry.objects.filter(incident=incident).select_related("author")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return list(rows.order_by("-seq")[:limit])


def allowed_verbs(actor: Actor, incident: Incident) -> set[str]:
    """Which verbs of `incidents.permissions` the actor may use on an incident they see. None or one statement for
    an incident of `for_page`, two at most for another."""
    held = standings(actor, incident)
    return {verb for verb, needed in TABLE.items() if SCOPES[verb] in actor.scopes and needed & held}


def severity_levels() -> list[SeverityLevel]:
    return list(SeverityLevel.objects.all())


def feed_entries(actor: Actor, limit: int = 10) -> list[TimelineEntry]:
    """The last rows of the feed over all incidents the actor may see."""
    rows = TimelineEntry.objects.filter(
        incident__in=Incident.objects.visible_to(actor),
        audience__in=[EntryAudience.SUPPORT, EntryAudience.PUBLIC],
    )
    return list(rows.select_related("incident", "incident__severity", "author").order_by("-id")[:limit])


def quiet_since(actor: Actor) -> dt.datetime | None:
    """When the last incident the actor may see ended; None when there never was one."""
    row = (
        Incident.objects.visible_to(actor).filter(resolved_at__isnull=False).order_by("-resolved_at").first()
    )
    return row.resolved_at if row else None


def open_by_service(service_ids: Sequence[int] | None, actor: Actor) -> dict[int, list[OpenIncident]]:
    """Service id → open incidents the actor may see (the hook of `services`), in one statement."""
    rows = IncidentService.objects.filter(incident__in=Incident.objects.visible_to(actor).active())
    if service_ids is not None:
        rows = rows.filter(service_id__in=service_ids)
    found: dict[int, list[OpenIncident]] = {}
    for row in rows.select_related("incident").order_by("-incident__number"):
        incident = row.incident
        found.setdefault(row.service_id, []).append(
            OpenIncident(
                number=incident.number,
                title=incident.title,
                status=incident.status,
                severity=incident.severity_id,
                url_path=incident.get_absolute_url(),
                condition=row.condition,
                drill=incident.kind == IncidentKind.DRILL,
            )
        )
    return found


def titles(numbers: Collection[int], actor: Actor) -> dict[int, str]:
    """Titles of those of these incidents that the actor may see (the hook of `oncall`), in one statement."""
    return dict(Incident.objects.visible_to(actor).filter(number__in=numbers).values_list("number", "title"))


def is_restricted(number: int) -> bool:
    """Whether the incident's words are for the people invited alone (the hook of `oncall`)."""
    return Incident.objects.filter(number=number, visibility=Visibility.RESTRICTED).exists()


def webhook_payload(incident: Incident, change: dict[str, Any]) -> dict[str, Any]:
    """What an outgoing webhook says about an incident."""
    return {
        "number": incident.number,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity_id,
        "kind": incident.kind,
        "team": incident.team.slug if incident.team else None,
        "impact": incident.impact,
        "url": settings.BASE_URL + incident.get_absolute_url(),
        "commander": incident.commander.name if incident.commander else None,
        "change": change,
    }
