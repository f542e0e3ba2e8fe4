"""Outgoing webhooks: managing subscriptions, and writing one delivery for each that wants an event."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock
from core.crypto import seal
from core.errors import NotAllowed, NotVisible, field_error
from core.text import one_line
from core.wakeup import wake
from notifications.choices import OPEN_STATUSES, Category, Channel, DeliveryStatus, Priority, Urgency
from notifications.models import Delivery, WebhookSubscription
from notifications.transports.webhook.address import check_url
from teams.actions.audit import record
from teams.actor import Actor

RETRIED_FOR = dt.timedelta(hours=48)


def fan_out(
    *, event: str, team_id: int | None, subject_key: str, data: dict[str, Any], now: dt.datetime
) -> int:
    """Write one delivery for each active subscription of the team (or of the installation) to this event.

    Order is kept within a subscription and subject. Returns how many were written; two statements.
    """
    owners = Q(team__isnull=True) if team_id is None else Q(team_id=team_id) | Q(team__isnull=True)
    wanted = Q(events=[]) | Q(events__contains=[event])
    with transaction.atomic():
        rows = [
            _delivery(subscription, event, subject_key, data, now)
            for subscription in WebhookSubscription.objects.filter(owners, wanted, active=True)
        ]
        Delivery.objects.bulk_create(rows)
        if rows:
            wake("notifications.send_due")
    return len(rows)


def deliver_to(
    *, webhook_ids: Sequence[int], event: str, subject_key: str, data: dict[str, Any], now: dt.datetime
) -> list[str]:
    """Write one delivery to each of these subscriptions that is active, whatever events it has chosen.

    Returns their names; two statements.
    """
    with transaction.atomic():
        found = list(WebhookSubscription.objects.filter(pk__in=webhook_ids, active=True).order_by("pk"))
        Delivery.objects.bulk_create([_delivery(row, event, subject_key, data, now) for row in found])
        if found:
            wake("notifications.send_due")
    return [row.name for row in found]


def _delivery(
    subscription: WebhookSubscription, event: str, subject_key: str, data: dict[str, Any], now: dt.datetime
) -> Delivery:
    return Delivery(
        key=f"hook-{subscription.pk}-{uuid.uuid4().hex}",
        category=Category.EVENT,
        channel=Channel.WEBHOOK,
        subscription=subscription,
        team_id=subscription.team_id,
        address=subscription.url,
        lane=f"hook:{subscription.pk}:{subject_key}"[:200],
        priority=Priority.EVENT,
        subject_key=subject_key,
        urgency=Urgency.LOW,
        title=event,
        payload={"type": event, "timestamp": now.isoformat(), "data": data},
        due_at=now,
        expires_at=now + RETRIED_FOR,
        created_at=now,
    )


def new_secret() -> str:
    """A new signing secret in the form Standard Webhooks libraries take."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def create_webhook(
    *, actor: Actor, team_id: int | None, name: str, url: str, events: Sequence[str]
) -> tuple[WebhookSubscription, str]:
    """Add a subscription; returns it with its secret, shown this once. Managers and admins; audited."""
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the team or an admin can add a webhook.")
    secret = new_secret()
    values = _checked(name, url, events)
    with transaction.atomic():
        subscription = WebhookSubscription.objects.create(
            team_id=team_id, secret=seal(secret), created_by_id=actor.user_id, **values
        )
        _audit(actor, "created", subscription)
    return subscription, secret


def update_webhook(
    *, actor: Actor, webhook_id: int, name: str, url: str, events: Sequence[str], active: bool
) -> WebhookSubscription:
    """Change a subscription. What waits goes to the new address; switched off, it is withdrawn. Audited."""
    values = _checked(name, url, events)
    with transaction.atomic():
        subscription = _managed(actor, webhook_id)
        for field, value in {**values, "active": active}.items():
            setattr(subscription, field, value)
        subscription.save(update_fields=[*values, "active"])
        waiting = Delivery.objects.filter(subscription=subscription, status=DeliveryStatus.PENDING)
        waiting.update(address=subscription.url)
        if not active:
            _withdraw(subscription, "The webhook was switched off.")
        _audit(actor, "changed", subscription)
    return subscription


def rotate_secret(*, actor: Actor, webhook_id: int) -> str:
    """Give the subscription a new secret, which is returned this once. Audited."""
    secret = new_secret()
    with transaction.atomic():
        subscription = _managed(actor, webhook_id)
        subscription.secret = seal(secret)
        subscription.save(update_fields=["secret"])
        _audit(actor, "secret rotated", subscription)
    return secret


def delete_webhook(*, actor: Actor, webhook_id: int) -> None:
    """Remove the subscription with its deliveries. Audited."""
    with transaction.atomic():
        subscription = _managed(actor, webhook_id)
        _audit(actor, "deleted", subscription)
        subscription.delete()


def send_test_event(*, actor: Actor, webhook_id: int, now: dt.datetime) -> Delivery:
    """Send the event `webhook.test` to this subscription alone."""
    with transaction.atomic():
        subscription = _managed(actor, webhook_id)
        row = _delivery(subscription, "webhook.test", "", {"message": "It works."}, now)
        row.save()
        wake("notifications.send_due")
    return row


def _checked(name: str, url: str, events: Sequence[str]) -> dict[str, Any]:
    name = one_line(name, 120)
    if not name:
        raise field_error("name", "A webhook needs a name.")
    unknown = [event for event in events if not event or len(event) > 60 or not event.isascii()]
    if unknown or len(events) > 50:
        raise field_error("events", "At most 50 event names such as incident.declared.")
    reason = check_url(url)
    if reason:
        raise field_error("url", reason)
    return {"name": name, "url": url, "events": list(dict.fromkeys(events))}


def _managed(actor: Actor, webhook_id: int) -> WebhookSubscription:
    visible = WebhookSubscription.objects.visible_to(actor).select_for_update(no_key=True)
    subscription: WebhookSubscription | None = visible.filter(pk=webhook_id).first()
    if subscription is None:
        raise NotVisible
    return subscription


def _withdraw(subscription: WebhookSubscription, reason: str) -> None:
    rows = Delivery.objects.filter(subscription=subscription, status__in=OPEN_STATUSES)
    rows.update(
        status=DeliveryStatus.WITHDRAWN,
        lease_token=None,
        lease_until=None,
        finished_at=clock.now(),
        error=reason,
    )


def _audit(actor: Actor, verb: str, subscription: WebhookSubscription) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="webhook",
        obj_id=subscription.pk,
        label=subscription.name,
        team_id=subscription.team_id,
        data={"url": subscription.url, "events": subscription.events, "active": subscription.active},
    )
