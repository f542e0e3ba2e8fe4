"""The page of a document, for a reader and for every form on it that was refused."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core import clock
from core.pages import actor_of
from postmortems.choices import PostmortemStatus
from postmortems.forms.documents import CommentForm
from postmortems.forms.items import ItemForm
from postmortems.models import Postmortem
from postmortems.views.review import review_of
from postmortems.views.shown import editor_context, open_document

_STEPS = {
    "draft": ("in_review", _("Send to review")),
    "in_review": ("reviewed", _("Mark as reviewed")),
    "reviewed": ("published", _("Publish")),
    "published": ("closed", _("Close")),
}
EXPORTS = (("pdf", "PDF"), ("md", "Markdown"), ("json", "JSON"), ("zip", _("Bundle")))
BEFORE_REVIEW = (PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW)
UNPUBLISHED = (*BEFORE_REVIEW, PostmortemStatus.REVIEWED)


def page(request: HttpRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """The document's page; `more` is what a refused form brings back to it."""
    actor = actor_of(request)
    shown = open_document(actor, pk)
    postmortem = shown.postmortem
    context: dict[str, Any] = {
        "document": shown,
        "postmortem": postmortem,
        "items": items_of(postmortem),
        "item_form": ItemForm(draft=postmortem.status == PostmortemStatus.DRAFT) if shown.may_write else None,
        "comment_form": CommentForm(),
        "next_step": _STEPS.get(postmortem.status) if shown.may_write else None,
        "review": review_of(postmortem, actor, clock.now()),
        "named": postmortem.named.filter(pk=actor.user_id).exists(),
        "now": clock.now(),
        "before_review": BEFORE_REVIEW,
        "unpublished": UNPUBLISHED,
        "exports": EXPORTS,
        "editing": request.GET.get("edit", ""),
    }
    if "draft" not in more and shown.may_write:
        wanted = [each for each in shown.sections if each.key == context["editing"]]
        if wanted:
            context |= editor_context(postmortem, wanted[0], {})
    return render(request, "postmortems/pages/document.html", context | more, status=status)


def items_of(postmortem: Postmortem) -> Any:
    """The action items of a document, those without a date first."""
    rows = postmortem.action_items.select_related("owner", "ticket")
    return rows.order_by(F("due_on").asc(nulls_first=True), "pk")
