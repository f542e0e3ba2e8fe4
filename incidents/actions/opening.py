"""How an incident begins: declared by a person, or opened by an alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from core import clock
from core.errors import NotAllowed, field_error
from core.text import clean, one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, required_text, save_incident, write_entry
from incidents.actions.paging import start_paging
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
    team_id: int | None = None,
    severity: int | None = None,
    impact: str = "",
    urgency: str = Urgency.HIGH,
    kind: str = IncidentKind.REAL,
    page: bool = True,
    source: str = "",
    link: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Declare an incident by hand; anybody signed in may. It starts in *investigating*.

    Pages the first service's policy (else its team's default) unless `page` is false or it is
    backfilled. Without `team_id` the first service's team owns it, else it is organisation-wide.
    """
    if "respond" not in actor.scopes:
        raise NotAllowed("This token lacks the scope “respond”.", code="scope_missing")
    now = now or clock.now()
    title = one_line(required_text("title", title), 200)
    services = _visible_services(actor, service_ids)
    team_id = _team(actor, team_id, services)
    level = _severity(severity)
    _known("urgency", urgency, Urgency.values)
    _known("kind", kind, IncidentKind.values)
    with transaction.atomic():
        incident = _create(
            title=title,
            status=IncidentStatus.INVESTIGATING,
            severity=level,
            impact=clean(impact.strip(), 500),
            urgency=urgency,
            kind=kind,
            team_id=team_id,
            source=one_line(source, 200),
            source_link=_link(link),
            created_by_id=actor.user_id,
            created_at=now,
            updated_at=now,
            detected_at=now,
            declared_at=now,
        )
        _affect(incident, services)
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.DECLARED,
            now=now,
            text=incident.impact,
            data={"title": title, "services": [s.name for s in services], "severity": severity},
            audience=EntryAudience.SUPPORT,
        )
        if actor.user_id is not None and not actor.is_admin and not actor.is_support:
            grant_respond(incident, actor.user_id)
        if page and kind in (IncidentKind.REAL, IncidentKind.DRILL):
            start_paging(incident, actor=actor, services=services, body=incident.impact, now=now)
        save_incident(incident, now, "page_status")
        announce(incident, "declared", actor, title=title)
    return incident


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
    now: dt.datetime,
) -> Incident:
    """Open an incident in *triage* for a firing alert and start the service's policy.

    `page_user_ids` (a rehearsal) pages these people instead of the policy.

    Must run inside the caller's transaction, which already holds the alert rows; the incident
    number is the last lock taken.
    """
    actor = system_actor(source or "Monitoring", via="rule")
    incident = _create(
        title=one_line(title, 200) or "Alert without a title",
        status=IncidentStatus.TRIAGE,
        urgency=urgency,
        kind=kind,
        team_id=service.team_id if service else team_id,
        source=one_line(source, 200),
        created_at=now,
        updated_at=now,
        detected_at=now,
        impact_started_at=occurred_at if occurred_at and occurred_at <= now else None,
    )
    services = [service] if service else []
    _affect(incident, services)
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.DECLARED,
        now=now,
        text=clean(body, 2000),
        data={"title": incident.title, "services": [s.name for s in services], "by_alert": True},
        audience=EntryAudience.SUPPORT,
    )
    if page:
        start_paging(
            incident,
            actor=actor,
            services=services,
            body=clean(body, 2000),
            user_ids=page_user_ids,
            now=now,
        )
    save_incident(incident, now, "page_status")
    announce(incident, "declared", actor, title=incident.title)
    return incident


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
