"""Asking people to read a document, and what they say."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.actions.common import audit, writable
from postmortems.actions.people import require_seer
from postmortems.choices import PostmortemStatus, ReviewAnswer
from postmortems.live import announce
from postmortems.models import Postmortem, Reviewer
from teams.actor import Actor
from teams.choices import Scope
from teams.models import User

MAX_NOTE = 1000
MAX_REVIEWERS = 30
_OPEN = (PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW)


def ask_reviewer(
    *, actor: Actor, postmortem_id: int, user_id: int, now: dt.datetime | None = None
) -> Reviewer:
    """Ask somebody to read and approve it, once more if they have answered before. They get a message.

    Nobody who has left or may not see the incident, and not the owner.
    """
    now = now or clock.now()
    with transaction.atomic():
        postmortem = _open(writable(actor, postmortem_id))
        if user_id == postmortem.owner_id:
            raise field_error("user", "The owner cannot approve their own postmortem.")
        require_seer(postmortem.incident, user_id, "user")
        row = Reviewer.objects.filter(postmortem=postmortem, user_id=user_id).first()
        if row is not None and row.answer == ReviewAnswer.ASKED:
            return row  # type: ignore[no-any-return]
        if row is None:
            if Reviewer.objects.filter(postmortem=postmortem).count() >= MAX_REVIEWERS:
                raise field_error("user", f"At most {MAX_REVIEWERS} people.")
            row = Reviewer(postmortem=postmortem, user_id=user_id)
        row.answer, row.note, row.answered_at, row.answered_version = ReviewAnswer.ASKED, "", None, None
        row.asked_by_id, row.asked_at = actor.user_id, now
        row.save()
        audit(actor, "review asked", postmortem, {"user": user_id})
        _tell(postmortem, row, actor, now)
        announce(postmortem, "state", now=now)
    return row


def withdraw_reviewer(
    *, actor: Actor, postmortem_id: int, reviewer_id: int, now: dt.datetime | None = None
) -> None:
    """Ask somebody no more; what they said is gone with it."""
    with transaction.atomic():
        postmortem = _open(writable(actor, postmortem_id))
        row = Reviewer.objects.filter(postmortem=postmortem, pk=reviewer_id).first()
        if row is None:
            raise NotVisible
        audit(actor, "review withdrawn", postmortem, {"user": row.user_id, "answer": row.answer})
        row.delete()
        announce(postmortem, "state", now=now)


def answer_review(
    *,
    actor: Actor,
    postmortem_id: int,
    answer: str,
    note: str = "",
    version: int | None = None,
    now: dt.datetime | None = None,
) -> Reviewer:
    """Approve, or say what has to change (`note`). Only who was asked, and never the owner.

    `version`: the version they read; what changed since then is not approved.
    """
    now = now or clock.now()
    note = clean(note.strip())
    if answer not in (ReviewAnswer.APPROVED, ReviewAnswer.CHANGES):
        raise field_error("answer", "One of approved, changes.")
    if len(note) > MAX_NOTE:
        raise field_error("note", f"At most {MAX_NOTE:,} characters.")
    if answer == ReviewAnswer.CHANGES and not note:
        raise field_error("note", "Say what has to change.")
    with transaction.atomic():
        postmortem = _seen(actor, postmortem_id)
        row = Reviewer.objects.filter(postmortem=postmortem, user_id=actor.user_id or 0).first()
        if row is None or Scope.RESPOND not in actor.scopes:
            raise NotAllowed("Only those who were asked to review it answer.")
        if postmortem.owner_id == actor.user_id:
            raise NotAllowed("The owner cannot approve their own postmortem.")
        _open(postmortem)
        row.answer, row.note, row.answered_at = answer, note, now
        row.answered_version = min(max(version or postmortem.version, 1), postmortem.version)
        row.save()
        audit(actor, f"review {answer}", postmortem, {"version": row.answered_version})
        if answer == ReviewAnswer.CHANGES:
            _tell_owner(postmortem, row, actor, now)
        announce(postmortem, "state", now=now)
    return row


def _seen(actor: Actor, postmortem_id: int) -> Postmortem:
    rows = Postmortem.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    postmortem: Postmortem | None = rows.select_related("incident").filter(pk=postmortem_id).first()
    if postmortem is None:
        raise NotVisible
    return postmortem


def _open(postmortem: Postmortem) -> Postmortem:
    if postmortem.status not in _OPEN:
        raise Conflict("The review of this postmortem is over.", code="review_over")
    return postmortem


def _tell(postmortem: Postmortem, row: Reviewer, actor: Actor, now: dt.datetime) -> None:
    if row.user_id == actor.user_id:
        return
    person = User.objects.get(pk=row.user_id)
    with language(person.language):
        title = _("%(who)s asks you to review the postmortem of #%(number)s") % {
            "who": actor.label,
            "number": postmortem.incident.number,
        }
        body = _("Read it, then approve it or say what has to change.")
    # The time is part of the key: somebody may be asked again, for a newer version.
    _message(postmortem, f"asked/{row.user_id}/{row.asked_at:%Y%m%dT%H%M%S%f}", row.user_id, title, body, now)


def _tell_owner(postmortem: Postmortem, row: Reviewer, actor: Actor, now: dt.datetime) -> None:
    owner = User.objects.filter(pk=postmortem.owner_id).first()
    if owner is None:
        return
    with language(owner.language):
        title = _("%(who)s wants changes in the postmortem of #%(number)s") % {
            "who": actor.label,
            "number": postmortem.incident.number,
        }
    key = f"changes/{row.pk}/{now:%Y%m%dT%H%M%S%f}"
    _message(postmortem, key, owner.pk, title, row.note, now)


def _message(postmortem: Postmortem, key: str, user_id: int, title: str, body: str, now: dt.datetime) -> None:
    incident = postmortem.incident
    request_message(
        key=f"postmortem/{postmortem.pk}/{key}",
        category=Category.REMINDER,
        user_id=user_id,
        title=title[:300],
        body=body,
        url_path=postmortem.get_absolute_url(),
        team_id=incident.team_id,
        subject_key=incident.subject_key,
        now=now,
    )
