"""One action item: everything known of it, and what can be done with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of
from incidents.models import Incident
from postmortems import actions
from postmortems.actions.item_changes import LONGEST_SNOOZE
from postmortems.forms.items import DoneForm, DropForm, ItemFullForm, NoteForm, RefuseForm, SnoozeForm
from postmortems.models import ActionItem
from postmortems.selectors.item_page import ladder_of
from postmortems.views.items import today_of
from postmortems.views.tickets import ticket_context
from teams.views.base import applied, attach

_FORMS: dict[str, type[forms.Form]] = {
    "done": DoneForm,
    "snooze": SnoozeForm,
    "drop": DropForm,
    "refuse": RefuseForm,
    "note": NoteForm,
}


@login_required
@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Facts, ladder, notes, and the forms of what the viewer may do."""
    return render(request, "postmortems/pages/item.html", _context(request, visible(request, pk)))


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change its fields."""
    row, actor = visible(request, pk), actor_of(request)
    if not ActionItem.objects.allowing(actor, "edit").filter(pk=pk).exists():
        raise NotAllowed("Only its owner, its backup or those who respond to the incident can change it.")
    draft = row.postmortem is not None and row.postmortem.status == "draft"
    initial = {name: getattr(row, name) for name in ItemFullForm.base_fields}
    form = ItemFullForm(request.POST or None, actor=actor, item=row, draft=draft, initial=initial)
    if request.method == "POST":
        saved = applied(form, lambda _data: actions.update_item(actor=actor, item_id=pk, **form.values()))
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect(row.get_absolute_url())
    context = {"form": form, "item": row, "back": row.get_absolute_url()}
    status = 422 if form.errors else 200
    return render(request, "postmortems/pages/item_form.html", context, status=status)


@login_required
@require_POST
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """Open or in progress."""
    row, word = visible(request, pk), request.POST.get("status", "")
    status = word if word in ("open", "doing") else "open"
    actions.update_item(actor=actor_of(request), item_id=pk, status=status)
    return redirect(row.get_absolute_url())


@login_required
@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, with the proof when there is one."""
    return _act(
        request,
        pk,
        "done",
        lambda data: actions.complete_item(actor=actor_of(request), item_id=pk, **data),
        _("Done."),
    )


@login_required
@require_POST
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """No reminder before a day; `do=end` ends it."""
    actor = actor_of(request)
    if request.POST.get("do") == "end":
        row = visible(request, pk)
        actions.snooze_item(actor=actor, item_id=pk, until=None)
        return redirect(row.get_absolute_url())
    return _act(
        request,
        pk,
        "snooze",
        lambda data: actions.snooze_item(actor=actor, item_id=pk, **data),
        _("Reminders wait."),
    )


@login_required
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask not to do it; takes effect at once for those who may decide."""
    return _act(
        request,
        pk,
        "drop",
        lambda data: actions.update_item(
            actor=actor_of(request), item_id=pk, status="wont_do", reason=data["reason"]
        ),
        "",
    )


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree that it is not done, or keep it: `do=approve` or `refuse`."""
    actor = actor_of(request)
    if request.POST.get("do") == "approve":
        row = visible(request, pk)
        actions.approve_drop(actor=actor, item_id=pk)
        messages.success(request, _("It will not be done."))
        return redirect(row.get_absolute_url())
    return _act(
        request,
        pk,
        "refuse",
        lambda data: actions.refuse_drop(actor=actor, item_id=pk, reason=data["reason"]),
        _("It stays to be done."),
    )


@login_required
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about it."""
    return _act(
        request,
        pk,
        "note",
        lambda data: actions.add_item_note(actor=actor_of(request), item_id=pk, **data),
        "",
        "#notes",
    )


def visible(request: HttpRequest, pk: int) -> ActionItem:
    """The item with what its page shows, or a 404."""
    rows = ActionItem.objects.visible_to(actor_of(request)).select_related(
        *("owner", "backup", "incident", "team", "postmortem", "ticket__connection"),
        *("drop_asked_by", "drop_approved_by", "created_by"),
    )
    row: ActionItem | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row


def _act(
    request: HttpRequest,
    pk: int,
    name: str,
    call: Callable[[dict[str, Any]], object],
    text: str,
    anchor: str = "",
) -> HttpResponse:
    """Run one of the page's forms; with faults the page comes back with them."""
    row = visible(request, pk)
    form = _FORMS[name](request.POST, auto_id=f"{name}_%s")
    try:
        if form.is_valid():
            call(form.cleaned_data)
    except InvalidInput as error:
        attach(form, error)
    if form.errors:
        context = _context(request, visible(request, pk)) | {f"{name}_form": form, "opened": name}
        return render(request, "postmortems/pages/item.html", context, status=422)
    if text:
        messages.success(request, text)
    return redirect(f"{row.get_absolute_url()}{anchor}")


def _context(request: HttpRequest, row: ActionItem) -> dict[str, Any]:
    actor, today = actor_of(request), today_of(request)
    may = {
        verb: ActionItem.objects.allowing(actor, verb).filter(pk=row.pk).exists()
        for verb in ("edit", "note", "decide")
    }
    shown = {f"{name}_form": form(auto_id=f"{name}_%s") for name, form in _FORMS.items()}
    incident = Incident.objects.visible_to(actor).filter(pk=row.incident_id or 0).first()
    return {
        "item": row,
        "incident": incident,
        "today": today,
        "late": (today - row.due_on).days if row.is_open and row.due_on and row.due_on < today else 0,
        "ladder": ladder_of(row, clock.now()),
        "notes": row.notes.select_related("author").order_by("pk")[:200],
        "may": may,
        "snooze_first": today + dt.timedelta(days=1),
        "snooze_last": today + LONGEST_SNOOZE,
        "postmortem_url": row.postmortem.get_absolute_url() if row.postmortem and incident else "",
        **ticket_context(actor, row, may_edit=may["edit"]),
        **shown,
    }
