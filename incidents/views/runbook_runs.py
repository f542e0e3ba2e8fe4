"""A runbook opened on an incident: variables filled in, steps to tick, what it was worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import clock
from core.errors import NotVisible, field_error
from core.pages import actor_of, wants_part
from incidents import actions
from incidents.choices import Helpful
from incidents.models import Incident
from incidents.runbooks import live
from incidents.runbooks.document import to_html
from incidents.runbooks.looks import Working
from incidents.runbooks.working import IncidentValues, Opened, opened
from incidents.selectors import allowed_verbs, for_page
from incidents.views.parts import State
from services.models import Service

_ANSWERS = (Helpful.YES, Helpful.PARTLY, Helpful.NO)


@login_required
def page(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """The runbook on this incident; opening it changes nothing. For htmx only what moves."""
    incident = _incident(request, number)
    topic = live.watched(incident.number)
    context = _context(request, incident, pk)
    inside = wants_part(request)
    name = "partials/runbook_run.html" if inside else "pages/runbook_run.html"
    return render(request, f"incidents/{name}", context | {"live_topics": topic})


@login_required
@require_POST
def act(request: HttpRequest, number: int, pk: int, name: str) -> HttpResponse:
    """Start it, tick a step, take the newest version, or say whether it helped."""
    incident = _incident(request, number)
    ACTS[name](request, actor=actor_of(request), number=incident.number, runbook_id=pk)
    if not wants_part(request):
        key = request.POST.get("tick") or request.POST.get("untick") or ""
        place = f"#step-{key}" if key.replace("-", "").isalnum() else ""
        return redirect(f"{_address(incident, pk)}{place}")
    return page(request, number, pk)


def _start(request: HttpRequest, **which: Any) -> None:
    actions.start_runbook(**which)


def _tick(request: HttpRequest, **which: Any) -> None:
    done = "untick" not in request.POST
    key = request.POST.get("tick" if done else "untick", "")
    if not key:
        raise field_error("step", "Which step?")
    actions.tick_step(**which, key=key, done=done)


def _switch(request: HttpRequest, **which: Any) -> None:
    actions.switch_version(**which)


def _rate(request: HttpRequest, **which: Any) -> None:
    said = request.POST
    actions.rate_runbook(**which, helpful=said.get("helpful", ""), comment=said.get("comment", ""))


ACTS: dict[str, Callable[..., None]] = {"start": _start, "tick": _tick, "switch": _switch, "rate": _rate}


def services_of(incident: Incident) -> list[Service]:
    """The incident's services the viewer of `for_page` sees."""
    return [row.service for row in incident.service_rows.all()]


def _context(request: HttpRequest, incident: Incident, pk: int) -> dict[str, Any]:
    actor = actor_of(request)
    found = opened(actor, incident, pk)
    if found is None:
        raise NotVisible
    now = clock.now()
    may_rate = "edit_tasks" in allowed_verbs(actor, incident)
    may_tick = may_rate and not State(actor, incident).settled
    return {
        "incident": incident,
        "opened": found,
        "runbook": found.runbook,
        "address": _address(incident, pk),
        "html": _html(request, incident, found, may_tick=may_tick),
        "now": now,
        "stale": found.runbook.is_stale(now),
        "may_rate": may_rate,
        "may_tick": may_tick,
        "may_manage": actor.manages(found.runbook.team_id),
        "answers": [(answer.value, answer.label) for answer in _ANSWERS],
    }


def _html(request: HttpRequest, incident: Incident, found: Opened, *, may_tick: bool) -> str:
    values = IncidentValues(actor_of(request), incident, services_of(incident), found.runbook)
    return to_html(found.version.body, resolve=values, look=Working(found.steps, may_tick=may_tick))


def _address(incident: Incident, pk: int) -> str:
    return f"{incident.get_absolute_url()}runbooks/{pk}/"


def _incident(request: HttpRequest, number: int) -> Incident:
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    return incident
