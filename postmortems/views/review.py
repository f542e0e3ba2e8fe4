"""The bar above a document: its state, what is missing, who reviews it, when one meets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput
from core.pages import actor_of, wants_part
from postmortems import actions
from postmortems.actions import moving
from postmortems.actions.publishing import may_approve
from postmortems.choices import MeetingKind, PostmortemStatus, ReviewAnswer
from postmortems.forms.review import AnswerForm, ReviewerForm
from postmortems.models import Meeting, Postmortem, Reviewer
from postmortems.selectors.review import may_tell_public, meetings_of, reviewers_of
from postmortems.views.shown import visible
from postmortems.views.tried import applied
from teams.actor import Actor

S = PostmortemStatus
_STEPS = {
    S.DRAFT: _("Send to review"),
    S.IN_REVIEW: _("Mark as reviewed"),
    S.REVIEWED: _("Publish"),
    S.PUBLISHED: _("Close"),
}
_OPEN = (S.DRAFT, S.IN_REVIEW)
_OUT = (S.PUBLISHED, S.CLOSED)


def review_of(postmortem: Postmortem, actor: Actor, now: dt.datetime) -> dict[str, Any]:
    """What the bar shows. A fixed number of statements, however many reviewers and meetings there are."""
    may_write = Postmortem.objects.allowing(actor).filter(pk=postmortem.pk).exists()
    reviewers = reviewers_of(postmortem)
    mine = next((one for one in reviewers if one.row.user_id == actor.user_id), None)
    following = moving.next_of(postmortem)
    is_open = postmortem.status in _OPEN
    found: dict[str, Any] = {
        "steps": _steps(postmortem),
        "next": following if may_write else None,
        "next_label": _STEPS.get(S(postmortem.status)),
        "missing": [text for _code, text in moving.missing_for(postmortem, following)] if following else [],
        "reviewers": reviewers,
        "mine": mine if mine and is_open and postmortem.owner_id != actor.user_id else None,
        "answer_form": AnswerForm(initial={"version": postmortem.version}),
        "may_write": may_write,
        "may_ask": may_write and is_open,
        "reviewer_form": ReviewerForm() if may_write and is_open else None,
        "meetings": [_meeting(row, now) for row in meetings_of(postmortem)],
    }
    planned = {row["meeting"].kind for row in found["meetings"] if not row["meeting"].held_at}
    held = {row["meeting"].kind for row in found["meetings"] if row["meeting"].held_at}
    review = MeetingKind.REVIEW
    found["plan_review"] = may_write and review not in planned | held and postmortem.status not in _OUT
    found["plan_follow_up"] = (
        may_write and postmortem.status in _OUT and MeetingKind.FOLLOW_UP not in planned | held
    )
    found["public"] = may_write and postmortem.status in (S.REVIEWED, *_OUT) and may_tell_public(postmortem)
    found["public_waits"] = bool(
        found["public"]
        and postmortem.public_text
        and postmortem.public_approved_at is None
        and may_approve(actor, postmortem)
    )
    return found


def _steps(postmortem: Postmortem) -> list[dict[str, Any]]:
    """Each state with whether it is past, present or to come."""
    order = list(S)
    at = order.index(S(postmortem.status))
    return [
        {"label": step.label, "mark": "done" if place < at else "now" if place == at else "todo"}
        for place, step in enumerate(order)
    ]


def _meeting(row: Meeting, now: dt.datetime) -> dict[str, Any]:
    return {"meeting": row, "over": row.starts_at <= now and row.held_at is None}


@login_required
def bar(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar alone, read anew when something of it changes; a reader without htmx gets the document."""
    if not wants_part(request):
        return redirect(visible(actor_of(request), pk).get_absolute_url())
    return show_bar(request, pk)


def show_bar(request: HttpRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    actor = actor_of(request)
    postmortem = visible(actor, pk)
    review = review_of(postmortem, actor, clock.now()) | more
    whole = not wants_part(request)
    name = "pages/review.html" if whole else "partials/review_bar.html"
    context = {"postmortem": postmortem, "review": review}
    return render(request, f"postmortems/{name}", context, status=status)


@login_required
@require_POST
def reviewers(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask somebody (user), or somebody no more (remove)."""
    actor = actor_of(request)
    visible(actor, pk)
    gone = request.POST.get("remove", "")
    if gone:
        row_id = int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 19 else 0
        actions.withdraw_reviewer(actor=actor, postmortem_id=pk, reviewer_id=row_id)
        return _done(request, pk)
    form = ReviewerForm(request.POST)

    def ask(data: dict[str, Any]) -> Reviewer:
        return actions.ask_reviewer(actor=actor, postmortem_id=pk, user_id=data["user"].pk)

    if applied(form, ask):
        return _done(request, pk)
    return show_bar(request, pk, status=422, reviewer_form=form, asking=True)


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, or say what has to change (answer, note)."""
    actor = actor_of(request)
    visible(actor, pk)
    form = AnswerForm(request.POST)
    wanted = request.POST.get("answer", "")
    if wanted not in (ReviewAnswer.APPROVED, ReviewAnswer.CHANGES):
        raise InvalidInput("Approve it, or say what has to change.", fields={})

    def say(data: dict[str, Any]) -> Reviewer:
        return actions.answer_review(
            actor=actor, postmortem_id=pk, answer=wanted, note=data["note"], version=data["version"]
        )

    if applied(form, say):
        return _done(request, pk)
    return show_bar(request, pk, status=422, answer_form=form, answering=True)


def _done(request: HttpRequest, pk: int) -> HttpResponse:
    return show_bar(request, pk) if wants_part(request) else redirect(f"/postmortems/{pk}/")
