"""Subscribing, confirming, ending; and what managers do with subscribers. No address reaches a log or the audit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from django.db import transaction

from core import clock, ratelimit
from core.crypto import seal, unseal
from core.errors import Conflict, NotAllowed, NotVisible, TooMany, field_error
from core.wakeup import wake
from notifications.actions.webhooks import new_secret
from statuspage.actions.common import audit
from statuspage.choices import (
    OVER,
    Language,
    MessageState,
    NoticeState,
    SubscriberKind,
    SubscriberState,
)
from statuspage.models import Component, Notice, StatusPage, Subscriber, SubscriberMessage
from statuspage.subscribers.addresses import checked, digest_of
from teams.actor import Actor

# Questions to one address: three at once, then one every 20 minutes.
_PER_ADDRESS = (3 / 3600, 3)
MAX_COMPONENTS = 200
PUBLIC_ID = re.compile(r"[a-z0-9]{12}")


def ask(
    *,
    page: StatusPage,
    address: str,
    kind: str = SubscriberKind.EMAIL,
    contact: str = "",
    component_ids: Sequence[str] = (),
    notice_id: str = "",
    language: str = "",
    source: str = "form",
    now: dt.datetime | None = None,
) -> None:
    """Somebody in public wants to subscribe. What it says does not depend on whether the address is known.

    Mail with a link goes to the address, for a webhook to `contact`; whoever is subscribed already gets the link
    to their choices. Components and notice are public ids. Raises `InvalidInput` for what is no address.
    """
    now = now or clock.now()
    if not page.takes_subscribers:
        raise NotVisible
    if kind not in (SubscriberKind.EMAIL, SubscriberKind.WEBHOOK):
        raise field_error("kind", "email or webhook.")
    address = checked(kind, address)
    reached = address
    if kind == SubscriberKind.WEBHOOK:
        contact = reached = checked(SubscriberKind.EMAIL, contact, "contact")
    components = components_of(page, component_ids)
    notice = notice_of(page, notice_id)
    if throttled(page, reached):
        return
    with transaction.atomic():
        row, new = _row(page, kind, address, notice, source, now)
        if not new and _is_others(row, contact):
            return
        if new or row.state != SubscriberState.ACTIVE:
            row.state, row.asked_at, row.ended_at = SubscriberState.PENDING, now, None
            row.language = language_of(page, language)
            row.contact = seal(contact) if kind == SubscriberKind.WEBHOOK else ""
            row.save(update_fields=["state", "asked_at", "ended_at", "language", "contact"])
            row.components.set(components)
        question(row, now)


def confirm(
    *, page: StatusPage, public_id: str, now: dt.datetime | None = None
) -> tuple[Subscriber | None, str]:
    """The question is answered with yes: (subscriber, a new webhook's secret or ""). Again changes nothing.

    None when there is nothing to confirm any more.
    """
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(page, public_id)
        if row is None or row.state == SubscriberState.ACTIVE:
            return row, ""
        if row.state != SubscriberState.PENDING:
            return None, ""
        secret = new_secret() if row.kind == SubscriberKind.WEBHOOK else ""
        _activate(row, now)
        if secret:
            row.secret = seal(secret)
            row.save(update_fields=["secret"])
    return row, secret


def end(*, page: StatusPage, public_id: str, now: dt.datetime | None = None) -> None:
    """Nothing is sent any more; works again and again, also when the subscriber is gone."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(page, public_id)
        if row is None or row.state == SubscriberState.ENDED:
            return
        row.state, row.ended_at = SubscriberState.ENDED, now
        row.save(update_fields=["state", "ended_at"])
        drop_waiting(row)


def change(
    *, page: StatusPage, public_id: str, component_ids: Sequence[str], language: str
) -> Subscriber | None:
    """The subscriber chooses components (none: the whole page) and language. None when they are gone."""
    components = components_of(page, component_ids)
    with transaction.atomic():
        row = _locked(page, public_id)
        if row is None or row.state == SubscriberState.ENDED:
            return None
        row.language = language_of(page, language)
        row.save(update_fields=["language"])
        if row.notice_id is None:
            row.components.set(components)
    return row


def resume(*, page: StatusPage, public_id: str) -> Subscriber | None:
    """The subscriber says that a paused hook works again."""
    with transaction.atomic():
        row = _locked(page, public_id)
        if row is None or row.state != SubscriberState.QUARANTINED:
            return row
        _activate(row, row.confirmed_at or clock.now())
    return row


def add_subscriber(
    *,
    actor: Actor,
    page_id: int,
    address: str,
    kind: str = SubscriberKind.EMAIL,
    component_ids: Sequence[str] = (),
    language: str = "",
    agreed: bool = False,
    now: dt.datetime | None = None,
) -> tuple[Subscriber, str]:
    """Managers of the page's team: (subscriber, the secret of a webhook, shown this once). Audited.

    Hooks are active at once. Mail is when `agreed` says that its owner wants it, else the question goes out; whoever
    has unsubscribed is asked in any case.
    """
    now = now or clock.now()
    page = managed_page(actor, page_id)
    if kind not in SubscriberKind.values:
        raise field_error("kind", f"One of {', '.join(SubscriberKind.values)}.")
    address = checked(kind, address)
    components = components_of(page, component_ids)
    with transaction.atomic():
        row, new = _row(page, kind, address, None, "member", now)
        if not new and row.state in (SubscriberState.ACTIVE, SubscriberState.QUARANTINED):
            raise field_error("address", "This address is subscribed already.")
        ended = not new and row.state == SubscriberState.ENDED
        row.language = language_of(page, language)
        secret = new_secret() if kind == SubscriberKind.WEBHOOK else ""
        row.secret = seal(secret) if secret else ""
        row.ended_at, row.asked_at = None, now
        row.state = SubscriberState.PENDING
        row.save(update_fields=["language", "secret", "ended_at", "asked_at", "state"])
        row.components.set(components)
        if kind != SubscriberKind.EMAIL or (agreed and not ended):
            _activate(row, now)
        else:
            question(row, now)
        audit(actor, "subscriber added", page, kind=kind, subscriber=row.public_id)
    return row, secret


def remove_subscriber(*, actor: Actor, page_id: int, public_id: str) -> None:
    """The subscriber is gone with everything that was sent. Managers; audited without the address."""
    page = managed_page(actor, page_id)
    with transaction.atomic():
        row = _found(page, public_id)
        audit(actor, "subscriber removed", page, kind=row.kind, subscriber=row.public_id)
        row.delete()


def ask_again(*, actor: Actor, page_id: int, public_id: str, now: dt.datetime | None = None) -> Subscriber:
    """Send the question once more to a mail address that has not answered it. Managers; audited."""
    now = now or clock.now()
    page = managed_page(actor, page_id)
    with transaction.atomic():
        row = _found(page, public_id)
        if row.state != SubscriberState.PENDING:
            raise Conflict("This subscriber is not waiting for a confirmation.", code="not_pending")
        if ratelimit.take(f"subscribe-again:{row.pk}", rate=_PER_ADDRESS[0], burst=_PER_ADDRESS[1]):
            raise TooMany("The address has been asked three times within the hour.", retry_after=1200)
        row.asked_at = now
        row.save(update_fields=["asked_at"])
        question(row, now)
        audit(actor, "subscriber asked again", page, kind=row.kind, subscriber=row.public_id)
    return row


def revive_subscriber(
    *, actor: Actor, page_id: int, public_id: str, now: dt.datetime | None = None
) -> Subscriber:
    """Send to one again that was paused after failures or whose address was refused. Managers; audited."""
    now = now or clock.now()
    page = managed_page(actor, page_id)
    with transaction.atomic():
        row = _found(page, public_id)
        if row.state not in (SubscriberState.QUARANTINED, SubscriberState.BOUNCED):
            raise Conflict("This subscriber is not paused.", code="not_paused")
        _activate(row, row.confirmed_at or now)
        audit(actor, "subscriber resumed", page, kind=row.kind, subscriber=row.public_id)
    return row


def new_hook_secret(*, actor: Actor, page_id: int, public_id: str) -> str:
    """Give a webhook a new signing secret, which is returned this once. Managers; audited."""
    page = managed_page(actor, page_id)
    with transaction.atomic():
        row = _found(page, public_id)
        if row.kind != SubscriberKind.WEBHOOK:
            raise Conflict("Only webhooks are signed.", code="not_a_webhook")
        secret = new_secret()
        row.secret = seal(secret)
        row.save(update_fields=["secret"])
        audit(actor, "subscriber secret rotated", page, kind=row.kind, subscriber=row.public_id)
    return secret


def managed_page(actor: Actor, page_id: int) -> StatusPage:
    """The page, if the actor manages its team: addresses are personal data."""
    page: StatusPage | None = StatusPage.objects.visible_to(actor).filter(pk=page_id).first()
    if page is None:
        raise NotVisible
    if not actor.manages(page.team_id):
        raise NotAllowed("Only a manager of the page's team can see and change its subscribers.")
    return page


def components_of(page: StatusPage, public_ids: Sequence[str]) -> list[Component]:
    """The page's components of these public ids; those of other pages are refused."""
    wanted = set(public_ids)
    if len(wanted) > MAX_COMPONENTS:
        raise field_error("components", f"At most {MAX_COMPONENTS} components.")
    if not all(PUBLIC_ID.fullmatch(each) for each in wanted):
        raise field_error("components", "There is no such component on this page.")
    found = list(Component.objects.filter(page=page, public_id__in=wanted)) if wanted else []
    if len(found) != len(wanted):
        raise field_error("components", "There is no such component on this page.")
    return found


def notice_of(page: StatusPage, public_id: str) -> Notice | None:
    """The published notice of this public id that is not over; None for ""."""
    if not public_id:
        return None
    rows = Notice.objects.filter(page=page, public_id=public_id, state=NoticeState.PUBLISHED)
    notice = rows.exclude(status__in=OVER).first() if PUBLIC_ID.fullmatch(public_id) else None
    if notice is None:
        raise field_error("notice", "There is no such open notice on this page.")
    return notice


def language_of(page: StatusPage, code: str) -> str:
    """The language if the page has it, else the page's first."""
    return code if code in page.languages else (page.languages or [Language.ENGLISH])[0]


def throttled(page: StatusPage, address: str) -> bool:
    """Whether this mail address has been asked too often; takes one from its bucket."""
    key = digest_of(SubscriberKind.EMAIL, address)
    return bool(ratelimit.take(f"subscribe-to:{page.pk}:{key}", rate=_PER_ADDRESS[0], burst=_PER_ADDRESS[1]))


def question(row: Subscriber, now: dt.datetime) -> None:
    """Let the mail with the link go out, unless one is waiting already."""
    waiting = SubscriberMessage.objects.filter(
        subscriber=row, announcement__isnull=True, state=MessageState.PENDING
    )
    if not waiting.exists():
        SubscriberMessage.objects.create(subscriber=row, next_at=now, created_at=now)
    wake("statuspage.send")


def drop_waiting(row: Subscriber) -> None:
    """What waits for a subscriber who takes nothing any more is not sent."""
    waiting = SubscriberMessage.objects.filter(subscriber=row, state=MessageState.PENDING)
    waiting.update(state=MessageState.DROPPED)


def _row(
    page: StatusPage, kind: str, address: str, notice: Notice | None, source: str, now: dt.datetime
) -> tuple[Subscriber, bool]:
    """The subscriber of this address, locked, and whether it is new."""
    row, new = Subscriber.objects.get_or_create(
        page=page,
        kind=kind,
        address_digest=digest_of(kind, address),
        notice=notice,
        defaults={"address": seal(address), "source": source, "created_at": now},
    )
    if not new:
        row = Subscriber.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    return row, new


def _is_others(row: Subscriber, contact: str) -> bool:
    """Whether this is a paused hook of somebody else: whoever confirms gets a new secret of it."""
    if row.state != SubscriberState.QUARANTINED:
        return False
    return not row.contact or unseal(row.contact).lower() != contact.lower()


def _locked(page: StatusPage, public_id: str) -> Subscriber | None:
    rows = Subscriber.objects.filter(page=page).select_for_update(of=("self",), no_key=True)
    found: Subscriber | None = rows.filter(public_id=public_id).first()
    return found


def _found(page: StatusPage, public_id: str) -> Subscriber:
    row = _locked(page, public_id)
    if row is None:
        raise NotVisible
    return row


def _activate(row: Subscriber, confirmed_at: dt.datetime) -> None:
    row.state, row.confirmed_at = SubscriberState.ACTIVE, confirmed_at
    row.failures, row.last_error, row.ended_at = 0, "", None
    row.save(update_fields=["state", "confirmed_at", "failures", "last_error", "ended_at"])
