"""How an incident begins: declared by a person, or opened by an alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction

from core import clock
from core.errors import NotAllowed, field_error
from core.text import clean, one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, required_text, save_incident, write_entry
from incidents.actions.details import find_type
from incidents.actions.paging import active_people, start_paging
from incidents.actions.severity import EFFECTS, take_effect
from incidents.actions.visibility import restrict
from incidents.choices import EntryAudience, EntryKind, IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentService, SeverityLevel
from notifications.choices import Urgency
from services.models import Service
from teams.actor import Actor, system_actor
from teams.models import Team

_UPSERT = (
    "UPDATE incidents_incidentcounter SET last_number = last_number + 1 WHERE id = 1 RETURNING last_number"
)
MAX_SERVICES = 50
_FACTS = frozenset(
    (
        "team_id",
        "severity",
        "impact",
        "urgency",
        "kind",
        "type_key",
        "source",
        "link",
        "ticket",
        "impact_started_at",
    )
)


def next_number() -> int:
    """The next incident number, without gaps: the counter's row lock is held until commit."""
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT)
        row = cursor.fetchone()
    return int(row[0])


def declare_incident(
    *,
    actor: Actor,
    title: str,
    service_ids: Sequence[int] = (),
    page: bool = True,
    invited: Sequence[int] = (),
    now: dt.datetime | None = None,
    **facts: Any,
) -> Incident:
    """Declare an incident by hand; anybody signed in may. It starts in *investigating*.

    A real one pages the first service's policy (else its team's default) unless `page` is false, a drill
    pages the people `invited` and nobody else. Without `team_id` the first service's team owns it, else it
    is organisation-wide.

    `facts`, all optional: team_id; severity (0 to 4); impact (one sentence); urgency; kind; type_key; source,
    link and ticket (where the report came from and its number there); impact_started_at (not in the future).
    A type that is restricted makes it so from the start.
    """
    if "respond" not in actor.scopes:
        raise NotAllowed("This token lacks the scope “respond”.", code="scope_missing")
    now = now or clock.now()
    services = _visible_services(actor, service_ids)
    fields = _declared(actor, title, services, facts, now)
    with transaction.atomic():
        incident = _create(status=IncidentStatus.INVESTIGATING, created_by_id=actor.user_id, **fields)
        _affect(incident, services)
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.DECLARED,
            now=now,
            text=incident.impact,
            data=_declared_data(incident, services),
            audience=EntryAudience.SUPPORT,
        )
        if actor.user_id is not None and not actor.is_admin and not actor.is_support:
            grant_respond(incident, actor.user_id)
        _call(incident, services, page, invited, actor=actor, now=now)
        if incident.severity is not None:
            take_effect(incident, None, actor=actor, now=now)
        if incident.type is not None and incident.type.restricted:
            restrict(incident, actor=actor, now=now)
        save_incident(incident, now, "visibility", *EFFECTS)
        announce(incident, "declared", actor, title=incident.title)
    return incident


