"""What support brings in and asks: "+1 report", questions to those in charge, and their answers."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import one_line
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.choices import EntryAudience, EntryKind
from incidents.models import CustomerReport, SupportQuestion
from teams.actor import Actor

MAX_QUESTION, MAX_ANSWER = 1000, 2000
# Beyond so many an hour a report is one quiet row among others.
_LOUD = 5
_HOUR = dt.timedelta(hours=1)


def add_report(
    *,
    actor: Actor,
    number: int,
    customer: str = "",
    ticket: str = "",
    ticket_link: str = "",
    note: str = "",
    now: dt.datetime | None = None,
) -> CustomerReport:
    """Another customer told support. Nothing needs to be known about them; a ticket counts once an incident."""
    now = now or clock.now()
    ticket, customer = one_line(ticket, 100), one_line(customer, 200)
    link = ticket_link.strip()
    if link and (not link.startswith(("http://", "https://")) or len(link) > 500):
        raise field_error("ticket_link", "A link starts with http:// or https://.")
    with transaction.atomic():
        incident = lock(actor, "report", number)
        reports = CustomerReport.objects.filter(incident=incident)
        if ticket and reports.filter(ticket=ticket).exists():
            raise Conflict(f"Ticket {ticket} is counted on this incident already.", code="ticket_counted")
        quiet = reports.filter(reported_at__gt=now - _HOUR).count() >= _LOUD
        row = CustomerReport.objects.create(
            incident=incident,
            customer=customer,
            ticket=ticket,
            ticket_link=link,
            note=one_line(note, 500),
            reported_by_id=actor.user_id,
            reported_by_label=actor.label[:200],
            reported_at=now,
        )
        data = {"customer": customer, "ticket": ticket, "quiet": quiet}
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.CUSTOMER_REPORT,
            now=now,
            text=row.note,
            data=data,
            audience=EntryAudience.RESPONDERS if quiet else EntryAudience.SUPPORT,
        )
        save_incident(incident, now)
        announce(incident, "report", actor, **data)
    return row


def ask(*, actor: Actor, number: int, text: str, now: dt.datetime | None = None) -> SupportQuestion:
    """Ask those in charge of the words; they are told, and all of support sees the answer."""
    now = now or clock.now()
    text = required_text("text", text, MAX_QUESTION)
    with transaction.atomic():
        incident = lock(actor, "report", number)
        row = SupportQuestion.objects.create(
            incident=incident,
            text=text,
            asked_by_id=actor.user_id,
            asked_by_label=actor.label[:200],
            asked_at=now,
        )
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.QUESTION,
            now=now,
            text=text,
            data={"question_id": row.pk},
            audience=EntryAudience.SUPPORT,
        )
        save_incident(incident, now)
        announce(incident, "question", actor, question=row.pk)
    return row


def answer_question(
    *, actor: Actor, number: int, question_id: int, answer: str, now: dt.datetime | None = None
) -> SupportQuestion:
    """Answer for all of support to read; answering again replaces what was said."""
    now = now or clock.now()
    answer = required_text("answer", answer, MAX_ANSWER)
    with transaction.atomic():
        incident = lock(actor, "answer_question", number)
        row = SupportQuestion.objects.filter(incident=incident, pk=question_id).first()
        if row is None:
            raise NotVisible
        if row.answer == answer:
            return row
        row.answer, row.answered_by_id, row.answered_at = answer, actor.user_id, now
        row.save(update_fields=["answer", "answered_by", "answered_at"])
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.QUESTION,
            now=now,
            text=answer,
            data={"question_id": row.pk, "question": row.text[:300], "answered": True},
            audience=EntryAudience.SUPPORT,
        )
        save_incident(incident, now)
        announce(incident, "question", actor, question=row.pk, answered=True)
    return row
