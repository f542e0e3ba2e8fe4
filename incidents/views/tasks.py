"""One-tap moves of tasks, the new-task line, and the lanes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of, wants_part
from incidents import actions
from incidents.models import Incident, IncidentTask, RoleDefinition
from incidents.selectors import for_page
from incidents.tasklists import lanes
from incidents.views import pages
from incidents.views.parts import State
from incidents.views.parts.tasks import with_controls
from teams.actor import Actor


def _take(*, actor: Actor, number: int, task_id: int) -> IncidentTask:
    return actions.assign_task(
        actor=actor, number=number, task_id=task_id, owner_id=actor.user_id, keep_backup=True
    )


MOVES: dict[str, Callable[..., Any]] = {
    "start": actions.start_task,
    "finish": actions.finish_task,
    "reopen": actions.reopen_task,
    "take": _take,
}


@login_required
@require_POST
def move(request: HttpRequest, number: int, task_id: int, name: str) -> HttpResponse:
    """Begin, finish, open again or take a task; answers with the list it was tapped in."""
    incident = _incident(request, number)
    MOVES[name](actor=actor_of(request), number=incident.number, task_id=task_id)
    return _back(request, incident)


@login_required
@require_POST
def new(request: HttpRequest, number: int) -> HttpResponse:
    """A task in one line."""
    incident = _incident(request, number)
    actions.add_task(actor=actor_of(request), number=number, title=request.POST.get("title", ""))
    return _back(request, incident)


@login_required
def lanes_page(request: HttpRequest, number: int) -> HttpResponse:
    """A lane for each person and role, every blocker named."""
    return _lanes(request, _incident(request, number))


def _lanes(request: HttpRequest, incident: Incident) -> HttpResponse:
    state = State(actor_of(request), incident)
    rows = with_controls(state)
    context = {
        "incident": incident,
        "lanes": lanes(rows, state.roles, dict(RoleDefinition.objects.values_list("key", "name"))),
        "tasks_all": len(rows),
        "tasks_open": sum(row.is_open for row in rows),
        "may_edit_tasks": "edit_tasks" in state.verbs,
        "now": state.now,
        "lanes_view": True,
    }
    inside = wants_part(request)
    template = "incidents/partials/lanes.html" if inside else "incidents/pages/tasks.html"
    context["live_topics"] = f"incident:{incident.number}:{incident.last_seq}"
    return render(request, template, context)


def _back(request: HttpRequest, incident: Incident) -> HttpResponse:
    in_lanes = request.GET.get("view") == "lanes"
    if not wants_part(request):
        base = incident.get_absolute_url()
        return redirect(f"{base}tasks/" if in_lanes else f"{base}#incident-tasks")
    fresh = _incident(request, incident.number)
    return _lanes(request, fresh) if in_lanes else pages.fragment(request, incident.number, "tasks")


def _incident(request: HttpRequest, number: int) -> Incident:
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    return incident
