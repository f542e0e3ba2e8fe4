"""A person's contact methods: adding, proving, switching off."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets
import uuid

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from core.crypto import derived, seal
from core.errors import Conflict, NotAllowed, NotVisible, TooMany, field_error
from core.text import one_line
from core.wakeup import wake
from notifications.actions.messages import message_delivery
from notifications.actions.providers import checked_number
from notifications.actions.webhooks import new_secret
from notifications.channels import ready
from notifications.choices import OPEN_STATUSES, Category, Channel, DeliveryStatus
from notifications.errors import CodeRefused, MethodUnusable
from notifications.models import ContactMethod, Delivery
from notifications.permissions import may_add_console, may_change_person
from notifications.transports.apprise import catalog
from notifications.transports.webhook.address import check_url
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

CODE_LIFE = dt.timedelta(minutes=15)
CODE_TRIES = 5
_CODE_PAUSE = dt.timedelta(seconds=60)
_TEST_PAUSE = dt.timedelta(seconds=10)
_MOST_METHODS = 20
_SLACK_MEMBER = re.compile(r"[UW][A-Z0-9]{8,20}")


def ensure_account_method(user: User, *, now: dt.datetime) -> ContactMethod:
    """The person's account address as a contact method; proven, because it is what they sign in with."""
    method, _created = ContactMethod.objects.get_or_create(
        user=user, channel=Channel.EMAIL, address=user.email, defaults={"verified_at": now}
    )
    return method


def ensure_default_methods(user: User, *, now: dt.datetime) -> list[ContactMethod]:
    """The methods everybody has: account address and browser."""
    account = ensure_account_method(user, now=now)
    browser, _created = ContactMethod.objects.get_or_create(
        user=user, channel=Channel.BROWSER, address="", defaults={"verified_at": now}
    )
    return [account, browser]


def add_method(
    *, actor: Actor, user_id: int, channel: str, address: str = "", label: str = "", now: dt.datetime
) -> tuple[ContactMethod, str]:
    """Add a way to reach the person, and send a code to it where it must be proven.

    Returns it with the signing secret of a webhook, which is shown this once ("" for other channels).
    """
    _may_change(actor, user_id)
    if channel not in Channel.values:
        raise field_error("channel", _("Choose e-mail, browser, webhook or another channel that is set up."))
    if channel == Channel.PUSH:
        raise field_error("channel", _("Push is switched on in the browser that is to be reached."))
    if channel not in ready():
        raise field_error("channel", _("This channel is not set up here. Ask an admin."))
    if channel == Channel.CONSOLE and not may_add_console(actor):
        raise NotAllowed(_("Only an admin can be reached through the server log."))
    secret = new_secret() if channel == Channel.WEBHOOK else ""
    kept = address.strip() if channel == Channel.APPRISE else secret
    address = checked_address(channel, address)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True).first()
        if user is None:
            raise NotVisible
        mine = ContactMethod.objects.filter(user=user)
        if mine.filter(channel=channel, address=address).exists():
            raise field_error("address", _("This contact method is there already."))
        if mine.count() >= _MOST_METHODS:
            raise Conflict(_("At most 20 contact methods. Delete one first."), code="too_many_methods")
        proven = channel in (Channel.BROWSER, Channel.CONSOLE) or address == user.email
        method = ContactMethod.objects.create(
            user=user,
            channel=channel,
            address=address,
            label=one_line(label, 80),
            secret=seal(kept) if kept else "",
            verified_at=now if proven else None,
            created_at=now,
        )
        _audit(actor, "added", method)
        if not proven:
            _send_code(method, now)
    return method, secret


def checked_address(channel: str, address: str) -> str:
    """The address in the form it is stored; `InvalidInput` with the reason when it cannot be one."""
    address = address.strip()
    if channel == Channel.EMAIL:
        try:
            validate_email(address)
        except ValidationError:
            raise field_error("address", _("This is not an e-mail address.")) from None
        return address.lower()
    if channel == Channel.WEBHOOK:
        if reason := check_url(address):
            raise field_error("address", reason)
        return address
    if channel in (Channel.SMS, Channel.VOICE):
        try:
            return checked_number(address)
        except ValueError as error:
            raise field_error("address", str(error)) from None
    if channel == Channel.SLACK:
        if not _SLACK_MEMBER.fullmatch(address.upper()):
            raise field_error("address", _("A Slack member ID is U or W and 8 to 20 letters and digits."))
        return address.upper()
    if channel == Channel.APPRISE:
        if reason := catalog.problem(address):
            raise field_error("address", reason)
        return catalog.public_name(address)
    return ""


def start_verification(*, actor: Actor, method_id: int, now: dt.datetime) -> ContactMethod:
    """Send a new code by the method itself; the earlier one stops working. Once a minute."""
    with transaction.atomic():
        method = _own(actor, method_id)
        if method.verified_at is not None:
            raise Conflict(_("This contact method is verified already."), code="verified")
        _send_code(method, now)
    return method


def verify(*, actor: Actor, method_id: int, code: str, now: dt.datetime) -> ContactMethod:
    """Prove the method with the code that was sent to it. Five tries within 15 minutes."""
    with transaction.atomic():
        method = _own(actor, method_id)
        if method.verified_at is not None:
            return method
        problem = _refusal(method, now)
        if not problem and hmac.compare_digest(
            method.code_digest, _digest(method, code.strip().replace(" ", ""))
        ):
            method.verified_at = now
            method.code_digest, method.code_expires_at, method.code_tries = "", None, 0
            _audit(actor, "verified", method)
        else:
            method.code_tries = min(method.code_tries + 1, CODE_TRIES)
        method.save(update_fields=["verified_at", "code_digest", "code_expires_at", "code_tries"])
    if method.verified_at is None:
        # Raised after the commit: the try must count.
        left = CODE_TRIES - method.code_tries
        raise CodeRefused(problem or _left(left), fields={"code": [problem or _left(left)]})
    return method


