"""The catalog: list, page of a service, form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of
from core.panels import panels
from core.text import clean, one_line
from oncall.rows import grouped, row_errors
from services import actions, selectors
from services.choices import EdgeKind, Lifecycle, LinkKind, Tier
from services.forms import (
    EdgeRow,
    LinkRow,
    ServiceForm,
    edges_of,
    links_of,
    service_initial,
    stored_edges,
    stored_links,
)
from services.models import Service
from teams.actor import Actor
from teams.models import Team
from teams.views.base import attach


@login_required
def service_list(request: HttpRequest) -> HttpResponse:
    """The catalog by address, narrowed by `?team= &tier= &lifecycle= &q=`."""
    actor, query = actor_of(request), request.GET
    rows = selectors.narrowed(
        selectors.for_list(actor),
        teams=[clean(slug) for slug in query.getlist("team")],
        tiers=[int(tier) for tier in query.getlist("tier") if tier in {"1", "2", "3", "4"}],
        lifecycles=[word for word in query.getlist("lifecycle") if word in Lifecycle.values],
        text=one_line(query.get("q", ""), 120),
    )
    page = selectors.page_by_slug(rows, query.get("cursor", ""))
    context = {
        "rows": selectors.with_facts(page.rows, actor, clock.now()),
        "page": page,
        "tiers": Tier.choices,
        "lifecycles": Lifecycle.choices,
        "teams": [(team.slug, team.name) for team in Team.objects.visible_to(actor)[:12]],
        "filtered": any(query.get(name) for name in ("team", "tier", "lifecycle", "q")),
        "may_create": actor.manages_any,
    }
    return render(request, "services/pages/list.html", context)


def visible(request: HttpRequest, slug: str) -> Service:
    """The service, or NotVisible."""
    service = selectors.for_list(actor_of(request)).filter(slug=slug).first()
    if service is None:
        raise NotVisible
    return service


@login_required
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    actor, now, service = actor_of(request), clock.now(), visible(request, slug)
    facts = selectors.with_facts([service], actor, now)[0]
    upstream, downstream = selectors.edges_of(service, actor)
    walk = selectors.blast_radius(service, actor)
    context = {
        "service": service,
        "facts": facts,
        "upstream": upstream,
        "downstream": downstream,
        "walk": walk,
        "affected": walk.rows,
        "tier_counts": [(Tier(int(tier)), count) for tier, count in walk.counts_by_tier.items()],
        "changes": selectors.latest_changes(service, actor),
        "panels": panels("service", service_id=service.pk, slug=service.slug),
        "may_manage": actor.manages(service.team_id),
    }
    return render(request, "services/pages/detail.html", context)


@login_required
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Create a service, or change one, with its links and what it needs."""
    actor = actor_of(request)
    service = visible(request, slug) if slug else None
    if service is not None and not actor.manages(service.team_id):
        raise NotAllowed("Only a manager of the owning team can change a service.")
    posted = request.method == "POST"
    saving = posted and not request.POST.get("op")
    links = links_of(request.POST) if posted else [*stored_links(service), LinkRow()]
    edges = edges_of(request.POST) if posted else [*stored_edges(service, actor), EdgeRow()]
    initial = service_initial(service) if service else {}
    if posted and not saving:
        initial |= {name: request.POST.get(name, "") for name in ServiceForm.base_fields}
    form = ServiceForm(request.POST if saving else None, initial=initial, actor=actor, service=service)
    refused = False
    if saving and form.is_valid():
        links = [row for row in links if not row.blank]
        edges = [row for row in edges if row.upstream is not None]
        try:
            saved = _save(actor, service, form.values(), links, edges)
        except NotVisible:
            raise
        except DomainError as error:
            refused = True
            _explain(form, error, links, edges)
        else:
            messages.success(request, _("Saved."))
            return redirect("services:detail", slug=saved.slug)
    context: dict[str, Any] = {
        "form": form,
        "service": service,
        "links": links,
        "edges": edges,
        "link_kinds": LinkKind.choices,
        "edge_kinds": EdgeKind.choices,
        "others": selectors.others(service, actor),
    }
    status = 422 if form.errors or refused else 200
    return render(request, "services/pages/form.html", context, status=status)


def _save(
    actor: Actor, service: Service | None, values: dict[str, Any], links: list[LinkRow], edges: list[EdgeRow]
) -> Service:
    values["links"] = [{"kind": row.kind, "title": row.title, "url": row.url} for row in links]
    with transaction.atomic():
        if service is None:
            service = actions.create_service(actor=actor, **values)
        else:
            service = actions.update_service(actor=actor, service_id=service.pk, **values)
        actions.replace_dependencies(
            actor=actor,
            downstream_id=service.pk,
            edges=[(row.upstream or 0, row.kind, row.note) for row in edges],
        )
    return service


def _explain(form: ServiceForm, error: DomainError, links: list[LinkRow], edges: list[EdgeRow]) -> None:
    """Put each reason where it belongs: beside a row, a field, or above the form."""
    inside, others = grouped(error, ["links", "dependencies"])
    for number, link in enumerate(links):
        link.errors = row_errors(inside, "links", number)
    for number, edge in enumerate(edges):
        edge.errors = row_errors(inside, "dependencies", number)
    if others:
        attach(form, error)


@login_required
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for the name first."""
    service = visible(request, slug)
    if not actor_of(request).manages(service.team_id):
        raise NotAllowed("Only a manager of the owning team can change a service.")
    if request.method == "POST":
        if request.POST.get("name", "").strip() != service.name:
            messages.error(request, _("The name does not match; nothing was deleted."))
        else:
            actions.delete_service(actor=actor_of(request), service_id=service.pk)
            messages.success(request, _("%(name)s was deleted.") % {"name": service.name})
            return redirect("services:list")
    return render(request, "services/pages/delete.html", {"service": service})
