"""Who looks after a document and who is asked to its meetings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from core import clock
from core.errors import InvalidInput, NotVisible, field_error
from core.text import one_line
from incidents.models import Incident
from incidents.recipients import seers
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.actions import invitations
from postmortems.actions.common import audit, writable
from postmortems.choices import Part
from postmortems.live import announce
from postmortems.models import Attendee, Postmortem
from teams.actor import Actor

OWNERS = ("owner", "organiser", "process_owner")
PEOPLE = tuple(name for owner in OWNERS for name in (owner, f"{owner}_backup"))
MAX_ATTENDEES = 60
UNSEEN = "This person has left or may not see the incident."


def set_people(
    *, actor: Actor, postmortem_id: int, now: dt.datetime | None = None, **people: int | None
) -> Postmortem:
    """Name owners and backups (a name of `PEOPLE` → user id, None: nobody); the others stay.

    `InvalidInput` by name for somebody who has left or may not see the incident, and for a backup who is the person
    to be replaced. A new owner, organiser or process-change owner is told, once ever for each document.
    """
    now = now or clock.now()
    unknown = set(people) - set(PEOPLE)
    if unknown:
        raise TypeError(f"no such people: {sorted(unknown)}")
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        changed = [name for name in people if getattr(postmortem, f"{name}_id") != people[name]]
        if not changed:
            return postmortem
        for name in changed:
            setattr(postmortem, f"{name}_id", people[name])
        _check(postmortem, changed)
        postmortem.save(update_fields=changed)
        audit(actor, "people changed", postmortem, {"people": sorted(changed)})
        for name in OWNERS:
            if name in changed:
                _tell(postmortem, name, actor, now)
        announce(postmortem, "people", now=now)
    return postmortem


def add_attendee(
    *,
    actor: Actor,
    postmortem_id: int,
    user_id: int,
    part: str = Part.ENGINEERING,
    now: dt.datetime | None = None,
) -> Attendee:
    """Propose somebody for the meetings, or give them another part. With a meeting to come they are invited."""
    now = now or clock.now()
    if part not in Part.values:
        raise field_error("part", f"One of {', '.join(Part.values)}.")
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        require_seer(postmortem.incident, user_id, "user")
        row = Attendee.objects.filter(postmortem=postmortem, user_id=user_id).first()
        if row is not None:
            row.part = part
            row.save(update_fields=["part"])
        else:
            if Attendee.objects.filter(postmortem=postmortem).count() >= MAX_ATTENDEES:
                raise field_error("user", f"At most {MAX_ATTENDEES} people.")
            row = Attendee.objects.create(postmortem=postmortem, user_id=user_id, part=part)
            audit(actor, "attendee added", postmortem, {"user": user_id})
            invitations.invite_late(row, now)
        announce(postmortem, "people", now=now)
    return row


def remove_attendee(
    *, actor: Actor, postmortem_id: int, attendee_id: int, now: dt.datetime | None = None
) -> None:
    """Take somebody off the list; whoever was invited hears that they need not come."""
    now = now or clock.now()
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        row = Attendee.objects.filter(postmortem=postmortem, pk=attendee_id).select_related("user").first()
        if row is None:
            raise NotVisible
        invitations.uninvite(row, now)
        audit(actor, "attendee removed", postmortem, {"user": row.user_id})
        row.delete()
        announce(postmortem, "people", now=now)


def complete_attendees(postmortem: Postmortem) -> None:
    """Owner and organiser come to the meetings they are named for. Under the lock of the document."""
    known = set(Attendee.objects.filter(postmortem=postmortem).values_list("user_id", flat=True))
    wanted = {postmortem.owner_id: _("Postmortem owner"), postmortem.organiser_id: _("Organiser")}
    seeing = seers(postmortem.incident, [pk for pk in wanted if pk is not None and pk not in known])
    Attendee.objects.bulk_create(
        Attendee(postmortem=postmortem, user_id=pk, why=one_line(why, 120))
        for pk, why in wanted.items()
        if pk in seeing
    )


def require_seer(incident: Incident, user_id: int, name: str) -> None:
    if user_id not in seers(incident, [user_id]):
        raise field_error(name, UNSEEN)


def _check(postmortem: Postmortem, changed: Iterable[str]) -> None:
    named = {name: getattr(postmortem, f"{name}_id") for name in PEOPLE}
    seeing = seers(postmortem.incident, {named[name] for name in changed if named[name] is not None})
    refused = {name: [UNSEEN] for name in changed if named[name] is not None and named[name] not in seeing}
    for owner in OWNERS:
        backup = f"{owner}_backup"
        if named[backup] is not None and named[backup] == named[owner]:
            refused.setdefault(backup, ["The backup is another person."])
    if refused:
        raise InvalidInput(next(iter(refused.values()))[0], fields=refused)


def _tell(postmortem: Postmortem, name: str, actor: Actor, now: dt.datetime) -> None:
    person = getattr(postmortem, name)
    if person is None or person.pk == actor.user_id:
        return
    user_id, number = person.pk, {"number": postmortem.incident.number}
    with language(person.language):
        title, body = {
            "owner": (
                _("The postmortem of #%(number)s is yours"),
                _("You see that it is written, reviewed and published."),
            ),
            "organiser": (
                _("You organise the review of #%(number)s"),
                _("You call the meeting and keep its notes."),
            ),
            "process_owner": (
                _("You look after the process changes of #%(number)s"),
                _("You see that playbooks, runbooks and monitors change as agreed."),
            ),
        }[name]
    request_message(
        key=f"postmortem/{postmortem.pk}/{name}/{user_id}",
        category=Category.REMINDER,
        user_id=user_id,
        title=title % number,
        body=f"{postmortem.incident.name_outside}\n\n{body}",
        url_path=postmortem.get_absolute_url(),
        team_id=postmortem.incident.team_id,
        subject_key=postmortem.incident.subject_key,
        now=now,
    )
