"""Components and groups on the manage side."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, done
from services.models import Service
from statuspage import actions
from statuspage.choices import ComponentStatus, Follows
from statuspage.forms.components import ComponentForm, GroupForm
from statuspage.models import Component, ComponentGroup, StatusPage
from statuspage.views.common import frame, managed, publishing, visible
from teams.actor import Actor
from teams.views.base import attach


@login_required
def component_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything on the page in its order, each with what it follows."""
    page = visible(request, slug)
    context = frame(request, page, "components/") | {
        "sections": _sections(actor_of(request), page),
        "statuses": ComponentStatus.choices,
        "group_form": GroupForm(),
    }
    return render(request, "statuspage/pages/components.html", context)


@login_required
def component_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add one."""
    page = managed(request, slug)
    return _form(request, page, None)


@login_required
def component_edit(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Change one."""
    page = managed(request, slug)
    return _form(request, page, _part(page, part))


@login_required
@require_POST
def component_set(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Set it by hand; "" gives it back to what it follows."""
    page = publishing(request, slug)
    row = actions.set_component_status(
        actor=actor_of(request), component_id=_part(page, part).pk, status=request.POST.get("status", "")
    )
    words = {"name": row.name, "status": row.get_status_display()}
    return done(request, f"{page.get_absolute_url()}components/", _("%(name)s: %(status)s") % words)


@login_required
@require_POST
def component_remove(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Take it away with its history."""
    page = managed(request, slug)
    actions.remove_component(actor=actor_of(request), component_id=_part(page, part).pk)
    return redirect(f"{page.get_absolute_url()}components/")


@login_required
@require_POST
def arrange(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Move a group or a component one place up or down among its like."""
    page = managed(request, slug)
    order = _order(page)
    actions.arrange(
        actor=actor_of(request), page_id=page.pk, order=_moved(order, part, request.POST.get("to") == "up")
    )
    return redirect(f"{page.get_absolute_url()}components/#{part}")


@login_required
@require_POST
def group_save(request: HttpRequest, slug: str, part: str = "") -> HttpResponse:
    """Add a group, change one, or with `do=remove` take it away."""
    page = managed(request, slug)
    actor = actor_of(request)
    group = page.groups.filter(public_id=part).first() if part else None
    if part and group is None:
        raise NotVisible
    if group and request.POST.get("do") == "remove":
        actions.remove_group(actor=actor, group_id=group.pk)
        return redirect(f"{page.get_absolute_url()}components/")
    form = GroupForm(request.POST)
    if form.is_valid():
        try:
            if group:
                actions.edit_group(actor=actor, group_id=group.pk, **form.cleaned_data)
            else:
                actions.add_group(actor=actor, page_id=page.pk, **form.cleaned_data)
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}components/")
    context = frame(request, page, "components/") | {"form": form, "group": group}
    return render(request, "statuspage/pages/group_form.html", context, status=422)


@login_required
def group_edit(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """The form of a group."""
    page = managed(request, slug)
    group = page.groups.filter(public_id=part).first()
    if group is None:
        raise NotVisible
    initial = {"name": group.name, "description": group.description, "folded": group.folded}
    context = frame(request, page, "components/") | {"form": GroupForm(initial=initial), "group": group}
    return render(request, "statuspage/pages/group_form.html", context)


def _form(request: HttpRequest, page: StatusPage, component: Component | None) -> HttpResponse:
    actor = actor_of(request)
    initial = ComponentForm.of(component) if component else {"follows": Follows.HAND}
    form = ComponentForm(request.POST or None, actor=actor, page=page, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if component:
                actions.edit_component(actor=actor, component_id=component.pk, **form.values())
            else:
                actions.add_component(actor=actor, page_id=page.pk, **form.values())
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(f"{page.get_absolute_url()}components/")
    context = frame(request, page, "components/") | {"form": form, "component": component}
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/component_form.html", context, status=status)


def _part(page: StatusPage, public_id: str) -> Component:
    row: Component | None = page.components.filter(public_id=public_id).first()
    if row is None:
        raise NotVisible
    return row


def _sections(actor: Actor, page: StatusPage) -> list[tuple[ComponentGroup | None, list[Component]]]:
    """(group or None, its components), as they stand on the page; two statements."""
    seen = Prefetch("services", queryset=Service.objects.visible_to(actor))
    parts = list(page.components.select_related("group", "set_by").prefetch_related(seen))
    found: list[tuple[int, ComponentGroup | None, list[Component]]] = [
        (group.position, group, [row for row in parts if row.group_id == group.pk])
        for group in page.groups.all()
    ]
    found += [(row.position, None, [row]) for row in parts if row.group_id is None]
    return [(group, rows) for _at, group, rows in sorted(found, key=lambda entry: entry[0])]


def _order(page: StatusPage) -> list[tuple[str, int, str, int | None]]:
    """(kind, key, public id, group's key) of everything, by position."""
    rows: list[tuple[int, tuple[str, int, str, int | None]]] = [
        *((row.position, ("group", row.pk, row.public_id, None)) for row in page.groups.all()),
        *(
            (row.position, ("component", row.pk, row.public_id, row.group_id))
            for row in page.components.all()
        ),
    ]
    return [entry for _at, entry in sorted(rows)]


def _moved(order: list[tuple[str, int, str, int | None]], part: str, up: bool) -> list[tuple[str, int]]:
    """The order with one entry a place further among those it stands beside; unchanged at either end."""
    at = next((number for number, entry in enumerate(order) if entry[2] == part), None)
    if at is None:
        raise NotVisible
    beside = [number for number, entry in enumerate(order) if entry[3] == order[at][3]]
    place = beside.index(at) + (-1 if up else 1)
    if 0 <= place < len(beside):
        other = beside[place]
        order[at], order[other] = order[other], order[at]
    return [(kind, pk) for kind, pk, _public, _group in order]
