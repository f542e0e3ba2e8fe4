"""List, page and declaration of incidents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock, panels
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, keyset
from incidents import actions
from incidents.choices import IncidentStatus, Role, UpdateAudience
from incidents.filters import IncidentFilter
from incidents.forms import DeclareForm
from incidents.models import Incident
from incidents.selectors import (
    allowed_verbs,
    for_list,
    for_page,
    latest_timeline,
    merged_parts,
    severity_levels,
)
from incidents.views.verbs import _attach
from oncall.choices import RunStatus
from oncall.models import EscalationRun
from oncall.selectors import subject_runs
from services.choices import LinkKind
from services.models import Service, ServiceLink
from services.selectors import recent_changes
from teams.actor import Actor
from teams.models import Team

FRAGMENTS = ("head", "facts", "next")
# More would make the page slow to come and are rarely read at once; earlier ones are a click away.
FIRST_ENTRIES = 30
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
    }
    template = "incidents/partials/list.html" if request.htmx else "incidents/pages/list.html"  # type: ignore[attr-defined]
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
    if incident is None or name not in FRAGMENTS:
        raise NotVisible
    return render(request, f"incidents/partials/{name}.html", page_context(request, incident, entries=False))


def page_context(request: HttpRequest, incident: Incident, *, entries: bool = True) -> dict[str, Any]:
    """What the page and its fragments show; a fixed number of statements."""
    actor = actor_of(request)
    now = clock.now()
    rows = list(incident.service_rows.all())
    since = incident.started_at - dt.timedelta(hours=2)
    until = min(now, incident.started_at + dt.timedelta(hours=2))
    ids = [row.service_id for row in rows]
    roles = incident.current_roles  # type: ignore[attr-defined]
    runs = subject_runs(incident.subject_key)
    context: dict[str, Any] = {
        "incident": incident,
        "services": rows,
        "verbs": allowed_verbs(actor, incident),
        "roles": roles,
        "runs": runs,
        "changes": recent_changes(ids, actor, since=since, until=until) if ids else [],
        "panels": panels.panels("incident", number=incident.number),
        "urls": _urls(incident),
        "parts": merged_parts(actor, incident),
        "communications": next((r.user for r in roles if r.role == Role.COMMUNICATIONS), None),
        "promise_label": _promise_label(incident),
        "paged_people": _paged(runs),
        "paged_me": _paged_me(runs, actor.user_id),
        "runbooks": _runbooks(ids, actor),
        "live_topics": f"incident:{incident.number}:{incident.last_seq}",
        "now": now,
    }
    if entries:
        context["entries"] = latest_timeline(incident, limit=FIRST_ENTRIES)
    return context


_DIALOGS = (
    "severity",
    "role",
    "note",
    "update",
    "status",
    "resolve",
    "reopen",
    "page",
    "snooze",
    "impact",
    "merge",
    "unmerge",
    "visibility",
)


def _urls(incident: Incident) -> dict[str, str]:
    base = incident.get_absolute_url()
    found = {name: f"{base}{name}/" for name in (*_DIALOGS, "acknowledge", "pass-on")}
    return found | {"pass_on": found["pass-on"], "decline": f"{base}status/?status=declined"}


def _promise_label(incident: Incident) -> str:
    audience = incident.next_update_audience
    name = UpdateAudience(audience).label if audience in UpdateAudience.values else ""
    return _("%(audience)s update due in") % {"audience": name}


def _paged_me(runs: list[EscalationRun], user_id: int | None) -> bool:
    """Whether an escalation that still runs waits for this person."""
    return any(
        page.user_id == user_id and page.reached and page.declined_at is None
        for run in runs
        if run.status == RunStatus.ACTIVE
        for page in run.pages.all()
    )


def _paged(runs: list[EscalationRun]) -> list[str]:
    """Names of those paged by escalations that still run, each once."""
    names = [
        page.user.name
        for run in runs
        if run.status == RunStatus.ACTIVE
        for page in run.pages.all()
        if page.reached and page.user
    ]
    return list(dict.fromkeys(names))


def _runbooks(service_ids: list[int], actor: Actor) -> list[ServiceLink]:
    rows = ServiceLink.objects.visible_to(actor).filter(service_id__in=service_ids, kind=LinkKind.RUNBOOK)
    return list(rows.select_related("service")) if service_ids else []


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
                _attach(form, error)
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
