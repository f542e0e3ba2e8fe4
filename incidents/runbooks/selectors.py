"""Reads of runbooks: the library, and what fits an incident or an alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from core.text import clean
from incidents.choices import Helpful
from incidents.hooks import alert_facts, matcher_holds
from incidents.models import Runbook, RunbookRun, RunbookService, RunbookTick, RunbookVersion
from services.choices import LinkKind
from services.models import Service, ServiceLink
from teams.actor import Actor

Facts = Mapping[str, str]
BY_ALERT, BY_SERVICE, BY_TYPE, BY_HAND = range(4)
MOST_OFFERED = 50
_MOST_ASKED = 500


@dataclass
class Offer:
    """A runbook that fits, and why. `rank`: one of `BY_…`; `facts`: what the alert it fits says. `done` of `total`
    steps are ticked where it has been started."""

    runbook: Runbook
    rank: int
    why: str
    stale: bool
    facts: Facts = field(default_factory=dict)
    run: RunbookRun | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class StepState:
    """A step of a version, and who ticked it."""

    key: str
    text: str
    tick: RunbookTick | None


def for_list(actor: Actor) -> QuerySet[Runbook]:
    """Visible runbooks with `times_used`, `times_helped` and `last_used_at` (None: never)."""
    rows = Runbook.objects.visible_to(actor).select_related("team", "owner", "last_reviewed_by")
    found: QuerySet[Runbook] = rows.annotate(
        times_used=Count("runs"),
        times_helped=Count("runs", filter=Q(runs__helpful=Helpful.YES)),
        last_used_at=Max("runs__started_at"),
    )
    return found


def filtered(
    rows: QuerySet[Runbook], actor: Actor, query: Mapping[str, str], now: dt.datetime
) -> QuerySet[Runbook]:
    """Narrowed by `team` (slug, or `organisation`), `service` (slug), `stale` (1), `active` (0: out of use as well)
    and `q`, words of name or purpose."""
    if query.get("active") != "0":
        rows = rows.filter(active=True)
    team, service = (clean(query.get(name, ""), 63) for name in ("team", "service"))
    if team:
        rows = rows.filter(team__isnull=True) if team == "organisation" else rows.filter(team__slug=team)
    if service:
        rows = rows.filter(Exists(_of_services(service__slug=service)))
    if query.get("stale") == "1":
        rows = rows.filter(active=True, review_due_at__lte=now)
    text = query.get("q", "").replace("\x00", "").strip()[:200]
    return rows.filter(Q(name__icontains=text) | Q(purpose__icontains=text)) if text else rows


def _of_services(**condition: Any) -> QuerySet[RunbookService]:
    return RunbookService.objects.filter(runbook=OuterRef("pk"), **condition)


def services_of(actor: Actor, rows: Sequence[Runbook]) -> dict[int, list[Service]]:
    """Runbook id → the services it is for that the actor sees, by name; one statement."""
    found: dict[int, list[Service]] = {}
    seen = Service.objects.visible_to(actor)
    pairs = RunbookService.objects.filter(runbook__in=rows, service__in=seen).select_related("service")
    for pair in pairs.order_by("service__name") if rows else ():
        found.setdefault(pair.runbook_id, []).append(pair.service)
    return found


def bodies_of(rows: Sequence[Runbook]) -> dict[int, str]:
    """Runbook id → its newest text, in one statement."""
    versions = RunbookVersion.objects.filter(runbook__in=rows, number=F("runbook__version"))
    return dict(versions.values_list("runbook_id", "body")) if rows else {}


def of_service(actor: Actor, service_id: int, limit: int = 20) -> list[Runbook]:
    """Runbooks in use that are for a service, by name."""
    rows = for_list(actor).filter(active=True, version__gt=0)
    return list(rows.filter(Exists(_of_services(service_id=service_id))).order_by("name", "pk")[:limit])


def external(actor: Actor, service_ids: Sequence[int]) -> list[ServiceLink]:
    """Runbooks of these services that are kept elsewhere."""
    if not service_ids:
        return []
    rows = ServiceLink.objects.visible_to(actor).filter(service_id__in=service_ids, kind=LinkKind.RUNBOOK)
    return list(rows.select_related("service"))


def newest(runbook_id: int) -> RunbookVersion | None:
    return RunbookVersion.objects.filter(runbook_id=runbook_id).order_by("-number").first()


def fitting(
    actor: Actor,
    facts: Sequence[Facts] | None,
    *,
    services: Mapping[int, str],
    type_id: int | None,
    team_id: int | None,
    now: dt.datetime,
    incident_id: int | None = None,
) -> list[Offer]:
    """What fits, in this order: alerts, services, type; the team's own before others', then by name.

    `facts` of the alerts; None reads those of the incident where a runbook asks for them. A type alone is enough for
    the organisation's and the team's own runbooks only. One statement, two with the alerts.
    """
    near = Q() if team_id is None else Q(team__isnull=True) | Q(team_id=team_id)
    of_type = Runbook.types.through.objects.filter(runbook=OuterRef("pk"), incidenttype_id=type_id or 0)
    rows = (
        Runbook.objects.visible_to(actor)
        .filter(active=True, version__gt=0)
        .annotate(
            for_service=Subquery(_of_services(service_id__in=list(services)).values("service_id")[:1]),
            for_type=Exists(of_type),
        )
        .filter(~Q(matchers=[]) | Q(for_service__isnull=False) | (Q(for_type=True) & near))
        .select_related("team")
    )
    found = list(rows.order_by("name", "pk")[:_MOST_ASKED])
    if facts is None:
        asked = incident_id is not None and any(row.matchers for row in found)
        facts = alert_facts(incident_id) if asked and incident_id is not None else ()
    offers = [
        offer for row in found if (offer := _offer(row, facts, services, type_id, team_id, now)) is not None
    ]
    offers.sort(key=lambda one: (one.rank, one.runbook.team_id != team_id))
    return offers[:MOST_OFFERED]


def _offer(
    row: Any,
    facts: Sequence[Facts],
    services: Mapping[int, str],
    type_id: int | None,
    team_id: int | None,
    now: dt.datetime,
) -> Offer | None:
    """Why a row of `fitting` fits, by its best reason."""
    stale = row.is_stale(now)
    for of in facts:
        if any(matcher_holds(line, of) for line in row.matchers):
            return Offer(
                row, BY_ALERT, _("fits the alert “%(title)s”") % {"title": of.get("@title", "")}, stale, of
            )
    first = facts[0] if facts else {}
    if row.for_service is not None:
        return Offer(
            row, BY_SERVICE, _("for %(service)s") % {"service": services[row.for_service]}, stale, first
        )
    if row.for_type and (team_id is None or row.team_id in (None, team_id)):
        return Offer(row, BY_TYPE, _("for this type of incident"), stale, first)
    return None
