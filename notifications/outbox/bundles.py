"""One message for many pages."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.translation import ngettext

from core.text import one_line
from notifications.choices import Category, DeliveryStatus, Priority, Urgency
from notifications.models import Delivery

LISTED = 20


def gather(row: Delivery, now: dt.datetime) -> Delivery:
    """Put all held pages of the destination into one new delivery; a page that waits alone goes as it is.

    Locks in primary-key order and leaves out what another sender holds.
    """
    held = Delivery.objects.filter(
        lane=row.lane,
        category=Category.PAGE,
        status=DeliveryStatus.PENDING,
        hold_until__isnull=False,
        expires_at__gt=now,
    )
    rows = list(held.order_by("pk").select_for_update(no_key=True, skip_locked=True))
    if len(rows) < 2:
        return row
    bundle = Delivery.objects.create(
        key=f"bundle-{uuid.uuid4().hex}",
        category=Category.PAGE,
        channel=row.channel,
        user_id=row.user_id,
        method_id=row.method_id,
        address=row.address,
        lane=row.lane,
        origin=Delivery.BUNDLE,
        priority=Priority.PAGE,
        urgency=Urgency.HIGH if any(each.urgency == Urgency.HIGH for each in rows) else Urgency.LOW,
        title=title_of([each.title for each in rows], len(rows)),
        url_path="/",
        due_at=now,
        expires_at=max(each.expires_at for each in rows if each.expires_at),
        created_at=now,
    )
    Delivery.objects.filter(pk__in=[each.pk for each in rows]).update(
        status=DeliveryStatus.BUNDLED, bundled_into=bundle, finished_at=now, hold_until=None
    )
    return bundle


def title_of(titles: list[str], count: int) -> str:
    """`12 more pages: first title, second title, …`."""
    head = ngettext("%(n)d more page: %(titles)s", "%(n)d more pages: %(titles)s", count)
    return one_line(head % {"n": count, "titles": ", ".join(titles[:3])}, 300)


def live_members(bundle: Delivery) -> tuple[list[Delivery], int]:
    """The first 20 pages of a bundle that have not been withdrawn, and how many there are in all."""
    inside = Delivery.objects.filter(bundled_into=bundle, status=DeliveryStatus.BUNDLED)
    return list(inside.order_by("pk")[:LISTED]), inside.count()
