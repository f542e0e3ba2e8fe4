"""Browsers that get pages by Web Push: subscribing, renewing, and telling people when one is lost."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.crypto import seal, unseal
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from notifications.actions.messages import request_message
from notifications.choices import Category, Channel
from notifications.models import ContactMethod
from notifications.permissions import may_change_person
from notifications.transports.push.subscription import Subscription, forbidden, opened
from teams.actions._locks import lock
from teams.actor import Actor
from teams.models import User

MOST_METHODS = 20
_PAGE = "/settings/notifications/#push"
_SIGNER = Signer(salt="notifications.push", sep=".")


def subscribe(
    *,
    actor: Actor,
    subscription: Subscription,
    browser: str,
    token: str = "",
    now: dt.datetime,
) -> ContactMethod:
    """Send the actor's own pages to this browser; proven at once, for the browser has just allowed it.

    The same subscription again renews what is there; one of somebody else is taken from them, and they are
    told. `token` (of an earlier `renewal_token`) says which of the person's methods this browser was before,
    so that rules that name it stay. `browser`: what to call it, such as "Chrome on Android".
    """
    if actor.user_id is None or not may_change_person(actor, actor.user_id):
        raise NotAllowed
    _check_host(subscription)
    with transaction.atomic():
        lock(f"push:{subscription.fingerprint}")
        user = User.objects.select_for_update(no_key=True).filter(pk=actor.user_id, is_active=True).first()
        if user is None:
            raise NotVisible
        mine, others = _holders(subscription, user.pk)
        for other in others:
            _take_away(other, now)
        before = _read_token(token)
        method = mine or (before if before is not None and before.user_id == user.pk else None)
        if method is None:
            if ContactMethod.objects.filter(user=user).count() >= MOST_METHODS:
                raise Conflict(_("At most 20 contact methods. Delete one first."), code="too_many_methods")
            method = ContactMethod(user=user, channel=Channel.PUSH, created_at=now)
        _fill(method, subscription, browser)
        method.verified_at = method.verified_at or now
        method.disabled_at, method.last_failure = None, ""
        method.save()
    return method


def renew(*, token: str, subscription: Subscription, browser: str, now: dt.datetime) -> ContactMethod:
    """The browser has exchanged its subscription by itself; `token` proves that it is the same browser.

    A method that was lost works again; one that the person switched off stays off. A token works once.
    """
    # Before anything that a stranger could make us wait for.
    with transaction.atomic():
        if _read_token(token) is None:
            raise NotVisible
    _check_host(subscription)
    with transaction.atomic():
        lock(f"push:{subscription.fingerprint}")
        method = _read_token(token)
        if method is None or not method.user.is_active:
            raise NotVisible
        mine, others = _holders(subscription, method.user_id)
        for other in others:
            _take_away(other, now)
        if mine is not None and mine.pk != method.pk:
            raise Conflict(_("This browser is subscribed already."), code="subscribed")
        if not method.secret:
            method.disabled_at = None
        _fill(method, subscription, browser)
        method.last_failure = ""
        method.save()
    return method


def renewal_token(method: ContactMethod) -> str:
    """What the browser keeps to prove later that it is this one; void once the subscription has changed."""
    return _SIGNER.sign(f"{method.pk}-{fingerprint_of(method)}")


def fingerprint_of(method: ContactMethod) -> str:
    """The last word of the public name tells subscriptions apart."""
    return method.address.rpartition(" ")[2]


def lost(*, method_id: int, now: dt.datetime) -> None:
    """The push service says that the subscription is gone: forget it and tell the person by mail, once."""
    with transaction.atomic():
        rows = ContactMethod.objects.select_related("user").filter(channel=Channel.PUSH, pk=method_id)
        method = rows.select_for_update(of=("self",), no_key=True).first()
        if method is None or not method.secret:
            return
        method.secret = ""
        method.disabled_at = method.disabled_at or now
        method.last_failure = method.last_failure or str(_("The browser gave up its subscription."))
        method.save(update_fields=["secret", "disabled_at", "last_failure"])
        _tell(method, f"push-lost-{method.pk}-{fingerprint_of(method)}", _lost_words, now)


def _check_host(subscription: Subscription) -> None:
    if reason := forbidden(subscription.endpoint):
        raise field_error("endpoint", reason)


def _holders(subscription: Subscription, user_id: int) -> tuple[ContactMethod | None, list[ContactMethod]]:
    """The person's method with this subscription, if any, and those of others, locked in order."""
    rows = ContactMethod.objects.select_related("user").filter(
        channel=Channel.PUSH, address__endswith=f" {subscription.fingerprint}"
    )
    found = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    mine = next((method for method in found if method.user_id == user_id), None)
    others = [
        method
        for method in found
        if method.user_id != user_id
        and (known := opened(unseal(method.secret))) is not None
        and known.endpoint == subscription.endpoint
    ]
    return mine, others


def _take_away(method: ContactMethod, now: dt.datetime) -> None:
    """Somebody else uses this browser now. Without its secret, what waits for it goes another way when due."""
    with override(method.user.language):
        method.last_failure = _("Somebody else gets pages in this browser now.")
    method.secret, method.disabled_at = "", method.disabled_at or now
    method.save(update_fields=["secret", "disabled_at", "last_failure"])
    _tell(method, f"push-moved-{method.pk}-{uuid.uuid4().hex}", _moved_words, now)


def _fill(method: ContactMethod, subscription: Subscription, browser: str) -> None:
    name = one_line(browser, 60)
    method.label = method.label or name
    method.address = f"{name} · {subscription.host[:200]} · {subscription.fingerprint}"
    method.secret = seal(subscription.stored())


def _read_token(token: str) -> ContactMethod | None:
    """The method whose browser holds this token, locked; None when forged or overtaken."""
    try:
        number, _dash, fingerprint = _SIGNER.unsign(token).partition("-")
    except BadSignature:
        return None
    rows = ContactMethod.objects.select_related("user").filter(channel=Channel.PUSH, pk=int(number))
    method = rows.select_for_update(of=("self",), no_key=True).first()
    return method if method is not None and fingerprint_of(method) == fingerprint else None


def _tell(method: ContactMethod, key: str, words: Callable[[str], tuple[str, str]], now: dt.datetime) -> None:
    with override(method.user.language):
        title, body = words(str(method))
    request_message(
        key=key,
        category=Category.ACCOUNT,
        user_id=method.user_id,
        title=title,
        body=body,
        url_path=_PAGE,
        now=now,
    )


def _lost_words(name: str) -> tuple[str, str]:
    title = _("%(browser)s no longer gets your pages") % {"browser": name}
    return title, _(
        "The browser gave up its subscription, for example because its data was cleared or it was not used "
        "for long. Pages go to your other contact methods. To renew it, open the page below in that browser "
        "and press “Get pages on this device”."
    )


def _moved_words(name: str) -> tuple[str, str]:
    title = _("%(browser)s no longer gets your pages") % {"browser": name}
    return title, _(
        "Somebody else signed in there and gets pages in that browser now. Pages to you go to your other "
        "contact methods. If the device is yours, open the page below in it and press “Get pages on this "
        "device”."
    )