def set_enabled(*, actor: Actor, method_id: int, enabled: bool, now: dt.datetime) -> ContactMethod:
    """Switch a method on or off. Off: what waits for it is withdrawn, rules that name it are skipped."""
    with transaction.atomic():
        method = _own(actor, method_id)
        if (method.disabled_at is None) != enabled:
            method.disabled_at = None if enabled else now
            method.last_failure = "" if enabled else method.last_failure
            method.save(update_fields=["disabled_at", "last_failure"])
            if not enabled:
                _drop_waiting(method, _("The contact method was switched off."), now)
            _audit(actor, "enabled" if enabled else "disabled", method)
    return method


def delete_method(*, actor: Actor, method_id: int, now: dt.datetime) -> None:
    """Remove a method with the rules that name it. What everybody has can only be switched off."""
    with transaction.atomic():
        method = _own(actor, method_id)
        if method.channel == Channel.BROWSER or method.address == method.user.email:
            raise Conflict(_("This one stays; it can be switched off."), code="default_method")
        _drop_waiting(method, _("The contact method was deleted."), now)
        _audit(actor, "deleted", method)
        method.delete()


def send_test(*, actor: Actor, method_id: int, now: dt.datetime) -> Delivery:
    """Send a test by this method, at most one in ten seconds."""
    with transaction.atomic():
        method = _own(actor, method_id)
        if not method.usable:
            raise MethodUnusable
        recent = Delivery.objects.filter(
            method=method, category=Category.TEST, created_at__gt=now - _TEST_PAUSE
        )
        if recent.exists():
            raise TooMany(_("A test has just been sent. Wait ten seconds."), retry_after=10)
        row = message_delivery(
            method=method,
            key=f"test-{method.pk}-{uuid.uuid4().hex}",
            category=Category.TEST,
            title=_("This is what a page looks like here"),
            body=_("If you can read this, pages reach you this way. Nothing is wrong."),
            url_path="/settings/notifications/",
            now=now,
        )
        row.save()
        wake("notifications.send_due")
    return row


def _send_code(method: ContactMethod, now: dt.datetime) -> None:
    """Store a new code's digest and send the code; the delivery holds it sealed."""
    if method.code_expires_at is not None and now < method.code_expires_at - CODE_LIFE + _CODE_PAUSE:
        raise TooMany(_("A code has just been sent. Wait a minute before the next one."), retry_after=60)
    code = f"{secrets.randbelow(1_000_000):06}"
    method.code_digest = _digest(method, code)
    method.code_expires_at = now + CODE_LIFE
    method.code_tries = 0
    method.save(update_fields=["code_digest", "code_expires_at", "code_tries"])
    row = message_delivery(
        method=method,
        key=f"code-{method.pk}-{uuid.uuid4().hex}",
        category=Category.ACCOUNT,
        title=_("Confirm how Watchbill reaches you"),
        body=_("Type this code into the page where you added this contact method."),
        url_path="/settings/notifications/",
        now=now,
    )
    row.payload = {"sealed_code": seal(code)}
    row.save()
    wake("notifications.send_due")


def _refusal(method: ContactMethod, now: dt.datetime) -> str:
    if method.code_expires_at is None:
        return _("No code has been sent yet.")
    if method.code_expires_at <= now:
        return _("The code is older than 15 minutes. Send a new one.")
    if method.code_tries >= CODE_TRIES:
        return _("Too many wrong codes. Send a new one.")
    return ""


def _left(count: int) -> str:
    if count == 0:
        return _("That is not the code we sent, and it was the last try. Send a new one.")
    return _("That is not the code we sent. Tries left: %(count)d.") % {"count": count}


def _digest(method: ContactMethod, code: str) -> str:
    return derived("contact-code", f"{method.pk}:{code}")


def _drop_waiting(method: ContactMethod, reason: str, now: dt.datetime) -> None:
    rows = Delivery.objects.filter(method=method, status__in=OPEN_STATUSES).order_by("pk")
    ids = list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(
        status=DeliveryStatus.WITHDRAWN,
        lease_token=None,
        lease_until=None,
        hold_until=None,
        finished_at=now,
        error=reason,
    )


def _may_change(actor: Actor, user_id: int) -> None:
    if actor.user_id != user_id and not actor.is_admin:
        raise NotVisible
    if not may_change_person(actor, user_id):
        raise NotAllowed


def _own(actor: Actor, method_id: int) -> ContactMethod:
    visible = ContactMethod.objects.visible_to(actor).select_related("user")
    method: ContactMethod | None = (
        visible.select_for_update(of=("self",), no_key=True).filter(pk=method_id).first()
    )
    if method is None:
        raise NotVisible
    _may_change(actor, method.user_id)
    return method


def _audit(actor: Actor, verb: str, method: ContactMethod) -> None:
    """Only what somebody does to another person's set-up is recorded."""
    if actor.user_id == method.user_id:
        return
    record(
        actor=actor,
        verb=verb,
        obj_type="contact_method",
        obj_id=method.pk,
        label=str(method),
        data={"user": method.user_id, "channel": method.channel},
    )
