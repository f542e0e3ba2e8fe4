"""Comments of a section."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, wants_part
from postmortems import actions
from postmortems.choices import SectionKey
from postmortems.forms.documents import CommentForm
from postmortems.models import SectionComment
from postmortems.views.page import page
from postmortems.views.shown import open_document, visible


@login_required
@require_POST
def add(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Say something about a section."""
    visible(actor_of(request), pk)
    if key not in SectionKey.values:
        raise NotVisible
    form = CommentForm(request.POST)
    if form.is_valid():
        actions.add_comment(actor=actor_of(request), postmortem_id=pk, key=key, **form.cleaned_data)
        return _back(request, pk, key)
    if not wants_part(request):
        return page(request, pk, status=422, comment_key=key, comment_form=form)
    return _part(request, pk, key, form, status=422)


@login_required
@require_POST
def change(request: HttpRequest, pk: int, comment_id: int) -> HttpResponse:
    """Edit, delete, resolve or open again: `op`."""
    actor = actor_of(request)
    visible(actor, pk)
    rows = SectionComment.objects.filter(section__postmortem_id=pk, pk=comment_id)
    key = rows.values_list("section__key", flat=True).first()
    if key is None:
        raise NotVisible
    op = request.POST.get("op", "")
    if op == "edit":
        actions.edit_comment(
            actor=actor, postmortem_id=pk, comment_id=comment_id, text=request.POST.get("text", "")
        )
    elif op == "delete":
        actions.delete_comment(actor=actor, postmortem_id=pk, comment_id=comment_id)
    elif op in ("resolve", "reopen"):
        actions.resolve_comment(
            actor=actor, postmortem_id=pk, comment_id=comment_id, resolved=op == "resolve"
        )
    else:
        raise InvalidInput
    return _back(request, pk, key)


def _back(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    if wants_part(request):
        return _part(request, pk, key, CommentForm())
    return redirect(f"/postmortems/{pk}/#comments-{key}")


def _part(request: HttpRequest, pk: int, key: str, form: CommentForm, status: int = 200) -> HttpResponse:
    document = open_document(actor_of(request), pk, key)
    context = {"document": document, "section": document.sections[0], "comment_form": form, "unfolded": True}
    return render(request, "postmortems/partials/discussion.html", context, status=status)
