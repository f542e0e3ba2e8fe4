"""Words find their readers: updates to stakeholders and followers, questions and approvals to those in charge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import gettext as _

from core import clock
from core.events import subscribe
from incidents.actions.customers import deliver_message
from incidents.choices import Role, UpdateAudience, UpdateState, Visibility
from incidents.events import IncidentChanged
from incidents.models import Incident, IncidentUpdate, RoleAssignment, SupportQuestion
from incidents.recipients import in_charge, recipients, seers
from incidents.stopping import stakeholder_path
from notifications.actions.announcements import Addressee, Announcement, announce_to
from notifications.choices import Category, Channel, Urgency
from teams.models import User

FOLLOWING = "/settings/following/"


@subscribe(IncidentChanged, name="incidents.communications")
def told(event: IncidentChanged) -> None:
    """One delivery for each recipient, however often this runs."""
    now = clock.now()
    if event.what == "update":
        deliver_update(event.data.get("update", 0), now)
    elif event.what == "update_proposed":
        _ask_for_approval(event.data.get("update", 0), now)
    elif event.what == "update_rejected":
        _tell_author(event.data.get("update", 0), now)
    elif event.what == "question":
        _pass_on_question(event.data.get("question", 0), now)
    elif event.what == "customers":
        deliver_message(message_id=event.data.get("message", 0), now=now)


def deliver_update(update_id: int, now: dt.datetime) -> int:
    """Write the deliveries of a sent internal or executive update; returns how many are new."""
    row = _update(update_id)
    if row is None or row.state != UpdateState.SENT:
        return 0
    incident = row.incident
    label = UpdateAudience(row.audience).label
    addressees = [
        Addressee(
            name=one.key,
            user_id=one.user.pk if one.user else None,
            address=one.address,
            channel=one.channel,
            why=one.why,
            stop=FOLLOWING if one.user else stakeholder_path(one.address),
        )
        for one in recipients(incident, row.audience)
    ]
    title = _("#%(number)s %(name)s: %(audience)s update") % {
        "number": incident.number,
        "name": incident.name_outside,
        "audience": str(label).lower(),
    }
    return announce_to(_about(incident, f"update:{row.pk}", title, row.text), addressees, now=now)


def tell(
    incident: Incident,
    people: Iterable[User],
    *,
    source: str,
    title: str,
    body: str,
    why: str,
    now: dt.datetime,
    url_path: str = "",
) -> int:
    """A message to people who work on it: by push where they have it, else by mail. Does not wait for morning
    while the incident is grave."""
    urgency = Urgency.HIGH if incident.severity_id is None or incident.severity_id <= 1 else Urgency.LOW
    addressees = [
        Addressee(name=f"u{user.pk}", user_id=user.pk, channel=Channel.PUSH, why=why) for user in people
    ]
    words = _about(incident, source, title, body, category=Category.REMINDER, urgency=urgency)
    return announce_to(replace(words, url_path=url_path or words.url_path), addressees, now=now)


def _about(
    incident: Incident,
    source: str,
    title: str,
    body: str,
    *,
    category: str = Category.UPDATE,
    urgency: str = Urgency.LOW,
) -> Announcement:
    return Announcement(
        source=source,
        category=category,
        title=title,
        body=body,
        url_path=incident.get_absolute_url(),
        subject_key=incident.subject_key,
        # A manager of the team reads its deliveries; a restricted incident is not for everybody there.
        team_id=incident.team_id if incident.visibility == Visibility.OPEN else None,
        urgency=urgency,
    )


def _ask_for_approval(update_id: int, now: dt.datetime) -> None:
    row = _update(update_id)
    if row is None or row.state != UpdateState.WAITING:
        return
    incident = row.incident
    tell(
        incident,
        approvers(incident),
        source=f"approve:{row.pk}",
        title=_("#%(number)s: a public update waits for you") % {"number": incident.number},
        body=_("%(author)s wrote:\n\n%(text)s") % {"author": row.author_label, "text": row.text},
        why=_("You get this because you lead this incident or speak for it."),
        now=now,
    )


def approvers(incident: Incident) -> list[User]:
    """Who is asked to look at a public text: commander, deputy and communications lead."""
    roles = (Role.COMMUNICATIONS, Role.COMMANDER, Role.DEPUTY)
    held = RoleAssignment.objects.filter(incident=incident, role__in=roles, ended_at__isnull=True)
    ids = set(held.values_list("user_id", flat=True))
    if incident.commander_id is not None:
        ids.add(incident.commander_id)
    return list(User.objects.filter(pk__in=seers(incident, ids)).order_by("pk"))


def _tell_author(update_id: int, now: dt.datetime) -> None:
    row = _update(update_id)
    if row is None or row.author_id is None or row.state != UpdateState.REJECTED:
        return
    incident = row.incident
    seeing = seers(incident, {row.author_id})
    tell(
        incident,
        User.objects.filter(pk__in=seeing),
        source=f"rejected:{row.pk}",
        title=_("#%(number)s: your public update was sent back") % {"number": incident.number},
        body=row.reason,
        why=_("You get this because you wrote the update."),
        now=now,
    )


def _pass_on_question(question_id: int, now: dt.datetime) -> None:
    row = SupportQuestion.objects.select_related("incident__team", "asked_by").filter(pk=question_id).first()
    if row is None:
        return
    incident = row.incident
    if row.answered_at is None:
        tell(
            incident,
            in_charge(incident),
            source=f"question:{row.pk}",
            title=_("#%(number)s: support asks") % {"number": incident.number},
            body=f"{row.asked_by_label}: {row.text}",
            why=_("You get this because you lead this incident or speak for it."),
            now=now,
        )
    elif row.asked_by is not None and row.asked_by_id != row.answered_by_id:
        tell(
            incident,
            User.objects.filter(pk__in=seers(incident, {row.asked_by.pk})),
            source=f"answer:{row.pk}",
            title=_("#%(number)s: your question was answered") % {"number": incident.number},
            body=f"{row.text}\n\n{row.answer}",
            why=_("You get this because you asked."),
            now=now,
            url_path="/feed/",
        )


def _update(update_id: int) -> IncidentUpdate | None:
    return IncidentUpdate.objects.select_related("incident__team").filter(pk=update_id).first()
