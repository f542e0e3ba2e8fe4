"""The dependency map: a page that draws it or lists it, the graph as data, and how services do now."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core.pages import actor_of
from core.text import one_line
from services.choices import EdgeKind, Layer, Lifecycle, ServiceKind, Tier
from services.selectors import map as maps
from services.selectors import map_list
from services.selectors.map_list import ALL_HOPS, BOTH, DOWN, UP, Wanted
from services.views.frame import tabs

MOST_HOPS = 5
_SLUG_LENGTH = 63
HOPS = [*((str(n), str(n)) for n in range(1, MOST_HOPS + 1)), ("all", _("all"))]
WAYS = [(BOTH, _("Both ways")), (UP, _("What it needs")), (DOWN, _("Who needs it"))]
FOLDS = [("", _("Auto")), ("team", _("Team")), ("system", _("System")), ("none", _("Nothing"))]
ICONS = {
    ServiceKind.JOURNEY: "users",
    ServiceKind.WEBSITE: "globe",
    ServiceKind.SERVICE: "server",
    ServiceKind.API: "code",
    ServiceKind.JOB: "clock",
    ServiceKind.LIBRARY: "book-open",
    ServiceKind.DATABASE: "database",
    ServiceKind.CACHE: "zap",
    ServiceKind.QUEUE: "list",
    ServiceKind.STORAGE: "archive",
    ServiceKind.RESOURCE: "package",
    ServiceKind.VENDOR: "building-2",
}


def wanted_of(query: QueryDict) -> Wanted:
    """`focus hops way q layer show cursor` of the address; what makes no sense counts as not given."""
    hops = query.get("hops", "")
    known = hops.isascii() and hops.isdigit() and len(hops) == 1 and 1 <= int(hops) <= MOST_HOPS
    way = query.get("way", "")
    layers = {int(word) for word in query.getlist("layer") if word in {"0", "1", "2", "3"}}
    return Wanted(
        focus=one_line(query.get("focus", ""), _SLUG_LENGTH),
        hops=ALL_HOPS if hops == "all" else int(hops) if known else Wanted.hops,
        way=way if way in (UP, DOWN, BOTH) else BOTH,
        text=one_line(query.get("q", ""), 120),
        layers=frozenset(layers),
        affected=query.get("show") == "incident",
        cursor=query.get("cursor", "")[:80],
    )


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The map, with the list for those without script; `?view=list` is the list alone."""
    actor, wanted = actor_of(request), wanted_of(request.GET)
    seen = maps.seen(actor)
    focus = seen.find(wanted.focus) if wanted.focus else None
    as_list = request.GET.get("view") == "list"
    fold = request.GET.get("fold", "")
    context: dict[str, Any] = {
        "tabs": tabs("map"),
        "wanted": wanted,
        "as_list": as_list,
        "fold": fold if fold in dict(FOLDS) else "",
        "hops": "all" if wanted.hops == ALL_HOPS else str(wanted.hops),
        "focus": focus,
        "no_such": bool(wanted.focus) and focus is None,
        "known": len(seen.positions),
        "failing": sum(1 for row in seen.health.values() if row.depth == 0),
        "affected": len(seen.health),
        "layer_links": _layer_links(request.GET, wanted),
        "hop_choices": HOPS,
        "way_choices": WAYS,
        "fold_choices": FOLDS,
        "words": _words(),
        "filtered": bool(wanted.text or wanted.layers or wanted.affected),
    }
    if focus is None:
        context["page"] = map_list.by_layer(seen, wanted)
    else:
        context["condition"] = seen.condition(focus)
        context["owner"] = seen.teams.get(focus.team_id or 0)
        context["directions"] = map_list.from_focus(seen, focus, wanted)
    return render(request, "services/pages/map.html", context)


def _layer_links(query: QueryDict, wanted: Wanted) -> list[dict[str, Any]]:
    """A link for each layer that switches it on or off."""
    links = []
    for layer in Layer:
        active = layer.value in wanted.layers
        chosen = wanted.layers ^ {layer.value}
        changed = query.copy()
        changed.pop("cursor", None)
        changed.setlist("layer", [str(each) for each in sorted(chosen)])
        url = f"?{changed.urlencode()}"
        links.append({"value": layer.value, "label": layer.label, "url": url, "active": active})
    return links


def _words() -> dict[str, Any]:
    """What the drawing calls things: kinds with their icons, layers, tiers, lifecycles, edges."""
    return {
        "kinds": {kind.value: {"label": str(kind.label), "icon": ICONS[kind]} for kind in ServiceKind},
        "layers": [str(layer.label) for layer in Layer],
        "tiers": {str(tier.value): str(tier.label) for tier in Tier},
        "lifecycles": {word.value: str(word.label) for word in Lifecycle},
        "edges": {word.value: str(word.label) for word in EdgeKind},
    }


@login_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """The visible graph (`selectors.map.drawing`); 304 while neither it nor what one may see has changed."""
    body = orjson.dumps(maps.drawing(actor_of(request)))
    etag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(content_type="application/json")
        # Nothing in it comes from the request, so its length under compression tells nobody anything.
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=4)
            response["Content-Encoding"] = "gzip"
        response.content = body
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag
    patch_vary_headers(response, ["Accept-Encoding", "Cookie"])
    return response


@login_required
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """How services do now (`selectors.map.states`)."""
    response = HttpResponse(orjson.dumps(maps.states(actor_of(request))), content_type="application/json")
    response["Cache-Control"] = "private, no-store"
    return response
