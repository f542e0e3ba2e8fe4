"""Now, the feed, search and the components page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts.actions import rehearse
from core import clock
from core.live.stored import last_seq
from core.pages import actor_of, wants_part
from incidents.selectors import feed_entries, quiet_since
from web import feed, selectors
from web.onboarding import checklist

_PLACES = (
    ("Now", "/", "house"),
    ("Declare an incident", "/incidents/declare/", "siren"),
    ("Incidents", "/incidents/", "siren"),
    ("Live feed", "/feed/", "radio"),
    ("Alerts", "/alerts/", "bell-ring"),
    ("On-call", "/oncall/", "phone"),
    ("My shifts", "/oncall/me/", "calendar-days"),
    ("Services", "/services/", "server"),
    ("Dependency map", "/services/map/", "network"),
    ("Vendors", "/services/vendors/", "building-2"),
    ("Readiness", "/services/readiness/", "list-checks"),
    ("Runbooks", "/runbooks/", "book-open"),
    ("Playbooks", "/playbooks/", "list-checks"),
    ("Postmortems", "/postmortems/", "book-open-check"),
    ("Action items", "/action-items/", "list-checks"),
    ("Status pages", "/statuspages/", "globe"),
    ("Insights", "/insights/", "chart-line"),
    ("Integrations", "/integrations/", "plug"),
    ("Heartbeats", "/heartbeats/", "heart-pulse"),
    ("Checks", "/checks/", "radar"),
    ("Objectives", "/objectives/", "target"),
    ("Notification rules", "/settings/notifications/", "bell"),
    ("Profile", "/settings/profile/", "user"),
    ("API tokens", "/settings/tokens/", "key-round"),
    ("Teams", "/settings/teams/", "users"),
    ("Health", "/health/", "heart-pulse"),
)


@login_required
def now_page(request: HttpRequest) -> HttpResponse:
    """What needs me, what is open, who is on call."""
    actor = actor_of(request)
    context = selectors.now_context(actor, clock.now())
    context["checklist"] = checklist(request)
    template = "web/partials/now.html" if wants_part(request) else "web/now.html"
    return render(request, template, context)


@login_required
def feed_page(request: HttpRequest) -> HttpResponse:
    """The live feed for support; `?tv=1` is the wallboard."""
    actor = actor_of(request)
    wall = request.GET.get("tv") == "1"
    context: dict[str, Any] = {
        "feed_topics": f"feed:{last_seq('feed')}",
        "cards": feed.feed_cards(actor, clock.now(), on_a_wall=wall),
        "wall": wall,
        "quiet_since": quiet_since(actor),
    }
    if wants_part(request):
        return render(request, "web/partials/feed_cards.html", context)
    context["entries"] = feed_entries(actor, limit=30)
    return render(request, "web/wallboard.html" if wall else "web/feed.html", context)


@login_required
def search_page(request: HttpRequest) -> HttpResponse:
    """Hits for the palette, or a page of its own without scripts."""
    text = request.GET.get("q", "")
    groups = [{"label": _(label), "items": hits} for label, hits in selectors.search(actor_of(request), text)]
    places = [
        {"label": _(label), "url": url, "icon": icon}
        for label, url, icon in _PLACES
        if text.strip().lower() in _(label).lower()
    ]
    if places:
        groups.append({"label": _("Go to"), "items": places[:8]})
    template = "core/components/palette_results.html" if wants_part(request) else "web/search.html"
    return render(request, template, {"groups": groups, "query": text})


@login_required
def more_page(request: HttpRequest) -> HttpResponse:
    """Every place, for phones whose bottom bar holds only five."""
    return render(request, "web/more.html")


@login_required
@require_POST
def rehearse_page(request: HttpRequest) -> HttpResponse:
    """Rehearse a page: a real alert through intake to oneself, as a drill."""
    rehearse(actor=actor_of(request))
    return redirect("/?rehearsing=1")


def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state; for developers."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "core/ui.html")
