"""The chained whys, their fault tree and the contributing factors: a part of the document's page, and a page of its
own where no script runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import InvalidInput
from core.pages import actor_of, wants_part
from postmortems import actions
from postmortems.choices import FactorKind, Gate, PostmortemStatus
from postmortems.forms.whys import FactorForm, WhyChangeForm, WhyForm
from postmortems.live import topic_of
from postmortems.models import Postmortem
from postmortems.selectors.factors import catalog, factors_of
from postmortems.views.shown import visible
from postmortems.writing.drawing import fault_tree_svg
from postmortems.writing.whys import NEEDED, depth_of, flat, tree_of


@login_required
def whys(request: HttpRequest, pk: int) -> HttpResponse:
    """The chain of whys of a document."""
    return _shown(request, pk)


@login_required
@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened and the confirmed causes, from the record."""
    visible(actor_of(request), pk)
    actions.whys_from_causes(actor=actor_of(request), postmortem_id=pk)
    return _back(request, pk)


@login_required
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an answer below another one, or what happened."""
    return _act(request, pk, WhyForm(request.POST), actions.add_why)


@login_required
@require_POST
def change(request: HttpRequest, pk: int, node_id: int) -> HttpResponse:
    """Change an answer's words, evidence and gate."""
    return _act(request, pk, WhyChangeForm(request.POST), actions.change_why, node_id=node_id)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int, node_id: int) -> HttpResponse:
    """Take an answer away with all below it."""
    visible(actor_of(request), pk)
    actions.remove_why(actor=actor_of(request), postmortem_id=pk, node_id=node_id)
    return _back(request, pk)


@login_required
@require_POST
def move(request: HttpRequest, pk: int, node_id: int) -> HttpResponse:
    """Hang an answer under another one (`parent`, empty for the top)."""
    visible(actor_of(request), pk)
    wanted = request.POST.get("parent", "")
    parent_id = int(wanted) if wanted.isdigit() and len(wanted) < 19 else None
    if wanted and parent_id is None:
        raise InvalidInput("There is no such why.", fields={"parent": ["There is no such why."]})
    try:
        actions.move_why(actor=actor_of(request), postmortem_id=pk, node_id=node_id, parent_id=parent_id)
    except InvalidInput as error:
        return _shown(request, pk, status=422, refused=error)
    return _back(request, pk)


@login_required
@require_POST
def add_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Name a contributing factor."""
    return _act(request, pk, FactorForm(request.POST), actions.add_factor)


@login_required
@require_POST
def remove_factor(request: HttpRequest, pk: int, factor_id: int) -> HttpResponse:
    """Take a contributing factor away."""
    visible(actor_of(request), pk)
    actions.remove_factor(actor=actor_of(request), postmortem_id=pk, factor_id=factor_id)
    return _back(request, pk)


def _act(request: HttpRequest, pk: int, form: Any, act: Any, **more: Any) -> HttpResponse:
    visible(actor_of(request), pk)
    if form.is_valid():
        try:
            act(actor=actor_of(request), postmortem_id=pk, **more, **form.values())
        except InvalidInput as error:
            return _shown(request, pk, status=422, refused=error)
        return _back(request, pk)
    return _shown(request, pk, status=422, refused=InvalidInput(_first(form)))


def _first(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    if wants_part(request):
        return _shown(request, pk)
    return redirect(f"/postmortems/{pk}/whys/")


def _shown(
    request: HttpRequest, pk: int, *, status: int = 200, refused: InvalidInput | None = None
) -> HttpResponse:
    actor = actor_of(request)
    postmortem = visible(actor, pk)
    roots = tree_of(postmortem.whys.all())
    may_write = (
        postmortem.status != PostmortemStatus.CLOSED
        and Postmortem.objects.allowing(actor).filter(pk=pk).exists()
    )
    context = {
        "postmortem": postmortem,
        "roots": roots,
        "nodes": flat(roots),
        "depth": depth_of(roots),
        "needed": NEEDED,
        "drawing": fault_tree_svg(roots) if depth_of(roots) else "",
        "factors": factors_of(postmortem, actor),
        "catalog": catalog(actor) if may_write else [],
        "kinds": FactorKind.choices,
        "gates": Gate.choices,
        "may_write": may_write,
        "topic": topic_of(pk),
        "refused": refused,
    }
    part = wants_part(request)
    template = "postmortems/partials/whys.html" if part else "postmortems/pages/whys.html"
    return render(request, template, context, status=status)
