"""Postmortems: list, document, panel of an incident; action items: list and change."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import Conflict, InvalidInput, NotVisible
from core.pages import actor_of, keyset
from incidents.models import Incident
from postmortems import actions
from postmortems.choices import ItemStatus, PostmortemStatus, SectionKey
from postmortems.forms import ItemEditForm, ItemForm, SectionForm
from postmortems.markdown import to_html
from postmortems.models import ActionItem, Postmortem

_STEPS = {
    "draft": ("in_review", _("Send to review")),
    "in_review": ("reviewed", _("Mark as reviewed")),
    "reviewed": ("published", _("Publish")),
    "published": ("closed", _("Close")),
}


@login_required
def postmortem_list(request: HttpRequest) -> HttpResponse:
    """All postmortems the viewer may see, newest first."""
    rows = Postmortem.objects.visible_to(actor_of(request)).select_related(
        "incident__severity", "incident__team", "owner"
    )
    status = request.GET.get("status", "")
    if status in PostmortemStatus.values:
        rows = rows.filter(status=status)
    page = keyset(rows, request.GET.get("cursor", ""))
    context = {"page": page, "statuses": PostmortemStatus.choices, "now": clock.now()}
    return render(request, "postmortems/pages/list.html", context)


@login_required
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """One postmortem: sections, action items, review."""
    postmortem = _visible(request, pk)
    return render(request, "postmortems/pages/document.html", _context(request, postmortem))


@login_required
@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Start the postmortem of a resolved incident."""
    postmortem = actions.start_postmortem(actor=actor_of(request), incident_number=number)
    return redirect(postmortem.get_absolute_url())


@login_required
@require_POST
def save_section(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Save one section; when somebody wrote meanwhile, both texts are shown."""
    postmortem = _visible(request, pk)
    form = SectionForm(request.POST)
    if not form.is_valid():
        context = _context(request, postmortem) | {"editing": key, "section_form": form}
        return render(request, "postmortems/pages/document.html", context, status=422)
    try:
        actions.edit_section(actor=actor_of(request), postmortem_id=pk, key=key, **form.cleaned_data)
    except Conflict as error:
        if error.code != "edited_meanwhile":
            raise
        context = _context(request, postmortem) | {
            "editing": key,
            "kept": form.cleaned_data["text"],
            "clash": error,
        }
        return render(request, "postmortems/pages/document.html", context, status=409)
    return redirect(f"{postmortem.get_absolute_url()}#section-{key}")


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the document to its next state."""
    postmortem = _visible(request, pk)
    try:
        actions.set_status(actor=actor_of(request), postmortem_id=pk, status=request.POST.get("status", ""))
    except InvalidInput as error:
        context = _context(request, postmortem) | {"refused": error}
        return render(request, "postmortems/pages/document.html", context, status=422)
    return redirect(postmortem.get_absolute_url())


@login_required
@require_POST
def add_item(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an action item to a postmortem."""
    postmortem = _visible(request, pk)
    form = ItemForm(request.POST)
    if form.is_valid():
        actions.create_item(actor=actor_of(request), postmortem_id=pk, **form.values())
        return redirect(f"{postmortem.get_absolute_url()}#items")
    context = _context(request, postmortem) | {"item_form": form}
    return render(request, "postmortems/pages/document.html", context, status=422)


@login_required
def panel(request: HttpRequest, number: int) -> HttpResponse:
    """The postmortem of an incident, as a panel of its page."""
    actor = actor_of(request)
    incident = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is None:
        raise NotVisible
    found = Postmortem.objects.visible_to(actor).select_related("owner").filter(incident=incident).first()
    may_start = Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists()
    over = incident.status in ("resolved", "in_review", "closed")
    context = {"incident": incident, "postmortem": found, "may_start": may_start and over}
    return render(request, "postmortems/partials/panel.html", context)


@login_required
def item_list(request: HttpRequest) -> HttpResponse:
    """Action items, overdue first, then by date."""
    actor = actor_of(request)
    rows = ActionItem.objects.visible_to(actor).select_related("owner", "incident", "team", "postmortem")
    if request.GET.get("status") in ItemStatus.values:
        rows = rows.filter(status=request.GET["status"])
    elif request.GET.get("status") != "all":
        rows = rows.open()
    if request.GET.get("owner") == "me":
        rows = rows.filter(owner_id=actor.user_id)
    context = {"items": rows.order_by("due_on", "pk")[:200], "statuses": ItemStatus.choices}
    return render(request, "postmortems/pages/items.html", context)


@login_required
def edit_item(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an action item."""
    item = ActionItem.objects.visible_to(actor_of(request)).filter(pk=pk).first()
    if item is None:
        raise NotVisible
    initial = {
        name: getattr(item, name) for name in ("title", "owner", "due_on", "item_class", "status", "reason")
    }
    form = ItemEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_item(actor=actor_of(request), item_id=pk, **form.values())
        except InvalidInput as error:
            for name, reasons in error.fields.items():
                form.add_error(name if name in form.fields else None, reasons[0])
        else:
            return redirect("postmortems:items")
    context = {"form": form, "item": item}
    return render(request, "postmortems/pages/item.html", context, status=422 if form.errors else 200)


def _visible(request: HttpRequest, pk: int) -> Postmortem:
    rows = Postmortem.objects.visible_to(actor_of(request)).select_related("incident__severity", "owner")
    postmortem: Postmortem | None = rows.filter(pk=pk).first()
    if postmortem is None:
        raise NotVisible
    return postmortem


def _context(request: HttpRequest, postmortem: Postmortem) -> dict[str, Any]:
    order = {key: position for position, key in enumerate(SectionKey.values)}
    sections = sorted(postmortem.sections.select_related("author"), key=lambda row: order[row.key])
    may_write = Postmortem.objects.allowing(actor_of(request)).filter(pk=postmortem.pk).exists()
    return {
        "postmortem": postmortem,
        "sections": [(row, to_html(row.text)) for row in sections],
        "written": sum(1 for row in sections if row.text.strip()),
        "items": postmortem.action_items.select_related("owner").order_by("due_on", "pk"),
        "item_form": ItemForm(),
        "may_write": may_write and postmortem.status != "closed",
        "next_step": _STEPS.get(postmortem.status) if may_write else None,
        "editing": request.GET.get("edit", ""),
    }
