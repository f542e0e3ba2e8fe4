"""What customers read of a postmortem: written, approved, sent."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.errors import NotAllowed, NotVisible
from core.pages import actor_of
from postmortems import actions, hooks
from postmortems.actions.publishing import first_public_text, may_approve
from postmortems.forms.review import PublicForm
from postmortems.models import Postmortem
from postmortems.selectors.review import may_tell_public
from postmortems.views.shown import visible
from postmortems.views.tried import applied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def public(request: HttpRequest, pk: int) -> HttpResponse:
    """The words for customers. POST `op`: write (text), approve (text as it was read), send (notices)."""
    actor = actor_of(request)
    postmortem = visible(actor, pk)
    if not may_tell_public(postmortem):
        raise NotVisible
    if not Postmortem.objects.allowing(actor).filter(pk=pk).exists():
        raise NotAllowed("Only those who respond to the incident can write its postmortem.")
    form = PublicForm(initial={"text": postmortem.public_text or first_public_text(postmortem)})
    if request.method == "POST":
        form = PublicForm(request.POST)
        if applied(form, lambda data: _do(request, pk, data)):
            return redirect(f"/postmortems/{pk}/public/")
    context = {
        "postmortem": postmortem,
        "form": form,
        "may_approve": bool(postmortem.public_text) and may_approve(actor, postmortem),
        "notices": hooks.open_notices(actor, postmortem.incident_id),
        "is_out": postmortem.status in ("published", "closed"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "postmortems/pages/public.html", context, status=status)


def _do(request: HttpRequest, pk: int, data: dict[str, Any]) -> Postmortem:
    actor, op = actor_of(request), request.POST.get("op", "write")
    if op == "approve":
        return actions.approve_public(actor=actor, postmortem_id=pk, text=data["text"])
    if op == "send":
        return actions.publish_public(actor=actor, postmortem_id=pk, keys=request.POST.getlist("notices"))
    return actions.write_public(actor=actor, postmortem_id=pk, text=data["text"])
