"""Changing status pages. Every change publishes a new snapshot in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.text import slugify

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents.models import Incident
from services.models import Service
from statuspage.choices import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    OVER,
    ComponentStatus,
    Impact,
    NoticeKind,
)
from statuspage.models import Component, Notice, NoticeUpdate, StatusPage
from statuspage.snapshot import publish
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import Team

MAX_COMPONENTS = 200
MAX_BODY = 20_000


def create_page(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    description: str = "",
    team_id: int | None = None,
    time_zone: str = "UTC",
    now: dt.datetime | None = None,
) -> StatusPage:
    """A new public page, published at once. Managers of its team; admins alone for one without team."""
    now = now or clock.now()
    if team_id is not None and not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the team can make a status page.")
    name = one_line(name, 120)
    slug = slug or slugify(name)[:60]
    if not name:
        raise field_error("name", "A page needs a name.")
    if not slug or slugify(slug) != slug:
        raise field_error("slug", "Lower-case letters, digits and hyphens only.")
    with transaction.atomic():
        if StatusPage.objects.filter(slug=slug).exists():
            raise field_error("slug", "Another page has this address.")
        page = StatusPage.objects.create(
            slug=slug,
            name=name,
            description=one_line(description, 300),
            team_id=team_id,
            time_zone=time_zone,
            updated_at=now,
        )
        _audit(actor, "created", page)
        publish(page, now)
    return page


def add_component(
    *,
    actor: Actor,
    page_id: int,
    name: str,
    description: str = "",
    service_id: int | None = None,
    now: dt.datetime | None = None,
) -> Component:
    """Add a part that customers know."""
    now = now or clock.now()
    name = one_line(name, 120)
    if not name:
        raise field_error("name", "A component needs a name.")
    with transaction.atomic():
        page = locked_page(actor, page_id)
        count = page.components.count()
        if count >= MAX_COMPONENTS:
            raise field_error("name", f"At most {MAX_COMPONENTS} components.")
        if page.components.filter(name=name).exists():
            raise field_error("name", "The page has a component of this name.")
        if service_id is not None and not Service.objects.visible_to(actor).filter(pk=service_id).exists():
            raise field_error("service", "There is no such service.")
        component = Component.objects.create(
            page=page,
            name=name,
            description=one_line(description, 300),
            service_id=service_id,
            position=count + 1,
            updated_at=now,
        )
        _touch(page, now)
        _audit(actor, "component added", page, name)
    return component


def set_component_status(
    *, actor: Actor, component_id: int, status: str, now: dt.datetime | None = None
) -> Component:
    """Set a component by hand."""
    now = now or clock.now()
    if status not in ComponentStatus.values:
        raise field_error("status", f"One of {', '.join(ComponentStatus.values)}.")
    with transaction.atomic():
        component = Component.objects.visible_to(actor).filter(pk=component_id).first()
        if component is None:
            raise NotVisible
        page = locked_page(actor, component.page_id)
        if component.status == status:
            return component  # type: ignore[no-any-return]
        old, component.status, component.updated_at = component.status, status, now
        component.save(update_fields=["status", "updated_at"])
        _touch(page, now)
        _audit(actor, "component set", page, f"{component.name}: {old} → {status}")
    return component  # type: ignore[no-any-return]


def create_notice(
    *,
    actor: Actor,
    page_id: int,
    title: str,
    body: str,
    kind: str = NoticeKind.INCIDENT,
    status: str = "",
    impact: str = Impact.MINOR,
    component_ids: Sequence[int] = (),
    component_status: str = "",
    incident_number: int | None = None,
    scheduled_for: dt.datetime | None = None,
    scheduled_until: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Notice:
    """Tell the public: a problem, or planned work with its window. Responders of the page's team.

    `component_status` sets the affected components too. `incident_number` links it inside; nothing
    of the incident leaves.
    """
    now = now or clock.now()
    title, body = one_line(title, 200), _body(body)
    if not title:
        raise field_error("title", "A notice needs a title.")
    if kind not in NoticeKind.values:
        raise field_error("kind", "incident or maintenance.")
    status = status or ("investigating" if kind == NoticeKind.INCIDENT else "scheduled")
    _check_status(kind, status)
    impact = Impact.MAINTENANCE if kind == NoticeKind.MAINTENANCE else impact
    if impact not in Impact.values:
        raise field_error("impact", f"One of {', '.join(Impact.values)}.")
    if kind == NoticeKind.MAINTENANCE:
        if scheduled_for is None or scheduled_until is None:
            raise field_error("scheduled_for", "Planned work needs a start and an end.")
        if scheduled_until <= scheduled_for:
            raise field_error("scheduled_until", "Must be after the start.")
    with transaction.atomic():
        page = locked_page(actor, page_id)
        incident = _incident(actor, incident_number)
        components = _components(page, component_ids)
        notice = Notice.objects.create(
            page=page,
            kind=kind,
            title=title,
            status=status,
            impact=impact,
            incident=incident,
            scheduled_for=scheduled_for if kind == NoticeKind.MAINTENANCE else None,
            scheduled_until=scheduled_until if kind == NoticeKind.MAINTENANCE else None,
            started_at=scheduled_for if kind == NoticeKind.MAINTENANCE and scheduled_for else now,
            updated_at=now,
        )
        notice.components.set(components)
        _write(actor, notice, status, body, now)
        _set_components(components, component_status, now)
        _touch(page, now)
        _audit(actor, "notice published", page, title)
    return notice


def update_notice(
    *,
    actor: Actor,
    notice_id: int,
    body: str,
    status: str = "",
    component_status: str = "",
    now: dt.datetime | None = None,
) -> Notice:
    """Say more; the public sees it at once. A notice that is over takes no more words."""
    now = now or clock.now()
    body = _body(body)
    with transaction.atomic():
        notice = Notice.objects.visible_to(actor).filter(pk=notice_id).first()
        if notice is None:
            raise NotVisible
        page = locked_page(actor, notice.page_id)
        notice.refresh_from_db()
        if notice.status in OVER:
            raise Conflict("This notice is over; open a new one.", code="notice_over")
        status = status or notice.status
        _check_status(notice.kind, status)
        _write(actor, notice, status, body, now)
        _set_components(list(notice.components.all()), component_status, now)
        _touch(page, now)
        _audit(actor, "notice updated", page, notice.title)
    return notice  # type: ignore[no-any-return]


def locked_page(actor: Actor, page_id: int) -> StatusPage:
    """The page, locked, if the actor may publish on it: managers and responders of its team."""
    rows = StatusPage.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    page: StatusPage | None = rows.filter(pk=page_id).first()
    if page is None:
        raise NotVisible
    responds = actor.roles.get(page.team_id or 0) == TeamRole.RESPONDER and "respond" in actor.scopes
    if not responds and not actor.manages(page.team_id):
        raise NotAllowed("Only members of the page's team can publish on it.")
    return page


def _touch(page: StatusPage, now: dt.datetime) -> None:
    page.updated_at = now
    page.save(update_fields=["updated_at"])
    publish(page, now)


def _write(actor: Actor, notice: Notice, status: str, body: str, now: dt.datetime) -> None:
    NoticeUpdate.objects.create(
        notice=notice, status=status, body=body, author_id=actor.user_id, created_at=now
    )
    notice.status, notice.updated_at = status, now
    if status == "monitoring" and notice.monitoring_at is None:
        notice.monitoring_at = now
    if status in OVER:
        notice.resolved_at = now
    notice.save(update_fields=["status", "updated_at", "monitoring_at", "resolved_at"])


def _set_components(components: Sequence[Component], status: str, now: dt.datetime) -> None:
    if not status:
        return
    if status not in ComponentStatus.values:
        raise field_error("component_status", f"One of {', '.join(ComponentStatus.values)}.")
    Component.objects.filter(pk__in=[row.pk for row in components]).update(status=status, updated_at=now)


def _components(page: StatusPage, ids: Sequence[int]) -> list[Component]:
    found = list(page.components.filter(pk__in=list(ids)))
    if len(found) != len(set(ids)):
        raise field_error("components", "There is no such component on this page.")
    return found


def _incident(actor: Actor, number: int | None) -> Incident | None:
    if number is None:
        return None
    incident = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    return incident  # type: ignore[no-any-return]


def _check_status(kind: str, status: str) -> None:
    allowed = INCIDENT_STATUSES if kind == NoticeKind.INCIDENT else MAINTENANCE_STATUSES
    if status not in allowed:
        raise field_error("status", f"One of {', '.join(allowed)}.")


def _body(body: str) -> str:
    body = clean(body).strip()
    if not body:
        raise field_error("body", "Write what customers should know.")
    if len(body) > MAX_BODY:
        raise field_error("body", f"At most {MAX_BODY:,} characters.")
    return body


def _audit(actor: Actor, verb: str, page: StatusPage, what: str = "") -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="status page",
        obj_id=page.pk,
        label=page.name,
        team_id=page.team_id,
        data={"what": what} if what else {},
    )
