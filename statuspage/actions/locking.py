"""Finding what is to be changed, with its page locked."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from core.errors import NotVisible, field_error
from incidents.choices import IncidentKind
from incidents.models import Incident
from statuspage.actions.common import locked_page
from statuspage.choices import NoticeKind
from statuspage.models import Component, Notice, StatusPage
from teams.actor import Actor


def publishable_pages(actor: Actor) -> QuerySet[StatusPage]:
    """Pages the actor may say something on, by name."""
    rows: QuerySet[StatusPage] = StatusPage.objects.visible_to(actor)
    if actor.is_admin and "respond" in actor.scopes:
        return rows
    return rows.filter(team__in=[team for team in actor.roles if actor.responds(team)])


def locked_notice(actor: Actor, notice_id: int, *, manage: bool = False) -> tuple[Notice, StatusPage]:
    """A notice and its page, which is locked, for whoever may publish there."""
    found: Notice | None = Notice.objects.visible_to(actor).filter(pk=notice_id).first()
    if found is None:
        raise NotVisible
    page = locked_page(actor, found.page_id, manage=manage)
    found = Notice.objects.filter(pk=notice_id, page=page).first()
    if found is None:
        raise NotVisible
    found.page = page
    return found, page


def components_of(page: StatusPage, ids: Sequence[int]) -> list[Component]:
    found = list(page.components.filter(pk__in=list(ids)))
    if len(found) != len(set(ids)):
        raise field_error("components", "There is no such component on this page.")
    return found


def incident_given(actor: Actor, number: int | None, kind: str) -> Incident | None:
    if number is None:
        return None
    if kind != NoticeKind.INCIDENT:
        raise field_error("incident", "Planned work belongs to no incident.")
    incident: Incident | None = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    if incident.kind == IncidentKind.DRILL:
        raise field_error("incident", "A drill is not told to the public.")
    return incident
