"""Asking for a message to one person that is not a page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from core.text import clean, one_line
from core.wakeup import wake
from notifications import reach
from notifications.choices import Category, Channel, Priority, Urgency
from notifications.models import ContactMethod, Delivery

_LIFE = {
    Category.ACCOUNT: dt.timedelta(hours=1),
    Category.TEST: dt.timedelta(minutes=10),
    Category.REMINDER: dt.timedelta(hours=24),
    Category.UPDATE: dt.timedelta(hours=24),
}


def request_message(
    *,
    key: str,
    category: str,
    user_id: int,
    title: str,
    body: str,
    url_path: str,
    team_id: int | None = None,
    subject_key: str = "",
    urgency: str = Urgency.LOW,
    now: dt.datetime,
    payload: dict[str, Any] | None = None,
) -> Delivery | None:
    """Write one mail to the person's first usable e-mail (account mail: to the account's address).

    A key used before writes nothing and returns the earlier delivery. None when there is nobody to write to.
    """
    with transaction.atomic():
        person = reach.load([user_id], now).get(user_id)
        if person is None or not person.user.is_active:
            return None
        if category == Category.ACCOUNT:
            own = [m for m in person.methods if m.channel == Channel.EMAIL and m.address == person.user.email]
            method: ContactMethod | None = own[0]
        else:
            method = person.account_mail
        if method is None:
            return None
        if method.pk is None:
            person.methods = [method]
            reach.save_defaults([person])
            method = person.methods[0]
        row = message_delivery(
            method=method, key=key, category=category, title=title, body=body, url_path=url_path, now=now
        )
        row.team_id, row.subject_key, row.urgency, row.payload = team_id, subject_key, urgency, payload or {}
        if category in (Category.REMINDER, Category.UPDATE):
            row.due_at = person.postponed(now, urgency)
            row.expires_at = row.due_at + _LIFE[Category(category)]
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
        wake("notifications.send_due")
        return Delivery.objects.get(key=key)


def request_account_mail(
    *,
    key: str,
    address: str,
    user_id: int | None,
    title: str,
    sealed_body: str = "",
    body: str = "",
    sealed_path: str = "",
    now: dt.datetime,
) -> Delivery:
    """Write one mail about signing in to an address, whether or not it has an account.

    What lets somebody in (`sealed_body`, `sealed_path`, from `core.crypto.seal`) is stored sealed and opened
    only for sending. Goes out even where the person has switched the address off for pages.
    """
    sealed = {"sealed_body": sealed_body, "sealed_path": sealed_path}
    with transaction.atomic():
        row = Delivery(
            key=key,
            category=Category.ACCOUNT,
            channel=Channel.EMAIL,
            user_id=user_id,
            address=address,
            lane=f"address:{address}"[:200],
            priority=Priority.MESSAGE,
            urgency=Urgency.LOW,
            title=one_line(title, 300),
            body=clean(body, 20_000),
            payload={name: value for name, value in sealed.items() if value},
            due_at=now,
            expires_at=now + dt.timedelta(hours=24),
            created_at=now,
        )
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
        wake("notifications.send_due")
        return Delivery.objects.get(key=key)


def message_delivery(
    *,
    method: ContactMethod,
    key: str,
    category: str,
    title: str,
    body: str,
    url_path: str,
    now: dt.datetime,
) -> Delivery:
    """An unsaved delivery of a message by this method, due at once."""
    return Delivery(
        key=key,
        category=category,
        channel=method.channel,
        user_id=method.user_id,
        method=method,
        address=method.address,
        lane=reach.lane_of(method),
        priority=Priority.MESSAGE,
        title=one_line(title, 300),
        body=clean(body, 20_000),
        url_path=url_path,
        due_at=now,
        expires_at=now + _LIFE.get(Category(category), dt.timedelta(hours=24)),
        created_at=now,
    )
