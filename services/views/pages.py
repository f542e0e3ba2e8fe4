"""The catalog: list, page of a service, form, history."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible, field_error
from core.pages import actor_of
from core.panels import panels
from core.text import clean, one_line
from oncall.rows import grouped, row_errors
from services import actions, readiness, selectors
from services.choices import EdgeKind, Lifecycle, LinkKind, ServiceKind, Tier
from services.forms import Rows, ServiceForm, service_initial, stored, typed
from services.models import Environment, Service, ServiceField, System
from services.selectors import page
from services.selectors.history import history as history_of
from services.selectors.page import vendors
from services.views.frame import tabs
from teams.actor import Actor
from teams.models import Team, User
from teams.views.base import attach


@login_required
def service_list(request: HttpRequest) -> HttpResponse:
    """The catalog by address, narrowed by `?team= &tier= &lifecycle= &kind= &system= &label= &q= &trouble=1`."""
    actor, query = actor_of(request), request.GET
    rows = selectors.narrowed(
        selectors.for_list(actor),
        actor,
        teams=[clean(slug) for slug in query.getlist("team")],
        tiers=[int(tier) for tier in query.getlist("tier") if tier in {"1", "2", "3", "4"}],
        lifecycles=[word for word in query.getlist("lifecycle") if word in Lifecycle.values],
        kinds=[word for word in query.getlist("kind") if word in ServiceKind.values],
        system=clean(query.get("system", ""), 63),
        label=one_line(query.get("label", ""), 270),
        text=one_line(query.get("q", ""), 120),
    )
    unwell = selectors.health(actor)
    if query.get("trouble") == "1":
        rows = rows.filter(pk__in=list(unwell))
    found = selectors.page_by_slug(rows, query.get("cursor", ""))
    context = {
        "rows": selectors.with_facts(found.rows, actor, clock.now(), unwell=unwell),
        "page": found,
        "tiers": Tier.choices,
        "lifecycles": Lifecycle.choices,
        "kinds": ServiceKind.choices,
        "teams": [(team.slug, team.name) for team in Team.objects.visible_to(actor)[:12]],
        "troubles": [(1, _("Not well"), len(unwell))] if unwell or query.get("trouble") else [],
        "systems": [(query["system"], query["system"])] if query.get("system") else [],
        "labels": [(query["label"], query["label"])] if query.get("label") else [],
        "tabs": tabs("list"),
        "troubled": vendors(actor, troubled=True),
        "filtered": any(query.get(name) for name in _FILTERS),
        "may_create": actor.manages_any,
    }
    return render(request, "services/pages/list.html", context)


_FILTERS = ("team", "tier", "lifecycle", "kind", "system", "label", "trouble", "q")


def visible(request: HttpRequest, slug: str) -> Service:
    """The service, or NotVisible."""
    service = selectors.for_list(actor_of(request)).filter(slug=slug).first()
    if service is None:
        raise NotVisible
    return service


def managed(request: HttpRequest, slug: str) -> Service:
    """The service for its managers; a 404 or a refusal for others, before anything they sent is looked at."""
    service = visible(request, slug)
    if not actor_of(request).manages(service.team_id):
        raise NotAllowed("Only a manager of the owning team can change a service.")
    return service


@login_required
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    actor, now, service = actor_of(request), clock.now(), visible(request, slug)
    unwell = selectors.health(actor)
    facts = selectors.with_facts([service], actor, now, unwell=unwell)[0]
    upstream, downstream = selectors.edges_of(service, actor)
    walk = selectors.blast_radius(service, actor)
    fields = {row.key: row for row in ServiceField.objects.filter(active=True)} if service.custom else {}
    context = {
        "service": service,
        "facts": facts,
        "upstream": [(edge, edge.upstream, unwell.get(edge.upstream_id)) for edge in upstream],
        "downstream": [(edge, edge.downstream, unwell.get(edge.downstream_id)) for edge in downstream],
        "origin": _origin(facts.health, service, actor),
        "dangling": page.dangling(service),
        "walk": walk,
        "affected": walk.rows,
        "tier_counts": [(Tier(int(tier)), count) for tier, count in walk.counts_by_tier.items()],
        "changes": page.changes(service, actor, now),
        "curl": _curl(service),
        "strip": (days := page.strip(service, actor, now)),
        "strip_text": page.strip_text(days),
        "agreements": page.agreements_of(service, actor, now),
        "vendor": getattr(service, "vendor", None) if service.kind == ServiceKind.VENDOR else None,
        "readiness": readiness.of_services([service], actor, now)[0],
        "offer": page.offer_of(service, actor),
        "system": System.objects.visible_to(actor).filter(pk=service.system_id).first()
        if service.system_id
        else None,
        "environments": service.environment_rows.select_related("environment"),
        "contacts": page.contacts(service),
        "custom": [
            (fields[key].name, fields[key].kind, value)
            for key, value in service.custom.items()
            if key in fields
        ],
        "panels": panels("service", service_id=service.pk, slug=service.slug),
        "may_manage": actor.manages(service.team_id),
    }
    return render(request, "services/pages/detail.html", context)


def _origin(health: selectors.Health | None, service: Service, actor: Actor) -> Service | None:
    """The failing service that this one suffers from."""
    if health is None or health.origin == service.pk:
        return None
    found: Service | None = Service.objects.visible_to(actor).filter(pk=health.origin).first()
    return found


def _curl(service: Service) -> str:
    body = json.dumps({"service": service.slug, "kind": "deploy", "summary": "Release 42"})
    return (
        f"curl {settings.BASE_URL}/api/v1/changes/ "
        f'-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d \'{body}\''
    )


@login_required
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Who changed what of a service, when."""
    service = visible(request, slug)
    context = {"service": service, "rows": history_of(service, actor_of(request), in_words=True)}
    return render(request, "services/pages/history.html", context)


