"""Turning a stored delivery into plain data for a transport."""

from __future__ import annotations

from typing import Any

from core.crypto import unseal
from notifications import links
from notifications.channels import KINDS
from notifications.choices import Category, Channel, Provider
from notifications.models import Delivery
from notifications.outbox import bundles, reply_codes
from notifications.providers import settings_of
from notifications.transports.base import Line, Outgoing

_WITH_SECRET = {Channel.WEBHOOK, Channel.APPRISE, Channel.PUSH}


def outgoing(row: Delivery) -> Outgoing | None:
    """What to send; None for a bundle without a page left. `row` has user, method and subscription loaded."""
    lines: tuple[Line, ...] = ()
    title, more = row.title, 0
    if row.is_bundle:
        members, count = bundles.live_members(row)
        if not members:
            return None
        title = bundles.title_of([member.title for member in members], count)
        lines = tuple(Line(member.title, _address(member.url_path)) for member in members)
        more = count - len(members)
    user = row.user
    return Outgoing(
        key=row.key,
        delivery_id=row.pk,
        category=row.category,
        channel=row.channel,
        address=row.address,
        title=title,
        body=_opened(row, "sealed_body") or row.body,
        url=_address(_opened(row, "sealed_path") or row.url_path),
        url_path=row.url_path,
        urgency=row.urgency,
        subject_key=row.subject_key,
        user_id=row.user_id,
        name=str(user) if user else "",
        language=user.language if user else "en",
        zone=user.time_zone if user else "UTC",
        acknowledge_url=_acknowledge(row),
        code=_opened(row, "sealed_code"),
        lines=lines,
        more=more,
        payload=row.payload,
        secret=_secret(row),
        settings=_settings(row),
        reply_code=reply_codes.shown(row),
        timestamp=row.created_at.isoformat(),
        expires_at=row.expires_at,
    )


def _opened(row: Delivery, name: str) -> str:
    """What is stored sealed, because it lets somebody in; "" when there is none."""
    sealed = row.payload.get(name, "")
    return unseal(sealed) if sealed else ""


def _address(path: str) -> str:
    return links.absolute(path) if path else ""


def _acknowledge(row: Delivery) -> str:
    """Pages about one thing carry the link that acknowledges it as the person who got the mail."""
    if row.category != Category.PAGE or not row.subject_key or row.user_id is None or row.is_bundle:
        return ""
    return links.absolute(links.acknowledge_path(row.pk))


def _secret(row: Delivery) -> str:
    if row.channel not in _WITH_SECRET:
        return ""
    if row.subscription is not None:
        return unseal(row.subscription.secret)
    return unseal(row.method.secret) if row.method is not None else ""


def _settings(row: Delivery) -> dict[str, Any]:
    """What the installation knows of the provider; empty for channels that need none or are not set up."""
    if row.channel == Channel.PUSH:
        return settings_of(Provider.PUSH) or {}
    kind = KINDS.get(row.channel)
    return (settings_of(kind.provider) or {}) if kind is not None and kind.provider else {}
