"""The review of a document: what is missing, who is asked, when one meets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.choices import IncidentKind, Visibility
from postmortems.choices import (
    OPEN_ITEMS,
    MeetingKind,
    PostmortemStatus,
    ReviewAnswer,
    SectionKey,
    SectionState,
)
from postmortems.items.ladder import Person
from postmortems.items.workdays import people
from postmortems.models import Meeting, Postmortem, ReviewDefaults, Reviewer, SectionComment
from teams.actor import Actor

_FEW = 20
FOLLOW_UP_AFTER = dt.timedelta(weeks=4)
_HOURS = (10, 11, 13, 14, 15, 16)
_SOON = dt.timedelta(hours=1)


@dataclass(frozen=True)
class ReviewerShown:
    """`stale`: the text has changed since they answered."""

    row: Reviewer
    stale: bool

    @property
    def approved(self) -> bool:
        return self.row.answer == ReviewAnswer.APPROVED and not self.stale

    @property
    def tone(self) -> str:
        if self.approved:
            return "ok"
        return "danger" if self.row.answer == ReviewAnswer.CHANGES else "warn"

    @property
    def words(self) -> str:
        if self.row.answer == ReviewAnswer.APPROVED and self.stale:
            return _("Approved an earlier version")
        return str(self.row.get_answer_display())


def reviewers_of(postmortem: Postmortem) -> list[ReviewerShown]:
    """In the order they were asked. One statement."""
    rows = Reviewer.objects.filter(postmortem=postmortem).select_related("user").order_by("pk")
    return [ReviewerShown(row, row.answered_version not in (None, postmortem.version)) for row in rows]


def approvals_missing(postmortem: Postmortem) -> list[str]:
    """What has to be agreed before it is reviewed, one sentence each; empty when nothing is missing.

    Everybody who was asked and is still here approved the present version; and where the team has set how many
    approvals it wants, so many others than the owner did.
    """
    shown = [each for each in reviewers_of(postmortem) if each.row.user.is_active]
    found = []
    for each in shown:
        if each.approved:
            continue
        name = {"name": each.row.user.name}
        if each.row.answer == ReviewAnswer.CHANGES:
            found.append(_("%(name)s wants changes.") % name)
        elif each.stale:
            found.append(_("%(name)s approved an earlier version.") % name)
        else:
            found.append(_("%(name)s has not answered yet.") % name)
    team_id = postmortem.incident.team_id
    defaults = ReviewDefaults.objects.filter(team_id=team_id).first() if team_id is not None else None
    if defaults is not None:
        have = sum(each.approved and each.row.user_id != postmortem.owner_id for each in shown)
        if have < defaults.approvals_needed:
            text = ngettext(
                "It needs %(needed)s approval, and has %(have)s.",
                "It needs %(needed)s approvals, and has %(have)s.",
                defaults.approvals_needed,
            )
            found.append(text % {"needed": defaults.approvals_needed, "have": have})
    return found


def reviews_waiting_for(actor: Actor) -> list[Reviewer]:
    """Documents the actor is asked to read: not answered yet, or in review and changed since. The oldest first; one
    statement."""
    rows = reviews_asked(actor).select_related("postmortem__incident", "asked_by")
    return list(rows.order_by("asked_at", "pk")[:_FEW])


def reviews_asked(actor: Actor) -> QuerySet[Reviewer]:
    """What the actor is asked to read: not answered yet, or in review and changed since."""
    before = Q(postmortem__status__in=(PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW))
    asked = before & Q(answer=ReviewAnswer.ASKED)
    changed = Q(postmortem__status=PostmortemStatus.IN_REVIEW, answered_version__lt=F("postmortem__version"))
    rows = Reviewer.objects.filter(asked | changed, user_id=actor.user_id or 0)
    # Whoever became the owner since approves no more.
    rows = rows.exclude(postmortem__owner_id=actor.user_id or 0)
    return rows.filter(postmortem__in=Postmortem.objects.visible_to(actor))


def meetings_of(postmortem: Postmortem) -> list[Meeting]:
    """All that were not called off, in order of time. One statement."""
    return list(
        Meeting.objects.filter(postmortem=postmortem, cancelled_at__isnull=True).order_by("starts_at")
    )


def may_tell_public(postmortem: Postmortem) -> bool:
    """Whether its words may ever leave: never those of a restricted incident or a drill."""
    incident = postmortem.incident
    return incident.visibility == Visibility.OPEN and incident.kind == IncidentKind.REAL


def proposed_time(postmortem: Postmortem, kind: str, now: dt.datetime) -> dt.datetime:
    """A time within the working hours of the organiser (else the owner): for a review the first one that ends before it
    is due, else the first at all; for a follow-up four weeks after publishing."""
    chair = postmortem.organiser or postmortem.owner
    person = people([chair], now)[chair.pk] if chair is not None else Person()
    if kind == MeetingKind.FOLLOW_UP:
        since = (postmortem.published_at or now) + FOLLOW_UP_AFTER
        return _slot(person, max(since.replace(hour=0, minute=0), now + _SOON))
    first = _slot(person, now + _SOON)
    due = postmortem.review_due_at
    if due is None or first + _SOON <= due or due - _SOON <= now:
        return first
    # No working hour is left before it is due: better late in the evening or at the weekend than late.
    return (due - _SOON).replace(minute=0, second=0, microsecond=0)


def _slot(person: Person, after: dt.datetime) -> dt.datetime:
    day = person.today(after)
    for _count in range(400):
        if person.works_on(day):
            for hour in _HOURS:
                at = dt.datetime.combine(day, dt.time(hour), person.zone).astimezone(dt.UTC)
                if at >= after and not person.is_away(at):
                    return at
        day += dt.timedelta(days=1)
    return after


def agenda_for(postmortem: Postmortem) -> str:
    """A first agenda as markdown: sections not ready, open questions, action items. Three statements."""
    lines = [f"## {_('Sections to talk about')}", ""]
    states = dict(postmortem.sections.values_list("key", "state"))
    left = [SectionKey(key) for key in SectionKey.values if states.get(key) != SectionState.READY]
    lines += [f"- {key.label}" for key in left] or [f"- {_('All sections are ready.')}"]
    comments = SectionComment.objects.filter(section__postmortem=postmortem, resolved_at__isnull=True)
    asked = list(comments.select_related("section").order_by("pk")[:_FEW])
    if asked:
        lines += ["", f"## {_('Open questions')}", ""]
        lines += [
            f"- {SectionKey(row.section.key).label}: {' '.join(row.text.split())[:200]}" for row in asked
        ]
    items = list(
        postmortem.action_items.filter(status__in=OPEN_ITEMS)
        .select_related("owner")
        .order_by("due_on", "pk")[:_FEW]
    )
    if items:
        lines += ["", f"## {_('Action items')}", ""]
        for item in items:
            owner = item.owner.name if item.owner else _("no owner")
            due = f"{item.due_on:%-d %B %Y}" if item.due_on else _("no date")
            lines.append(f"- {item.title} ({owner}, {due})")
    return "\n".join(lines)
