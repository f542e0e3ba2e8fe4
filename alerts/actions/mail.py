"""Mail that comes in: whose address it is, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from alerts.actions.heartbeats import ping_by_mail
from alerts.actions.integrations import locked_integration
from alerts.addresses import new_local_part
from alerts.choices import SourceKind
from alerts.mail_hooks import Taker, taker_of
from alerts.models import IntakeItem, Integration
from alerts.sources.base import Parsed
from alerts.sources.email import events
from alerts.sources.email.reading import Mail, read
from alerts.watch.feeding import feed
from core import clock, ratelimit
from core.errors import Conflict, TooMany
from teams.actions.audit import record
from teams.actor import Actor

TAKES_MAIL = (SourceKind.EMAIL, SourceKind.HEARTBEAT)
# Mails of one address: so many at once, and so many a second after that.
RATE, BURST = 5, 500
# What `notifications.transports.email` writes, at the host of BASE_URL.
_OWN = re.compile(r"<[0-9a-f]{40}@[^>]+>")
_NAMES = uuid.UUID("5f1d9a3c-6a55-4b8e-9a6e-3b0b6a1f7c52")


def renew_mail_address(*, actor: Actor, integration_id: int) -> Integration:
    """A new address; mail to the old one is refused at once."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if integration.kind != SourceKind.EMAIL:
            raise Conflict("This integration takes no mail.", code="no_mail")
        integration.mail_local = new_local_part(integration.name)
        integration.save(update_fields=["mail_local"])
        record(
            actor=actor,
            verb="mail address renewed",
            obj_type="integration",
            obj_id=integration.pk,
            label=integration.name,
            team_id=integration.team_id,
        )
    return integration


def is_known(address: str) -> bool:
    """Whether anybody takes mail at this address."""
    return recipient(address) is not None or _taker(address) is not None


def _taker(address: str) -> tuple[Taker, str] | None:
    """The room above that takes mail at this address, and its local part."""
    local, _at, domain = address.strip().lower().rpartition("@")
    taker = taker_of(local) if domain == settings.MAIL_INTAKE_DOMAIN and "\x00" not in local else None
    return (taker, local) if taker else None


def recipient(address: str) -> tuple[Integration, str] | None:
    """The integration that takes mail at this address, and the plus-tag; None when there is none."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not at or domain != settings.MAIL_INTAKE_DOMAIN or "\x00" in local:
        return None
    name, _plus, tag = local.partition("+")
    rows = Integration.objects.filter(mail_local=name[:64], kind__in=TAKES_MAIL, is_active=True)
    found: Integration | None = rows.first()
    return (found, tag[:60]) if found else None


def take_in(
    *, data: bytes, sender: str, recipients: list[str], now: dt.datetime | None = None
) -> list[IntakeItem]:
    """Keep one mail for all it is addressed to; durable when it returns. Recipients unknown by now are left out.

    A mail that is no alert (an automatic answer, not an allowed sender) is kept with the reason why nothing comes of
    it. One Message-ID counts once for an integration. `TooMany` when an address is over its limit.
    """
    now = now or clock.database_now()
    with transaction.atomic():
        for taker, local in filter(None, map(_taker, dict.fromkeys(recipients))):
            taker.take(local, data, now)
        if not any(map(recipient, recipients)):
            return []
        mail = read(data, sender)
        found = {row.pk: (row, tag) for row, tag in filter(None, map(recipient, recipients))}
        for pk in found:
            if wait := ratelimit.take(f"mail:{pk}", rate=RATE, burst=BURST):
                raise TooMany(retry_after=wait)
        kept = [_keep(found[pk][0], found[pk][1], mail, now) for pk in sorted(found)]
    return [item for item in kept if item is not None]


def _keep(integration: Integration, tag: str, mail: Mail, now: dt.datetime) -> IntakeItem | None:
    if integration.kind == SourceKind.HEARTBEAT:
        ping_by_mail(integration_id=integration.pk, by=f"mail from {mail.sender or 'nobody'}", now=now)
        return None
    if not mail.message_id:
        return _fed(integration, tag, mail, now, uuid.uuid4())
    name = _name(integration, mail.message_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(name)])
    if IntakeItem.objects.filter(request_id=name, integration=integration).exists():
        return None
    return _fed(integration, tag, mail, now, name)


def _name(integration: Integration, message_id: str) -> uuid.UUID:
    """The request id a mail is found again by."""
    return uuid.uuid5(_NAMES, f"{integration.pk}:{message_id}")


def _fed(integration: Integration, tag: str, mail: Mail, now: dt.datetime, name: uuid.UUID) -> IntakeItem:
    reason = mail.automatic and f"Left out: {mail.automatic}"
    if not reason and _OWN.fullmatch(mail.message_id) and mail.message_id.endswith(f"@{_host()}>"):
        reason = "Left out: Watchbill's own mail"
    if not reason and not events.allowed(mail, integration.settings):
        reason = f"Left out: {mail.sender or 'its sender'} may not write to this address"
    if reason:
        parsed = Parsed(action="trigger", dedup_key="", group_key="", title=mail.subject)
    else:
        thread = _thread(integration, mail)
        parsed = events.event(mail, integration.settings, thread_key=thread, tag=tag)
    return feed(integration, parsed, now, raw=_raw(mail), dropped=reason, request_id=name)


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "watchbill.invalid"


def _thread(integration: Integration, mail: Mail) -> str:
    """The dedup key of the nearest mail it answers; "" for none."""
    if not mail.ids:
        return ""
    names = {_name(integration, each): place for place, each in enumerate(mail.ids)}
    rows = IntakeItem.objects.filter(request_id__in=names, integration=integration).exclude(dedup_key="")
    found = {names[name]: dedup for name, dedup in rows.values_list("request_id", "dedup_key")}
    return str(found[max(found)]) if found else ""


def _raw(mail: Mail) -> dict[str, Any]:
    return {
        "from": mail.sender,
        "name": mail.sender_name,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "answers": list(mail.ids),
        "date": mail.date.isoformat() if mail.date else None,
        "text": mail.text,
    }


def send_test_mail(*, actor: Actor, integration_id: int) -> IntakeItem:
    """A test mail to the integration's address, taken in as if it had come over the wire; opens an alert."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if integration.kind != SourceKind.EMAIL or not integration.mail_local:
            raise Conflict("This integration takes no mail.", code="no_mail")
        if not integration.is_active:
            raise Conflict("It is switched off.", code="off")
        message = EmailMessage()
        message["From"] = (integration.settings.get("senders") or ["test@example.com"])[0].removeprefix("@")
        if "@" not in str(message["From"]):
            message.replace_header("From", f"test@{message['From']}")
        message["Subject"] = _("Test mail for %(name)s") % {"name": integration.name}
        message["Message-ID"] = make_msgid(domain="test.invalid")
        message.set_content(_("Sent by hand from the integration's page."))
        mail = read(message.as_bytes(), str(message["From"]))
        return _fed(integration, "", mail, clock.database_now(), _name(integration, mail.message_id))