def _call(
    incident: Incident,
    services: Sequence[Service],
    page: bool,
    invited: Sequence[int],
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    """Page for a new incident: its policy for a real one, the people invited for a drill."""
    people = active_people(invited, field="invited") if incident.kind == IncidentKind.DRILL else []
    grant_respond(incident, *people)
    if page and (people or incident.kind == IncidentKind.REAL):
        body = incident.impact
        start_paging(incident, actor=actor, services=services, body=body, user_ids=people, now=now)


def _declared_data(incident: Incident, services: Sequence[Service]) -> dict[str, Any]:
    data = {
        "title": incident.title,
        "services": [service.name for service in services],
        "severity": incident.severity_id,
    }
    said = {"source": incident.source, "ticket": incident.ticket}
    return data | {name: value for name, value in said.items() if value}


def _declared(
    actor: Actor, title: str, services: Sequence[Service], facts: dict[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """The columns of an incident somebody declares, checked; `InvalidInput` naming what is wrong."""
    unknown = set(facts) - _FACTS
    if unknown:
        raise TypeError(f"declare_incident: {', '.join(sorted(unknown))}")
    urgency, kind = facts.get("urgency") or Urgency.HIGH, facts.get("kind") or IncidentKind.REAL
    _known("urgency", urgency, Urgency.values)
    _known("kind", kind, IncidentKind.values)
    began = facts.get("impact_started_at")
    if began is not None and began > now:
        raise field_error("impact_started_at", "That is in the future.")
    return {
        "title": one_line(required_text("title", title), 200),
        "severity": _severity(facts.get("severity")),
        "type": find_type(facts.get("type_key")),
        "impact": clean((facts.get("impact") or "").strip(), 500),
        "urgency": urgency,
        "kind": kind,
        "team_id": _team(actor, facts.get("team_id"), services),
        "source": one_line(facts.get("source") or "", 200),
        "source_link": _link(facts.get("link") or ""),
        "ticket": one_line(facts.get("ticket") or "", 100),
        "impact_started_at": began,
        "created_at": now,
        "updated_at": now,
        "detected_at": now,
        "declared_at": now,
    }


def open_from_alert(
    *,
    service: Service | None,
    title: str,
    body: str,
    urgency: str,
    source: str,
    occurred_at: dt.datetime | None,
    page: bool = True,
    kind: str = IncidentKind.REAL,
    team_id: int | None = None,
    page_user_ids: Sequence[int] = (),
    severity: int | None = None,
    policy_id: int | None = None,
    ticket: str = "",
    link: str = "",
    now: dt.datetime,
) -> Incident:
    """Open an incident in *triage* for a firing alert and start the service's policy.

    `page_user_ids` (a rehearsal) pages these people instead of the policy, `policy_id` that policy. A `severity`
    does what it does when somebody sets it. `ticket`, `link`: the number and address of the support ticket it is.

    Must run inside the caller's transaction, which already holds the alert rows; the number is the last lock taken.
    """
    actor = system_actor(source or "Monitoring", via="rule")
    incident = _create(
        title=one_line(title, 200) or "Alert without a title",
        status=IncidentStatus.TRIAGE,
        urgency=urgency,
        kind=kind,
        severity=_severity(severity),
        team_id=service.team_id if service else team_id,
        source=one_line(source, 200),
        source_link=link,
        ticket=one_line(ticket, 100),
        **dict.fromkeys(("created_at", "updated_at", "detected_at"), now),
        impact_started_at=occurred_at if occurred_at and occurred_at <= now else None,
    )
    services, body = [service] if service else [], clean(body, 2000)
    _affect(incident, services)
    _begin(incident, services, body, actor=actor, now=now)
    if page:
        start = partial(start_paging, incident, actor=actor, services=services, body=body, now=now)
        start(user_ids=page_user_ids, policy_id=policy_id)
    if incident.severity is not None:
        take_effect(incident, None, actor=actor, now=now)
    save_incident(incident, now, *(EFFECTS if incident.severity is not None else ("page_status",)))
    announce(incident, "declared", actor, title=incident.title)
    return incident


def _begin(
    incident: Incident, services: Sequence[Service], body: str, *, actor: Actor, now: dt.datetime
) -> None:
    """The first entry of an incident that an alert opens."""
    ranked = {"severity": incident.severity_id} if incident.severity_id is not None else {}
    named = {"title": incident.title, "services": [service.name for service in services], "by_alert": True}
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.DECLARED,
        now=now,
        text=body,
        data={**named, **ranked},
        audience=EntryAudience.SUPPORT,
    )


def _create(**fields: Any) -> Incident:
    return Incident.objects.create(number=next_number(), **fields)


def _affect(incident: Incident, services: Sequence[Service]) -> None:
    IncidentService.objects.bulk_create(
        IncidentService(incident=incident, service=service, position=position)
        for position, service in enumerate(services)
    )


def _visible_services(actor: Actor, ids: Sequence[int]) -> list[Service]:
    if len(ids) > MAX_SERVICES:
        raise field_error("services", f"At most {MAX_SERVICES} services.")
    found = {row.pk: row for row in Service.objects.visible_to(actor).filter(pk__in=list(ids))}
    missing = [pk for pk in ids if pk not in found]
    if missing:
        raise field_error("services", "There is no such service.")
    return [found[pk] for pk in dict.fromkeys(ids)]


def _team(actor: Actor, team_id: int | None, services: Sequence[Service]) -> int | None:
    if team_id is None:
        return next((s.team_id for s in services), None) or actor.bound_team_id
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    return team_id


def _severity(rank: int | None) -> SeverityLevel | None:
    if rank is None:
        return None
    level = SeverityLevel.objects.filter(pk=rank).first()
    if level is None:
        raise field_error("severity", "A severity is a whole number from 0 to 4.")
    return level


def _known(name: str, value: str, values: Sequence[str]) -> None:
    if value not in values:
        raise field_error(name, f"One of {', '.join(values)}.")


def _link(link: str) -> str:
    link = link.strip()
    if link and not link.startswith(("http://", "https://")):
        raise field_error("link", "A link starts with http:// or https://.")
    return link[:500]
