"""Reads of the catalog: lists and what stands beside a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max, Prefetch, Q, QuerySet

from oncall.selectors import PagedNow, paged_now, policy_ids_of
from services import hooks
from services.hooks import OpenIncident
from services.models import ChangeEvent, Dependency, Service, ServiceLink, System
from services.selectors.health import Health
from teams.actor import Actor

RECENT = dt.timedelta(hours=2)


def for_list(actor: Actor) -> QuerySet[Service]:
    """Visible services with team, policy and links."""
    return (  # type: ignore[no-any-return]
        Service.objects.visible_to(actor)
        .select_related("team", "escalation_policy", "system", "vendor")
        .prefetch_related(Prefetch("links", queryset=ServiceLink.objects.order_by("position", "id")))
    )


def names(ids: Collection[int], actor: Actor) -> dict[int, str]:
    """Names of those of these services that the actor may see (the hook of `oncall`), in one statement."""
    return dict(Service.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "name"))


def narrowed(
    rows: QuerySet[Service],
    actor: Actor,
    *,
    teams: Sequence[str] = (),
    tiers: Sequence[int] = (),
    lifecycles: Sequence[str] = (),
    kinds: Sequence[str] = (),
    system: str = "",
    label: str = "",
    text: str = "",
) -> QuerySet[Service]:
    """The services of these teams (slugs), tiers, lifecycles and kinds, of this system (slug), with this label (`key`
    or `key:value`), whose name or slug contains the text."""
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if system:
        rows = rows.filter(system__in=System.objects.visible_to(actor).filter(slug=system))
    if label:
        key, colon, value = label.partition(":")
        rows = rows.filter(labels__contains={key: value}) if colon else rows.filter(labels__has_key=key)
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
    rows = visible.select_related(
        "upstream__team", "downstream__team", "upstream__vendor", "downstream__vendor"
    )
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
    """A service with what lists show beside it.

    `paged`: whom its policy pages first, None without policy. `health`: None when it is well.
    """

    service: Service
    paged: PagedNow | None
    incidents: list[OpenIncident]
    last_change: dt.datetime | None
    health: Health | None
    last_incident: dt.datetime | None
    budget: hooks.Budget | None


def with_facts(
    services: Sequence[Service], actor: Actor, at: dt.datetime, *, unwell: Mapping[int, Health]
) -> list[Facts]:
    """On-call now, health, open incidents, last change and objectives of each: a fixed number of statements.

    `unwell`: what `health` answers.
    """
    ids = [row.pk for row in services]
    last, budgets = hooks.last_incidents(ids, actor), hooks.budgets(ids, actor)
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
            health=unwell.get(row.pk),
            last_incident=last.get(row.pk),
            budget=budgets.get(row.pk),
        )
        for row in services
    ]


def others(service: Service | None, actor: Actor, limit: int = 500) -> list[Service]:
    """Other visible services by name, to choose from; one may type what is not among them."""
    rows = Service.objects.visible_to(actor).order_by("name", "pk").only("slug", "name")
    return list((rows.exclude(pk=service.pk) if service else rows)[:limit])


def named(actor: Actor, words: Collection[str]) -> dict[str, int]:
    """Word → id of the visible service with this address, id or, when only one has it, name: one statement."""
    wanted = {word.strip() for word in words if word.strip()}
    ids = [int(word) for word in wanted if word.isascii() and word.isdigit() and len(word) < 19]
    rows = Service.objects.visible_to(actor).filter(Q(slug__in=wanted) | Q(pk__in=ids) | Q(name__in=wanted))
    found: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for pk, slug, name in rows.values_list("pk", "slug", "name"):
        found[slug] = pk
        by_name.setdefault(name, []).append(pk)
        if pk in ids:
            found.setdefault(str(pk), pk)
    once = {name: ids[0] for name, ids in by_name.items() if len(ids) == 1}
    return {word: pk for word in wanted if (pk := found.get(word) or once.get(word))}


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


def open_incidents(service_ids: Sequence[int], actor: Actor) -> dict[int, list[OpenIncident]]:
    """Service id → open incidents on it, as higher apps report them."""
    return hooks.open_incidents(service_ids, actor)
