"""How fast pages go to one destination: a few at once, then the rest of a storm waits for its bundle."""

from __future__ import annotations

import datetime as dt

from django.db.models import Min, Q

from notifications import limits
from notifications.choices import Category, DeliveryStatus, Priority
from notifications.models import Delivery


def hold_back(row: Delivery, now: dt.datetime) -> bool:
    """Hold this page and all others that wait for the same destination, when enough have just gone out.

    First pages of a service and bundles are never held. Nothing is held twice. Senders that look at the
    same moment may each let one through, so the limit is exceeded by their number at most.
    """
    if row.category != Category.PAGE or row.priority == Priority.FIRST_PAGE or row.is_bundle:
        return False
    pace = limits.current()
    lane = Delivery.objects.filter(lane=row.lane, category=Category.PAGE, priority=Priority.PAGE)
    gone = Q(status=DeliveryStatus.SENDING) | Q(sent_at__gt=now - pace.window)
    if lane.filter(gone).exclude(pk=row.pk).count() < pace.singles:
        return False
    waiting = lane.filter(status=DeliveryStatus.PENDING)
    running = waiting.filter(hold_until__gt=now).aggregate(at=Min("hold_until"))["at"]
    until = running or now + pace.hold
    free = waiting.filter(due_at__lte=now, hold_until=None).exclude(origin=Delivery.BUNDLE).order_by("pk")
    ids = list(free.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in={row.pk, *ids}).update(
        status=DeliveryStatus.PENDING, lease_token=None, lease_until=None, hold_until=until, due_at=until
    )
    return True
