"""Polite reminders about documents: the review was not held in time, publishing is due or late."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from core import clock
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.choices import PostmortemStatus
from postmortems.items.ladder import Person
from postmortems.items.workdays import people
from postmortems.models import Postmortem, PostmortemReminder
from teams.models import User

logger = structlog.get_logger(__name__)
REVIEW, SOON, LATE = "review_late", "publish_soon", "publish_late"
_DAY = dt.timedelta(days=1)
# A weekend and a holiday on either side of it.
_LOOK = dt.timedelta(days=6)
_BEFORE_REVIEW = (PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW)
_UNPUBLISHED = (*_BEFORE_REVIEW, PostmortemStatus.REVIEWED)
_AT_ONCE = 500
_PEOPLE = ("owner", "owner_backup", "organiser", "organiser_backup")


@dataclass(frozen=True)
class _Reminder:
    kind: str
    due_at: dt.datetime
    user: User
    stands_in: bool


def remind_of_documents(*, now: dt.datetime | None = None) -> int:
    """Send what is due, each kind once for each promised time, in the working hours of whoever gets it; returns how
    many. Idempotent, and harmless beside another one. One that fails stops no other."""
    now = now or clock.database_now()
    rows = list(_candidates(now)[:_AT_ONCE])
    known = people((getattr(row, name) for row in rows for name in _PEOPLE), now, ahead=2 * _DAY)
    sent = 0
    for row in rows:
        try:
            if _choose(row, known, now):
                sent += _send(row.pk, known, now)
        except Exception:
            # It is tried again in a minute.
            logger.exception("postmortems.document_reminder_failed", postmortem=row.pk)
    return sent


def _candidates(now: dt.datetime) -> QuerySet[Postmortem]:
    def untold(kind: str, field: str) -> Q:
        told = PostmortemReminder.objects.filter(postmortem=OuterRef("pk"), kind=kind, due_at=OuterRef(field))
        return Q(~Exists(told))

    held = Q(incident__review_held_at__isnull=True, status__in=_BEFORE_REVIEW, review_due_at__lte=now)
    late, soon = Q(due_at__lte=now), Q(due_at__gt=now, due_at__lte=now + _LOOK)
    wanted = held & untold(REVIEW, "review_due_at")
    wanted |= Q(status__in=_UNPUBLISHED) & (late & untold(LATE, "due_at") | soon & untold(SOON, "due_at"))
    rows: QuerySet[Postmortem] = Postmortem.objects.filter(wanted)
    return rows.select_related("incident", *_PEOPLE).order_by("pk")


def _send(postmortem_id: int, known: dict[int, Person], now: dt.datetime) -> int:
    """Decide again with the row locked, then write reminder and message together."""
    with transaction.atomic():
        rows = _candidates(now).select_for_update(of=("self",), no_key=True, skip_locked=True)
        postmortem = rows.filter(pk=postmortem_id).first()
        found = _choose(postmortem, known, now) if postmortem is not None else None
        if postmortem is None or found is None:
            return 0
        PostmortemReminder.objects.create(
            postmortem=postmortem, kind=found.kind, due_at=found.due_at, sent_at=now
        )
        incident = postmortem.incident
        with language(found.user.language):
            title, body = _words(postmortem, found)
        request_message(
            key=f"postmortem/{postmortem.pk}/{found.kind}/{found.due_at:%Y%m%dT%H%M%S}",
            category=Category.REMINDER,
            user_id=found.user.pk,
            title=title,
            body=body,
            url_path=postmortem.get_absolute_url(),
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            now=now,
        )
    return 1


def _choose(row: Postmortem, known: dict[int, Person], now: dt.datetime) -> _Reminder | None:
    """The first that is due to somebody who is at work; the other one of a day comes with the next look."""
    told = {(one.kind, one.due_at) for one in PostmortemReminder.objects.filter(postmortem=row)}
    review = row.review_due_at
    if (
        review is not None
        and review <= now
        and row.status in _BEFORE_REVIEW
        and row.incident.review_held_at is None
        and (REVIEW, review) not in told
        and (found := _receiver(REVIEW, review, row.organiser, row.organiser_backup, known, now))
    ):
        return found
    due = row.due_at
    if due is None or row.status not in _UNPUBLISHED:
        return None
    kind = LATE if due <= now else SOON
    if (kind, due) in told:
        return None
    found = _receiver(kind, due, row.owner, row.owner_backup, known, now)
    if found is not None and kind == SOON and now < _begins(due, known[found.user.pk]):
        return None
    return found


def _receiver(
    kind: str,
    due: dt.datetime,
    first: User | None,
    backup: User | None,
    known: dict[int, Person],
    now: dt.datetime,
) -> _Reminder | None:
    if first is not None and not known[first.pk].is_away(now):
        return _Reminder(kind, due, first, False) if known[first.pk].at_work(now) else None
    if backup is not None and known[backup.pk].at_work(now):
        return _Reminder(kind, due, backup, first is not None)
    return None


def _begins(due: dt.datetime, person: Person) -> dt.datetime:
    """A day before; from the working day before that when it falls on a weekend or holiday."""
    at = due - _DAY
    for _count in range(5):
        if person.works_on(person.today(at)):
            break
        at -= _DAY
    return at


def _words(postmortem: Postmortem, found: _Reminder) -> tuple[str, str]:
    number = {"number": postmortem.incident.number}
    day = f"{found.due_at:%-d %B %Y}"
    if found.kind == REVIEW:
        title = _("The review of #%(number)s has not been held yet") % number
        body = _("It was to be held by %(day)s. Call the meeting, or write down when it was held.")
    elif found.kind == SOON:
        title = _("The postmortem of #%(number)s is to be published soon") % number
        body = _("It is due on %(day)s.")
    else:
        title = _("The postmortem of #%(number)s is late") % number
        body = _("It was to be published by %(day)s. What does it need?")
    body %= {"day": day}
    if found.stands_in:
        body += " " + _("You are the backup; the person it belongs to is away.")
    return title, f"{postmortem.incident.name_outside}\n\n{body}"
