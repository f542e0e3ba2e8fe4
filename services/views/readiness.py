"""Readiness: of one service with its access checklist, and of all at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotVisible
from core.pages import actor_of
from core.text import clean
from oncall.rows import grouped, numbers, operation, rearranged, row_errors, whole
from services import actions, readiness, selectors
from services.graph import store
from services.models import AccessItem, DanglingReference
from services.selectors.walks import hidden, team_slugs
from services.views.frame import tabs
from services.views.pages import managed, visible
from teams.actor import Actor
from teams.models import Team


@login_required
def score(request: HttpRequest) -> HttpResponse:
    """Every service and its lines, `?team= &tier=`; with what else the catalog lacks."""
    actor, query = actor_of(request), request.GET
    rows = selectors.narrowed(
        selectors.for_list(actor),
        actor,
        teams=[clean(slug) for slug in query.getlist("team")],
        tiers=[int(tier) for tier in query.getlist("tier") if tier in {"1", "2", "3", "4"}],
    )
    page = selectors.page_by_slug(rows, query.get("cursor", ""))
    found = readiness.of_services(page.rows, actor, clock.now())
    labels = {check.key: check.label for row in found for check in row.checks}
    context = {
        "rows": [(row, [_cell(row, key) for key in labels]) for row in found],
        "labels": list(labels.values()),
        "page": page,
        "ready": sum(row.ready for row in found),
        "teams": [(team.slug, team.name) for team in Team.objects.visible_to(actor)[:12]],
        "tiers": [(number, f"{_('Tier')} {number}") for number in (1, 2, 3, 4)],
        "cycles": _cycles(actor),
        "tabs": tabs("readiness"),
        "dangling": DanglingReference.objects.visible_to(actor).select_related("service")[:200],
    }
    return render(request, "services/pages/readiness_all.html", context)


def _cell(row: readiness.Readiness, key: str) -> Any:
    return next((check for check in row.checks if check.key == key), None)


def _cycles(actor: Actor) -> list[list[Any]]:
    present = store.current()
    unseen = hidden(present, team_slugs(actor), actor)
    return [[present.nodes[position] for position in circle] for circle in present.circles_seen(unseen)][:50]


@login_required
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines of one service, and its access checklist with who has tried what."""
    row, actor, now = visible(request, slug), actor_of(request), clock.now()
    found = readiness.of_services([row], actor, now)[0]
    access = found.access
    mine = {item.pk: access.fresh(item.pk, actor.user_id or 0) for item in access.items}
    context = {
        "service": row,
        "readiness": found,
        "access": access,
        "people": [(user, _tried(access, user.pk)) for user in access.rota],
        "mine": [(item, mine[item.pk]) for item in access.items],
        "on_rota": any(user.pk == actor.user_id for user in access.rota),
        "may_manage": actor.manages(row.team_id),
        "days": readiness.STALE_AFTER.days,
    }
    return render(request, "services/pages/readiness.html", context)


def _tried(access: readiness.Access, user_id: int) -> list[tuple[AccessItem, bool, dt.datetime | None]]:
    """(item, still good, when) of one person."""
    return [
        (item, access.fresh(item.pk, user_id), access.tried.get((item.pk, user_id))) for item in access.items
    ]


@login_required
@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """I have tried the ticked items and they work."""
    row = visible(request, slug)
    ids = [number for text in request.POST.getlist("item")[:100] if (number := whole(text)) is not None]
    count = actions.confirm_access(actor=actor_of(request), service_id=row.pk, item_ids=ids)
    said = ngettext("%(count)d item confirmed.", "%(count)d items confirmed.", count) % {"count": count}
    messages.success(request, said if count else _("Tick what you have tried."))
    return redirect("services:readiness", slug=slug)


@login_required
def items(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the checklist."""
    row, actor = managed(request, slug), actor_of(request)
    posted = request.method == "POST"
    rows = (
        _typed(request.POST) if posted else [_stored(item) for item in row.access_items.all()] or [_blank()]
    )
    others: list[str] = []
    if posted and not request.POST.get("op"):
        rows = [each for each in rows if each["text"].strip() or each["url"].strip()]
        try:
            actions.set_access_items(actor=actor, service_id=row.pk, rows=rows)
        except NotVisible:
            raise
        except DomainError as error:
            inside, others = grouped(error, ["items"])
            for number, each in enumerate(rows):
                each["errors"] = row_errors(inside, "items", number)
            others += inside.get("items", [])
        else:
            messages.success(request, _("Saved."))
            return redirect("services:readiness", slug=slug)
    refused = bool(others) or any(each["errors"] for each in rows)
    context = {"service": row, "rows": rows, "others": others}
    return render(request, "services/pages/access_items.html", context, status=422 if refused else 200)


def _blank() -> dict[str, Any]:
    return {"text": "", "url": "", "errors": []}


def _stored(item: Any) -> dict[str, Any]:
    return {"text": item.text, "url": item.url, "errors": []}


def _typed(data: QueryDict) -> list[dict[str, Any]]:
    rows = [
        {"text": data.get(f"item-text-{n}", ""), "url": data.get(f"item-url-{n}", ""), "errors": []}
        for n in numbers(data, "item")
    ]
    word, position = operation(data)
    if word == "additem":
        return [*rows, _blank()]
    return rearranged(rows, "remove", position) if word == "removeitem" else rows
