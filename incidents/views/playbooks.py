"""Playbooks: the list, one with its versions, the editor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of
from incidents import actions, tasklists
from incidents.choices import Control, IncidentStatus, Stage, TaskKind
from incidents.forms.playbooks import (
    PlaybookForm,
    blank,
    header_initial,
    rows_of,
    stored_rows,
    tasks_of,
)
from incidents.models import Incident, Playbook, RoleDefinition
from incidents.playbooks import condition_text, difference
from oncall.rows import grouped, row_errors
from teams.actor import Actor
from teams.views.base import attach

VERSIONS_SHOWN = 20


@login_required
def playbook_list(request: HttpRequest) -> HttpResponse:
    """All the viewer may see, those in use first."""
    actor, now = actor_of(request), clock.now()
    found = list(tasklists.for_playbooks(actor).order_by("-active", "name", "pk")[:500])
    versions = tasklists.newest_versions([row.pk for row in found])
    context = {
        "rows": [
            {
                "playbook": row,
                "count": len(versions[row.pk].tasks) if row.pk in versions else 0,
                "stale": row.active and tasklists.is_stale(row, now),
                "starts": starts_text(row),
            }
            for row in found
        ],
        "may_create": actor.manages_any,
    }
    return render(request, "incidents/pages/playbooks.html", context)


@login_required
def playbook_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Its tasks by stage, what the versions changed, and where it can be started."""
    actor = actor_of(request)
    playbook = _visible(request, pk)
    versions = list(playbook.versions.order_by("-number")[: VERSIONS_SHOWN + 1])
    tasks = versions[0].tasks if versions else []
    titles = {task["key"]: task["title"] for task in tasks}
    roles = dict(RoleDefinition.objects.values_list("key", "name"))
    shown = [
        {
            **task,
            "stage": task.get("stage") or playbook.stage,
            "role_name": roles.get(task.get("role", ""), task.get("role", "")),
            "waits": [titles.get(key, key) for key in task.get("waits_for", [])],
            "condition": condition_text(task.get("shown_when", {})),
            "control_label": Control(task["control"]).label if task.get("control") else "",
        }
        for task in tasks
    ]
    steps = zip(versions, [*versions[1:], None], strict=False)
    open_ones = (
        Incident.objects.allowing(actor, "edit_tasks").active().exclude(playbook_runs__playbook=playbook)
    )
    context = {
        "playbook": playbook,
        "stages": tasklists.by_stage(shown),
        "versions": [(row, difference(before.tasks, row.tasks) if before else None) for row, before in steps][
            :VERSIONS_SHOWN
        ],
        "stale": tasklists.is_stale(playbook, clock.now()),
        "starts": starts_text(playbook),
        "may_manage": actor.manages(playbook.team_id),
        "incidents": list(open_ones.order_by("-number")[:20]) if playbook.active and versions else [],
    }
    return render(request, "incidents/pages/playbook.html", context)


@login_required
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a playbook, or its next version. What runs keeps the version it began with."""
    actor = actor_of(request)
    playbook = _manageable(request, pk) if pk is not None else None
    if playbook is None and not actor.manages_any:
        raise NotAllowed("Managers write their team's playbooks, admins the organisation's.")
    posted = request.method == "POST"
    saving = posted and not request.POST.get("op")
    last = playbook.versions.order_by("-number").first() if playbook else None
    rows = rows_of(request.POST) if posted else stored_rows(last.tasks if last else [])
    initial = header_initial(playbook) if playbook else {}
    if posted and not saving:
        initial |= {name: request.POST.get(name, "") for name in PlaybookForm.base_fields}
    form = PlaybookForm(request.POST if saving else None, initial=initial, actor=actor, playbook=playbook)
    errors: dict[str, list[str]] = {}
    if saving:
        rows = [row for row in rows if not blank(row)] or rows[:1]
    if saving and form.is_valid():
        try:
            saved = _save(actor, playbook, form, rows)
        except NotVisible:
            raise
        except DomainError as error:
            errors, others = grouped(error, ["tasks"])
            if others:
                attach(form, error)
        else:
            messages.success(request, _("Saved. What has been started keeps its version."))
            return redirect("incidents:playbook", pk=saved.pk)
    context: dict[str, Any] = {
        "playbook": playbook,
        "form": form,
        "rows": [(row, row_errors(errors, "tasks", number)) for number, row in enumerate(rows)],
        "task_errors": errors.get("tasks", []),
        "kinds": TaskKind.choices,
        "stages": Stage.choices,
        "controls": [choice for choice in Control.choices if choice[0]],
        "statuses": IncidentStatus.choices,
        "roles": RoleDefinition.objects.values_list("key", "name"),
    }
    status = 422 if form.errors or errors else 200
    return render(request, "incidents/pages/playbook_form.html", context, status=status)


@login_required
@require_POST
def tested(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody went through it today."""
    playbook = _visible(request, pk)
    actions.mark_tested(actor=actor_of(request), playbook_id=playbook.pk)
    messages.success(request, _("Marked as tested today."))
    return redirect("incidents:playbook", pk=pk)


@login_required
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it out of use, or into use again."""
    playbook = _visible(request, pk)
    actions.edit_playbook(actor=actor_of(request), playbook_id=pk, active=not playbook.active)
    messages.success(request, _("Out of use.") if playbook.active else _("In use again."))
    return redirect("incidents:playbook", pk=pk)


@login_required
@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Start it on the incident chosen on its page."""
    playbook = _visible(request, pk)
    sent = request.POST.get("incident", "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 10):
        raise NotVisible
    actions.start_playbook(actor=actor_of(request), number=int(sent), playbook_id=playbook.pk)
    return redirect(f"/incidents/{sent}/tasks/")


def starts_text(playbook: Playbook) -> str:
    """When it begins, in a few words."""
    if not playbook.active:
        return _("no longer in use")
    parts = [playbook.type.name] if playbook.type else []
    low, high = playbook.from_rank or 0, playbook.to_rank
    if high is not None:
        parts.append(f"Sev-{low}" if low == high else f"Sev-{low} – Sev-{high}")
    elif playbook.from_rank is not None:
        parts.append(_("from Sev-%(rank)s") % {"rank": low})
    fits = ", ".join(parts) or _("every incident")
    return (_("by itself: %(fits)s") if playbook.starts_by_itself else _("by hand: %(fits)s")) % {
        "fits": fits
    }


def _save(
    actor: Actor, playbook: Playbook | None, form: PlaybookForm, rows: list[dict[str, str]]
) -> Playbook:
    tasks, note = tasks_of(rows), form.cleaned_data["note"]
    with transaction.atomic():
        if playbook is None:
            return actions.create_playbook(actor=actor, tasks=tasks, note=note, **form.values())
        saved = actions.edit_playbook(actor=actor, playbook_id=playbook.pk, **form.values())
        actions.publish_version(actor=actor, playbook_id=playbook.pk, tasks=tasks, note=note)
    return saved


def _visible(request: HttpRequest, pk: int) -> Playbook:
    playbook: Playbook | None = tasklists.for_playbooks(actor_of(request)).filter(pk=pk).first()
    if playbook is None:
        raise NotVisible
    return playbook


def _manageable(request: HttpRequest, pk: int) -> Playbook:
    playbook = _visible(request, pk)
    if not actor_of(request).manages(playbook.team_id):
        raise NotAllowed("Managers write their team's playbooks, admins the organisation's.")
    return playbook
