"""A postmortem begins: filled from the record, with people, times and a template."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from core import clock
from core.errors import Conflict, NotAllowed, field_error
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, SeverityLevel
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.actions.common import audit
from postmortems.choices import PostmortemStatus, SectionKey, SectionState
from postmortems.models import Attendee, Postmortem, PostmortemSection, SectionRevision
from postmortems.writing.filling import Filled, fill_from
from postmortems.writing.people import Cast, cast_for
from postmortems.writing.templating import combine, template_for
from teams.actor import Actor, system_actor
from teams.models import User

_OVER = (IncidentStatus.RESOLVED, IncidentStatus.IN_REVIEW, IncidentStatus.CLOSED)


def start_postmortem(
    *, actor: Actor, incident_number: int, owner_id: int | None = None, now: dt.datetime | None = None
) -> Postmortem:
    """Start the document of a resolved incident, filled with what the record already knows.

    Whoever may respond to the incident may start it. One per incident: starting again returns it.
    The owner is the commander unless named or gone; due by the severity's rule, counted from the resolution.
    The owner is told when somebody else, or the product, started it.
    """
    now = now or clock.now()
    incident = Incident.objects.visible_to(actor).filter(number=incident_number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    if not Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists():
        raise NotAllowed("Only those who respond to the incident can start its postmortem.")
    existing: Postmortem | None = Postmortem.objects.filter(incident=incident).first()
    if existing is not None:
        return existing
    if incident.status not in _OVER:
        raise Conflict(
            "Resolve the incident first; its postmortem starts from the record.", code="not_resolved"
        )
    if owner_id is not None and not User.objects.filter(pk=owner_id, is_active=True).exists():
        raise field_error("owner", "There is no active person with this id.")
    return _start(incident, owner_id, actor, now)


def start_if_due(*, number: int, now: dt.datetime | None = None) -> Postmortem | None:
    """What the product does by itself when an incident is resolved: a real one whose severity demands a
    postmortem, and every drill, gets one. None when it needs none or has one."""
    now = now or clock.now()
    rows = Incident.objects.filter(number=number, status=IncidentStatus.RESOLVED, postmortem__isnull=True)
    incident: Incident | None = rows.select_related("severity").first()
    if incident is None or not is_demanded(incident):
        return None
    return _start(incident, None, system_actor("Watchbill", via="rule"), now)


def is_demanded(incident: Incident) -> bool:
    """Whether this incident may not end without a postmortem."""
    if incident.kind == IncidentKind.DRILL:
        return True
    level = incident.severity
    return incident.kind != IncidentKind.MAINTENANCE and level is not None and level.postmortem_required


def _start(incident: Incident, owner_id: int | None, actor: Actor, now: dt.datetime) -> Postmortem:
    with transaction.atomic():
        since = incident.resolved_at or now
        people = cast_for(incident, owner_id=owner_id)
        template = template_for(incident)
        postmortem, created = Postmortem.objects.get_or_create(
            incident=incident,
            defaults={
                "template": template,
                "owner_id": owner_id or people.owner or actor.user_id,
                "owner_backup_id": people.owner_backup,
                "organiser_id": people.organiser,
                "organiser_backup_id": people.organiser_backup,
                "process_owner_id": people.process_owner,
                "process_owner_backup_id": people.process_owner_backup,
                "due_at": due_at(incident.severity, since),
                "review_due_at": _review_due(incident.severity, since),
                "created_by_id": actor.user_id,
                "created_at": now,
            },
        )
        if created:
            filled = fill_from(incident)
            texts = combine(template, filled.texts, incident, now)
            _write(postmortem, Filled(texts, filled.entries), actor, now)
            _propose(postmortem, people)
            audit(actor, "started", postmortem)
            _tell_owner(postmortem, actor, now)
    return postmortem


def _write(postmortem: Postmortem, filled: Filled, actor: Actor, now: dt.datetime) -> None:
    sections = PostmortemSection.objects.bulk_create(
        PostmortemSection(
            postmortem=postmortem,
            key=key,
            text=filled.texts.get(key, ""),
            state=SectionState.WRITING if filled.texts.get(key) else SectionState.TODO,
            entries=filled.entries if key == SectionKey.TIMELINE else [],
            author_id=actor.user_id,
            updated_at=now,
        )
        for key in SectionKey.values
    )
    SectionRevision.objects.bulk_create(
        SectionRevision(section=row, version=1, text=row.text, author_id=actor.user_id, saved_at=now)
        for row in sections
    )


def _propose(postmortem: Postmortem, people: Cast) -> None:
    Attendee.objects.bulk_create(
        Attendee(postmortem=postmortem, user_id=one.user_id, part=one.part, why=one.why[:120])
        for one in people.attendees
    )


def due_at(level: SeverityLevel | None, since: dt.datetime) -> dt.datetime | None:
    """By the severity's rule: so many days, or working days (Monday to Friday), after `since`."""
    if level is None or level.postmortem_days is None:
        return None
    due, left = since, level.postmortem_days
    while left:
        due += dt.timedelta(days=1)
        if not level.postmortem_working_days or due.weekday() < 5:
            left -= 1
    return due


def _review_due(level: SeverityLevel | None, since: dt.datetime) -> dt.datetime | None:
    if level is None or level.review_hours is None:
        return None
    return since + dt.timedelta(hours=level.review_hours)


def _tell_owner(postmortem: Postmortem, actor: Actor, now: dt.datetime) -> None:
    owner = User.objects.filter(pk=postmortem.owner_id).first()
    if owner is None or owner.pk == actor.user_id or postmortem.status != PostmortemStatus.DRAFT:
        return
    incident = postmortem.incident
    with language(owner.language):
        title = _("The postmortem of #%(number)s is yours") % {"number": incident.number}
        body = f"{incident.name_outside}\n\n" + _(
            "It has been filled from the record. What remains is the why."
        )
        if postmortem.due_at:
            day = postmortem.due_at.astimezone(owner.zone)
            body += " " + _("Due %(day)s.") % {"day": f"{day:%-d %B %Y}"}
    request_message(
        key=f"postmortem/{postmortem.pk}/started",
        category=Category.REMINDER,
        user_id=owner.pk,
        title=title,
        body=body,
        url_path=postmortem.get_absolute_url(),
        team_id=incident.team_id,
        subject_key=incident.subject_key,
        now=now,
    )
