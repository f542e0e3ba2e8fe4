"""Another way to a person whose page does not get through."""

from __future__ import annotations

import datetime as dt

from core.wakeup import wake
from notifications.actions.pages import mark_first_pages, page_root
from notifications.choices import Category, Channel
from notifications.models import ContactMethod, Delivery
from notifications.reach import lane_of


def create(row: Delivery, now: dt.datetime) -> Delivery | None:
    """Write the same page by a usable method that this page has not used yet; None when there is none.

    Other channels come first: a mail server that is down is down for every address. A method whose turn
    comes later by rule counts as used.
    """
    if row.user_id is None:
        return None
    root = page_root(row.key, row.user_id)
    used = Delivery.objects.filter(key__startswith=root, method__isnull=False).values("method_id")
    methods = ContactMethod.objects.filter(
        user_id=row.user_id, user__is_active=True, verified_at__isnull=False, disabled_at__isnull=True
    )
    free = [m for m in methods.exclude(pk__in=used).order_by("pk") if m.channel != Channel.CONSOLE]
    if not free:
        return None
    method = min(free, key=lambda each: (each.channel == row.channel, each.pk))
    other = Delivery(
        key=f"{root}fallback/{method.pk}",
        category=Category.PAGE,
        channel=method.channel,
        user_id=row.user_id,
        method=method,
        team_id=row.team_id,
        address=method.address,
        lane=lane_of(method),
        origin=row.origin,
        source=row.source,
        subject_key=row.subject_key,
        urgency=row.urgency,
        title=row.title,
        body=row.body,
        url_path=row.url_path,
        due_at=now,
        expires_at=row.expires_at,
        created_at=now,
    )
    mark_first_pages([other], now)
    Delivery.objects.bulk_create([other], ignore_conflicts=True)
    wake("notifications.send_due")
    return other
