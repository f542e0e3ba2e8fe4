"""Reads of the catalog: lists and what stands beside a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Max, Prefetch, Q, QuerySet

from oncall.selectors import PagedNow, paged_now, policy_ids_of
from services import hooks
from services.models import ChangeEvent, Dependency, Service, ServiceLink
from teams.actor import Actor

RECENT = dt.timedelta(hours=2)


def for_list(actor: Actor) -> QuerySet[Service]:
    """Visible services with team, policy and links."""
    return (  # type: ignore[no-any-return]
        Service.objects.visible_to(actor)
        .select_related("team", "escalation_policy")
        .prefetch_related(Prefetch("links", queryset=ServiceLink.objects.order_by("position", "id")))
    )


def names(ids: Collection[int], actor: Actor) -> dict[int, str]:
    """Names of those of these services that the actor may see (the hook of `oncall`), in one statement."""
    return dict(Service.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "name"))


def narrowed(
    rows: QuerySet[Service],
    *,
    teams: Sequence[str] = (),
    tiers: Sequence[int] = (),
    lifecycles: Sequence[str] = (),
    text: str = "",
) -> QuerySet[Service]:
    """The services of these teams (slugs), tiers and lifecycles whose name or slug contains the text."""
    if teams:
        rows = rows.filter(team__slug__in=teams)
    if tiers:
        rows = rows.filter(tier__in=tiers)
    if lifecycles:
        rows = rows.filter(lifecycle__in=lifecycles)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    return rows


def edges_of(service: Service, actor: Actor) -> tuple[list[Dependency], list[Dependency]]:
    """(what it needs, who needs it), as far as the actor may see."""
    visible = Dependency.objects.visible_to(actor)
    rows = visible.select_related("upstream__team", "downstream__team")
    upstream = rows.filter(downstream=service).order_by("upstream__slug")
    downstream = rows.filter(upstream=service).order_by("downstream__slug")
    return list(upstream), list(downstream)


@dataclass(frozen=True)
class Page:
    """One page by address; `earlier` and `later` are cursors or ""."""

    rows: list[Service]
    earlier: str
    later: str


def page_by_slug(rows: QuerySet[Service], cursor: str, size: int = 50) -> Page:
    """A page in order of address. A cursor is `a<slug>` (after it) or `b<slug>` (before it)."""
    way, slug = cursor[:1], cursor[1:64]
    known = way in ("a", "b") and slug.replace("-", "").isalnum() and slug.isascii()
    if known and way == "b":
        found = list(rows.filter(slug__lt=slug).order_by("-slug")[: size + 1])
        more, found = len(found) > size, found[:size][::-1]
        return Page(found, f"b{found[0].slug}" if more else "", f"a{found[-1].slug}" if found else "")
    if known:
        rows = rows.filter(slug__gt=slug)
    found = list(rows.order_by("slug")[: size + 1])
    more, found = len(found) > size, found[:size]
    before = f"b{found[0].slug}" if known and found else ""
    return Page(found, before, f"a{found[-1].slug}" if more else "")


@dataclass(frozen=True)
class Facts:
    """A service with what lists show beside it. `paged`: whom its policy pages first, None without policy."""

    service: Service
    paged: PagedNow | None
    incidents: list[hooks.OpenIncident]
    last_change: dt.datetime | None


def with_facts(services: Sequence[Service], actor: Actor, at: dt.datetime) -> list[Facts]:
    """On-call now, open incidents and last change of each: a fixed number of statements."""
    ids = [row.pk for row in services]
    policies = policy_ids_of({row.pk: (row.escalation_policy_id, row.team_id) for row in services})
    paged = paged_now(policies.values(), at)
    incidents = open_incidents(ids, actor)
    changed = ChangeEvent.objects.filter(service_id__in=ids).order_by().values_list("service_id")
    changes = dict(changed.annotate(last=Max("happened_at")))
    return [
        Facts(
            service=row,
            paged=paged.get(policies.get(row.pk, 0)),
            incidents=incidents.get(row.pk, []),
            last_change=changes.get(row.pk),
        )
        for row in services
    ]


def latest_changes(service: Service, actor: Actor, limit: int = 10) -> list[ChangeEvent]:
    """The newest change events of one service."""
    return list(ChangeEvent.objects.visible_to(actor).filter(service=service)[:limit])


def others(service: Service | None, actor: Actor) -> list[Service]:
    """Every other visible service, by name: what one may depend on."""
    rows = Service.objects.visible_to(actor).order_by("name", "pk")
    return list(rows.exclude(pk=service.pk) if service else rows)


def recent_changes(
    service_ids: list[int], actor: Actor, *, since: dt.datetime, until: dt.datetime, limit: int = 50
) -> list[ChangeEvent]:
    """Change events of these services in the window, newest first."""
    rows = ChangeEvent.objects.visible_to(actor).filter(
        service_id__in=service_ids, happened_at__gte=since, happened_at__lte=until
    )
    return list(rows.select_related("service")[:limit])


def search(actor: Actor, text: str, limit: int = 8) -> list[Service]:
    """Services whose name or slug contains the text."""
    rows = Service.objects.visible_to(actor).filter(Q(name__icontains=text) | Q(slug__icontains=text))
    return list(rows.select_related("team")[:limit])


def open_incidents(service_ids: Sequence[int], actor: Actor) -> dict[int, list[hooks.OpenIncident]]:
    """Service id → open incidents on it, as higher apps report them."""
    return hooks.open_incidents(service_ids, actor)
