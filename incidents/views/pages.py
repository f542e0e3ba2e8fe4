"""List, page and declaration of incidents."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import panels
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, keyset, wants_part
from incidents import actions
from incidents.choices import IncidentStatus
from incidents.filters import IncidentFilter
from incidents.forms.lifecycle import DeclareForm
from incidents.models import Incident
from incidents.runbooks import live as runbooks
from incidents.selectors import for_list, for_page, likely_duplicates, severity_levels
from incidents.views.dialogs import VERBS
from incidents.views.parts import LAZY, PARTS, State
from incidents.views.verbs import attach
from services.models import Service
from teams.models import Team
from teams.selectors import saved_views

LIST_ROWS = 25


@login_required
def incident_list(request: HttpRequest) -> HttpResponse:
    """All incidents the viewer may see, newest first; filters live in the address."""
    actor = actor_of(request)
    found = IncidentFilter(request.GET, queryset=for_list(actor), actor=actor)
    page = keyset(found.qs, request.GET.get("cursor", ""), field="number", size=LIST_ROWS)
    context = {
        "page": page,
        "filter": found,
        "newer_url": _cursor_url(request, page.newer),
        "older_url": _cursor_url(request, page.older),
        "status_choices": [("active", _("Open")), *IncidentStatus.choices],
        "severities": [(row.rank, f"Sev-{row.rank}") for row in severity_levels()],
        "teams": Team.objects.visible_to(actor).values_list("slug", "name"),
        "saved": saved_views(actor, "incidents", request.GET.urlencode()),
    }
    template = "incidents/partials/list.html" if wants_part(request) else "incidents/pages/list.html"
    return render(request, template, context)


@login_required
def incident_page(request: HttpRequest, number: int) -> HttpResponse:
    """The one living page of an incident."""
    actor = actor_of(request)
    incident = for_page(actor, number)
    if incident is None:
        raise NotVisible
    if incident.merged_into is not None and "stay" not in request.GET:
        return redirect(incident.merged_into.get_absolute_url())
    return render(request, "incidents/pages/detail.html", page_context(request, incident))


@login_required
def fragment(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """A part of the page, fetched again when something happened."""
    incident = for_page(actor_of(request), number)
    part = PARTS.get(name) or LAZY.get(name)
    if incident is None or part is None:
        raise NotVisible
    state = State(actor_of(request), incident, request.GET)
    return render(request, part.template, shared(state) | part.build(state))


def page_context(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What the page shows; a fixed number of statements."""
    state = State(actor_of(request), incident, request.GET, whole=True)
    context = shared(state) | {
        "panels": panels.panels("incident", number=incident.number),
        "live_topics": f"incident:{incident.number}:{incident.last_seq} {runbooks.topic_of(incident.number)}",
    }
    for part in PARTS.values():
        context |= part.build(state)
    return context


def shared(state: State) -> dict[str, Any]:
    """What every part finds beside its own."""
    return {
        "incident": state.incident,
        "services": state.services,
        "verbs": state.verbs,
        "roles": state.roles,
        "urls": _urls(state.incident),
        "light": state.light,
        "settled": state.settled,
        "now": state.now,
    }


def _urls(incident: Incident) -> dict[str, str]:
    """Addresses of the dialogs by their name, `-` written `_`."""
    base = incident.get_absolute_url()
    found = {
        name.replace("-", "_"): f"{base}{name}/" for name in (*VERBS, "acknowledge", "pass-on", "update")
    }
    return found | {"decline": f"{base}status/?status=declined"}


def _cursor_url(request: HttpRequest, cursor: str) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


@login_required
def declare(request: HttpRequest) -> HttpResponse:
    """Declare with one field; the address may bring title, service, link and source."""
    actor = actor_of(request)
    if request.method == "POST":
        form = DeclareForm(request.POST, actor=actor)
        if form.is_valid():
            try:
                incident = actions.declare_incident(actor=actor, **form.values())
            except InvalidInput as error:
                attach(form, error)
            else:
                return redirect(f"{incident.get_absolute_url()}?declared=1")
        return render(request, "incidents/pages/declare.html", {"form": form}, status=422)
    slugs = request.GET.getlist("service")
    initial = {
        "title": request.GET.get("title", "")[:200],
        "link": request.GET.get("link", "")[:500],
        "source": request.GET.get("source", "")[:200],
        "services": list(
            Service.objects.visible_to(actor).filter(slug__in=slugs).values_list("pk", flat=True)
        ),
        "page": True,
    }
    return render(
        request, "incidents/pages/declare.html", {"form": DeclareForm(actor=actor, initial=initial)}
    )


@login_required
def similar(request: HttpRequest) -> HttpResponse:
    """Open incidents that may be the same, while one is being declared."""
    words = [word for word in request.GET.getlist("services")[:50] if word.isascii() and word.isdigit()]
    ids = [int(word) for word in words if len(word) < 19]
    found = likely_duplicates(actor_of(request), request.GET.get("title", "")[:200], ids)
    return render(request, "incidents/partials/similar.html", {"rows": found})