@login_required
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Create a service, or change one, with its rows."""
    actor = actor_of(request)
    service = managed(request, slug) if slug else None
    posted = request.method == "POST"
    saving = posted and not request.POST.get("op")
    rows = typed(request.POST) if posted else stored(service, actor)
    initial = service_initial(service) if service else {}
    form = ServiceForm(request.POST if saving else None, initial=initial, actor=actor, service=service)
    if posted and not saving:
        form.initial.update({name: request.POST.get(name, "") for name in form.fields})
    refused = False
    if saving and form.is_valid():
        rows = rows.filled()
        try:
            saved = _save(actor, service, form.values(), rows)
        except NotVisible:
            raise
        except DomainError as error:
            refused = True
            _explain(form, error, rows)
        else:
            messages.success(request, _("Saved."))
            return redirect("services:detail", slug=saved.slug)
    context: dict[str, Any] = {
        "form": form,
        "service": service,
        "rows": rows,
        "link_kinds": LinkKind.choices,
        "edge_kinds": EdgeKind.choices,
        "others": selectors.others(service, actor),
        "people": User.objects.active().order_by("name", "pk")[:500] if rows.contacts else (),
        "places": Environment.objects.all(),
    }
    status = 422 if form.errors or refused else 200
    return render(request, "services/pages/form.html", context, status=status)


def _save(actor: Actor, service: Service | None, values: dict[str, Any], rows: Rows) -> Service:
    found = selectors.named(actor, [row.upstream for row in rows.edges])
    for position, row in enumerate(rows.edges):
        if row.upstream.strip() not in found:
            raise field_error(
                f"dependencies.{position}.upstream", _("There is no service with this address.")
            )
    with transaction.atomic():
        values |= rows.values()
        if service is None:
            service = actions.create_service(actor=actor, **values)
        else:
            service = actions.update_service(actor=actor, service_id=service.pk, **values)
        actions.replace_dependencies(
            actor=actor,
            downstream_id=service.pk,
            edges=[(found[row.upstream.strip()], row.kind, row.note) for row in rows.edges],
        )
    return service


def _explain(form: ServiceForm, error: DomainError, rows: Rows) -> None:
    """Put each reason where it belongs: beside a row, a field, or above the form."""
    parts: dict[str, list[Any]] = {
        "links": list(rows.links),
        "dependencies": list(rows.edges),
        "contacts": list(rows.contacts),
        "environments": list(rows.environments),
    }
    inside, others = grouped(error, list(parts))
    for name, each in parts.items():
        for number, row in enumerate(each):
            row.errors = row_errors(inside, name, number)
    loose = [reason for name, reasons in inside.items() if name in parts for reason in reasons]
    custom = {name: reasons for name, reasons in error.fields.items() if name.startswith("custom.")}
    for name, reasons in custom.items():
        key = f"custom_{name.removeprefix('custom.')}"
        for reason in reasons:
            form.add_error(key if key in form.fields else None, reason)
    for reason in loose:
        form.add_error(None, reason)
    if others and not custom:
        attach(form, error)


@login_required
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for the name first."""
    service = managed(request, slug)
    if request.method == "POST":
        if request.POST.get("name", "").strip() != service.name:
            messages.error(request, _("The name does not match; nothing was deleted."))
        else:
            actions.delete_service(actor=actor_of(request), service_id=service.pk)
            messages.success(request, _("%(name)s was deleted.") % {"name": service.name})
            return redirect("services:list")
    return render(request, "services/pages/delete.html", {"service": service})
