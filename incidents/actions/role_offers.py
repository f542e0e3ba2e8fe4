"""Handing a role over with a note: the holder keeps it until the other one has accepted."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.roles import definition_of, give_role, person_of
from incidents.choices import EntryKind, IncidentStatus, OfferState, Visibility
from incidents.models import Incident, RoleAssignment, RoleOffer
from notifications.actions.messages import request_message
from notifications.choices import Category, Urgency
from teams.actor import Actor

MAX_NOTE = 2000
_OVER = (IncidentStatus.CLOSED, IncidentStatus.DECLINED, IncidentStatus.MERGED)


def offer_role(
    *,
    actor: Actor,
    number: int,
    role: str,
    user_id: int | None,
    note: str = "",
    now: dt.datetime | None = None,
) -> RoleOffer:
    """Offer a role to somebody, with what they need to know. They see the incident from now on and are
    written to. The same offer again is no error: its note is replaced."""
    now = now or clock.now()
    definition = definition_of(role)
    note = clean(note, MAX_NOTE).strip()
    with transaction.atomic():
        incident = _lock(actor, number)
        user = person_of(user_id)
        if user is None:
            raise field_error("user", "Say to whom.")
        held = RoleAssignment.objects.filter(incident=incident, role=role, ended_at__isnull=True)
        if held.filter(user=user).exists():
            raise Conflict(f"{user.name} holds this role already.", code="holds_role")
        offer, new = RoleOffer.objects.get_or_create(
            incident=incident,
            role=role,
            offered_to=user,
            state=OfferState.OFFERED,
            defaults={
                "label": definition.name,
                "offered_by_id": actor.user_id,
                "offered_by_label": actor.label[:200],
                "note": note,
                "created_at": now,
            },
        )
        if not new:
            if note and offer.note != note:
                offer.note = note
                offer.save(update_fields=["note"])
            return offer
        grant_respond(incident, user.pk)
        _say(incident, offer, "offered", actor=actor, now=now)
        _write_to(incident, offer, now)
    return offer


def answer_offer(
    *,
    actor: Actor,
    number: int,
    offer_id: int,
    accept: bool,
    answer: str = "",
    now: dt.datetime | None = None,
) -> RoleOffer:
    """Only the person asked may answer. Accepting ends the old assignment and the other offers of a role
    that one person holds; the note goes to the timeline. The same answer again changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        incident = _lock(actor, number)
        offer = _offer(incident, offer_id)
        if offer.offered_to_id != actor.user_id:
            raise NotAllowed("Only the person who was asked can answer.")
        wanted = OfferState.ACCEPTED if accept else OfferState.DECLINED
        if offer.state == wanted:
            return offer
        _must_be_open(offer)
        _close(offer, wanted, now, one_line(answer, 500))
        if not accept:
            _say(incident, offer, "declined", actor=actor, now=now, text=offer.answer)
            return offer
        _hand_over(incident, offer, actor=actor, now=now)
    return offer


def withdraw_offer(*, actor: Actor, number: int, offer_id: int, now: dt.datetime | None = None) -> RoleOffer:
    """Take an offer back. Again is no error; Conflict when it was answered."""
    now = now or clock.now()
    with transaction.atomic():
        incident = _lock(actor, number)
        offer = _offer(incident, offer_id)
        if offer.state == OfferState.WITHDRAWN:
            return offer
        _must_be_open(offer)
        _close(offer, OfferState.WITHDRAWN, now)
        _say(incident, offer, "withdrawn", actor=actor, now=now)
    return offer


def _hand_over(incident: Incident, offer: RoleOffer, *, actor: Actor, now: dt.datetime) -> None:
    definition = definition_of(offer.role)
    held = RoleAssignment.objects.filter(incident=incident, role=offer.role, ended_at__isnull=True)
    rows = list(held.select_related("user"))
    mine = [row for row in rows if row.user_id == offer.offered_to_id]
    leaving = [
        row for row in rows if row not in mine and (definition.single or row.user_id == offer.offered_by_id)
    ]
    if not mine:
        backup = next((row.backup for row in leaving if row.backup_id != offer.offered_to_id), None)
        give_role(
            incident,
            definition,
            offer.offered_to,
            leaving,
            actor=actor,
            now=now,
            note=offer.note,
            backup=backup,
        )
    if definition.single:
        others = RoleOffer.objects.filter(incident=incident, role=offer.role, state=OfferState.OFFERED)
        others.update(state=OfferState.WITHDRAWN, answered_at=now, answer=_("Somebody else has accepted"))
    replaced = leaving[0].user.name if leaving else ""
    _say(incident, offer, "accepted", actor=actor, now=now, text=offer.note, replaced=replaced)


def _lock(actor: Actor, number: int) -> Incident:
    incident = lock(actor, "assign_role", number)
    if incident.status in _OVER:
        raise Conflict("This incident is over; nobody needs a role in it.", code="not_active")
    return incident


def _offer(incident: Incident, offer_id: int) -> RoleOffer:
    rows = RoleOffer.objects.select_related("offered_to")
    offer = rows.filter(incident=incident, pk=offer_id).first()
    if offer is None:
        raise NotVisible
    return offer


def _must_be_open(offer: RoleOffer) -> None:
    if offer.state != OfferState.OFFERED:
        raise Conflict(f"This offer is over: {offer.get_state_display()}.", code="offer_over")


def _close(offer: RoleOffer, state: str, now: dt.datetime, answer: str = "") -> None:
    offer.state, offer.answered_at, offer.answer = state, now, answer
    offer.save(update_fields=["state", "answered_at", "answer"])


def _say(
    incident: Incident,
    offer: RoleOffer,
    what: str,
    *,
    actor: Actor,
    now: dt.datetime,
    text: str = "",
    replaced: str = "",
) -> None:
    data = {
        "what": what,
        "offer": offer.pk,
        "role": offer.role,
        "label": offer.label,
        "user": offer.offered_to_id,
        "name": offer.offered_to.name,
        "replaced": replaced or offer.offered_by_label,
    }
    write_entry(incident, actor=actor, kind=EntryKind.HANDOVER, now=now, text=text, data=data)
    save_incident(incident, now)
    announce(incident, "details", actor)


def _write_to(incident: Incident, offer: RoleOffer, now: dt.datetime) -> None:
    """The note stays inside when the incident is restricted."""
    words = {"number": incident.number, "name": incident.name_outside, "role": offer.label}
    body = _("%(person)s offers you this role. Accept or decline it on the incident's page.") % {
        "person": offer.offered_by_label
    }
    if offer.note and incident.visibility == Visibility.OPEN:
        body = f"{body}\n\n{offer.note}"
    request_message(
        key=f"role-offer/{offer.pk}",
        category=Category.REMINDER,
        user_id=offer.offered_to_id,
        title=_("#%(number)s %(name)s: %(role)s is offered to you") % words,
        body=body,
        url_path=incident.get_absolute_url(),
        team_id=incident.team_id,
        subject_key=incident.subject_key,
        urgency=Urgency.HIGH,
        now=now,
    )
