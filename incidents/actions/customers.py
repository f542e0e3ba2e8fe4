"""People at customers, and approved words sent to them one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from incidents import wording
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.update_templates import values_for
from incidents.choices import EntryKind, IncidentKind, UpdateAudience, UpdateState, Visibility
from incidents.models import CustomerContact, CustomerMessage, Incident, UpdateTemplate
from incidents.stopping import customer_path
from notifications.actions.announcements import Addressee, Announcement, announce_to, withdraw_announcement
from notifications.choices import Category
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import Scope

MAX_RECIPIENTS = 10_000
# For so long a message can be taken back as a whole.
GRACE = dt.timedelta(minutes=1)
_TEXTS = {"name": 150, "company": 150, "segment": 60, "language": 10}


def may_see_contacts(actor: Actor) -> bool:
    """Managers, admins, and whoever may write to customers on some incident at this moment."""
    if actor.bound_team_id is not None:
        return False
    return actor.manages_any or bool(Incident.objects.allowing(actor, "contact_customers").active().exists())


def may_change_contacts(actor: Actor) -> bool:
    return actor.bound_team_id is None and actor.manages_any and Scope.MANAGE in actor.scopes


def contacts(actor: Actor) -> QuerySet[CustomerContact]:
    """The contacts the actor may see: all, or none."""
    return CustomerContact.objects.all() if may_see_contacts(actor) else CustomerContact.objects.none()


def save_contact(
    *,
    actor: Actor,
    contact_id: int | None = None,
    service_ids: Sequence[int] | None = None,
    **values: Any,
) -> CustomerContact:
    """Make a contact, or change the named fields (`email`, `name`, `company`, `segment`, `language`, `active`)."""
    require_change(actor)
    with transaction.atomic():
        row = _contact(contact_id) if contact_id is not None else CustomerContact()
        for name, value in values.items():
            if name in _TEXTS:
                value = one_line(str(value), _TEXTS[name])
            setattr(row, name, value)
        row.email = checked_email(row.email)
        if CustomerContact.objects.filter(email__iexact=row.email).exclude(pk=row.pk).exists():
            raise field_error("email", "There is a contact with this address already.")
        row.save()
        if service_ids is not None:
            hidden = row.services.exclude(pk__in=Service.objects.visible_to(actor).values("pk"))
            row.services.set([*_services(actor, service_ids), *hidden])
        _record(actor, "changed" if contact_id else "created", row.pk, row.email)
    return row


def delete_contact(*, actor: Actor, contact_id: int) -> None:
    require_change(actor)
    with transaction.atomic():
        row = _contact(contact_id)
        _record(actor, "deleted", row.pk, row.email)
        row.delete()


def stop_contact(*, contact_id: int) -> None:
    """The customer wants no more messages, by the link in one of them."""
    CustomerContact.objects.filter(pk=contact_id).update(active=False)


def require_change(actor: Actor) -> None:
    if not may_see_contacts(actor):
        raise NotVisible
    if not may_change_contacts(actor):
        raise NotAllowed("Only a manager or an admin can change customer contacts.")


def checked_email(address: str) -> str:
    """In lower case; `InvalidInput` on `email` when it is none."""
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise field_error("email", f"“{address[:100]}” is not an e-mail address.") from None
    return address


def choose(
    incident: Incident,
    *,
    service_ids: Sequence[int] | None = None,
    company: str = "",
    segment: str = "",
) -> QuerySet[CustomerContact]:
    """The active contacts of these services (the incident's own by default), company and segment; each once."""
    ids = [row.service_id for row in incident.service_rows.all()] if service_ids is None else service_ids
    rows = CustomerContact.objects.filter(active=True, services__in=ids)
    if company:
        rows = rows.filter(company__iexact=company.strip())
    if segment:
        rows = rows.filter(segment__iexact=segment.strip())
    return rows.distinct().order_by("company", "name", "pk")


def words_for(incident: Incident, template: UpdateTemplate, *, now: dt.datetime) -> tuple[str, str]:
    """Subject and text with the incident's facts in them; the customer's own variables stay for later."""
    last = incident.updates.filter(audience=UpdateAudience.PUBLIC, state=UpdateState.SENT).first()
    facts = {"impact": "", "doing": "", "workaround": ""}
    if last is not None:
        facts = {"impact": last.impact, "doing": last.doing, "workaround": last.workaround}
    due = last.next_update_due_at if last is not None and incident.is_active else None
    values = values_for(incident, facts=facts, due=due, now=now, outside=True)
    values |= {name: f"{{{{ {name} }}}}" for name in wording.CUSTOMER_VARIABLES}
    return wording.fill(template.subject, values), wording.fill(template.body, values)


def personal(text: str, contact: CustomerContact) -> str:
    """The text as this customer gets it."""
    values = {"name": contact.name or contact.company, "company": contact.company, "segment": contact.segment}
    return wording.fill(text, values)


def contact_customers(
    *,
    actor: Actor,
    number: int,
    template_id: int,
    service_ids: Sequence[int] | None = None,
    company: str = "",
    segment: str = "",
    expected: int | None = None,
    now: dt.datetime | None = None,
) -> CustomerMessage:
    """Write to the chosen customers with an approved template, each by itself; it leaves after a minute.

    `expected`: how many were shown before; `Conflict` when there are others by now. Never for a drill, nor for
    a restricted incident.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "contact_customers", number)
        _check_incident(incident)
        template = _approved(actor, template_id)
        if service_ids is not None:
            _services(actor, service_ids)
        people = list(choose(incident, service_ids=service_ids, company=company, segment=segment))
        if not people:
            raise field_error("services", "No customer contact fits.")
        if len(people) > MAX_RECIPIENTS:
            raise field_error("services", f"At most {MAX_RECIPIENTS:,} customers at once.")
        if expected is not None and expected != len(people):
            raise Conflict("The list has changed since you saw it; look at it again.", code="list_changed")
        subject, body = words_for(incident, template, now=now)
        row = CustomerMessage.objects.create(
            incident=incident,
            template=template,
            subject=subject[:200],
            body=body,
            author_id=actor.user_id,
            author_label=actor.label[:200],
            written_at=now,
            approved_by_id=actor.user_id,
            sent_at=now,
        )
        row.recipients.set(people)
        data = {"message": row.pk, "count": len(people), "template": template.name}
        write_entry(incident, actor=actor, kind=EntryKind.CUSTOMERS_TOLD, now=now, text=body, data=data)
        save_incident(incident, now)
        announce(incident, "customers", actor, message=row.pk, count=len(people))
    return row


def deliver_message(*, message_id: int, now: dt.datetime) -> int:
    """Write the deliveries of a message, as far as they are missing; none once it was taken back."""
    row = CustomerMessage.objects.select_related("incident").filter(pk=message_id).first()
    if row is None or row.withdrawn_at is not None or row.sent_at is None:
        return 0
    addressees = [
        Addressee(
            name=f"c{contact.pk}",
            address=contact.email,
            why="",
            stop=customer_path(contact.pk),
            title=personal(row.subject, contact),
            body=personal(row.body, contact),
        )
        for contact in row.recipients.filter(active=True).order_by("pk")
    ]
    words = Announcement(
        source=row.source,
        category=Category.UPDATE,
        title=row.subject,
        body=row.body,
        url_path="",
        subject_key=row.incident.subject_key,
    )
    return announce_to(words, addressees, now=now, not_before=row.sent_at + GRACE)


def withdraw_message(
    *, actor: Actor, number: int, message_id: int, now: dt.datetime | None = None
) -> CustomerMessage:
    """Take back what has not left yet; what has left stays sent. Again: nothing changes."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "contact_customers", number)
        row = CustomerMessage.objects.filter(incident=incident, pk=message_id).first()
        if row is None:
            raise NotVisible
        if row.withdrawn_at is not None:
            return row
        back = withdraw_announcement(
            source=row.source,
            subject_key=incident.subject_key,
            reason=f"Taken back by {actor.label}.",
            now=now,
        )
        if row.sent_at is not None and now < row.sent_at + GRACE:
            back = row.recipients.count()
        elif not back:
            raise Conflict("All of it has left already.", code="already_sent")
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        data = {"message": row.pk, "count": back, "withdrawn": True}
        write_entry(incident, actor=actor, kind=EntryKind.CUSTOMERS_TOLD, now=now, data=data)
        save_incident(incident, now)
        announce(incident, "customers", actor, message=row.pk, count=back, withdrawn=True)
    return row


def _approved(actor: Actor, template_id: int) -> UpdateTemplate:
    row: UpdateTemplate | None = (
        UpdateTemplate.objects.visible_to(actor).filter(pk=template_id, customers=True).first()
    )
    if row is None:
        raise field_error("template", "There is no such template for customers.")
    if not row.approved:
        raise field_error("template", "This template is not approved.")
    return row


def _check_incident(incident: Incident) -> None:
    if incident.kind == IncidentKind.DRILL:
        raise Conflict("This is a drill: no customer is written to.", code="drill")
    if incident.visibility != Visibility.OPEN:
        raise Conflict("A restricted incident is not told to customers.", code="restricted")


def _contact(contact_id: int) -> CustomerContact:
    row = CustomerContact.objects.select_for_update(no_key=True).filter(pk=contact_id).first()
    if row is None:
        raise NotVisible
    return row


def _services(actor: Actor, ids: Sequence[int]) -> list[Service]:
    rows = list(Service.objects.visible_to(actor).filter(pk__in=ids))
    if len(rows) != len(set(ids)):
        raise field_error("services", "There is no such service.")
    return rows


def _record(actor: Actor, verb: str, pk: int, label: str) -> None:
    record(actor=actor, verb=verb, obj_type="customer contact", obj_id=pk, label=label)
