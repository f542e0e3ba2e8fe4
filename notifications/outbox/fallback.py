"""Another way to a person whose page does not get through."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.wakeup import wake
from notifications.actions.pages import mark_first_pages, page_root
from notifications.channels import provider_of, ready
from notifications.choices import OPEN_STATUSES, Category, Channel, DeliveryStatus
from notifications.models import ContactMethod, Delivery
from notifications.reach import lane_of

_THROUGH = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)


@dataclass(frozen=True)
class _Way:
    """A candidate: a message whose turn comes later by rule, or a method this page has not used."""

    method: ContactMethod
    later: Delivery | None = None


def create(row: Delivery, now: dt.datetime) -> Delivery | None:
    """Send the same page by the person's next method now; None when there is none.

    The earliest message whose turn comes later by rule is brought forward; without one a usable method not
    used yet gets the page. What another provider carries comes first: a provider that is down is down for
    every address.
    """
    if row.user_id is None:
        return None
    root = page_root(row.key, row.user_id)
    page = Delivery.objects.filter(key__startswith=root, user_id=row.user_id, method__isnull=False)
    ways = [*_later(row, page, now), *_unused(row, page)]
    if not ways:
        return None
    carrier = provider_of(row.channel, row.address)
    way = min(ways, key=lambda each: provider_of(each.method.channel, each.method.address) == carrier)
    other = _forward(way.later, now) if way.later is not None else _written(row, way.method, root, now)
    wake("notifications.send_due")
    return other


def reached_by(row: Delivery) -> str:
    """How the person gets this page all the same: a sentence, "" when nothing has got through or is under way."""
    if row.user_id is None:
        return ""
    page = Delivery.objects.filter(key__startswith=page_root(row.key, row.user_id), user_id=row.user_id)
    others = page.exclude(pk=row.pk).exclude(method_id=row.method_id).select_related("method").order_by("pk")
    through = others.filter(Q(status__in=_THROUGH) | _in_bundle(_THROUGH)).first()
    if through is not None:
        return _("It has gone out by %(method)s.") % {"method": through.method or through.channel}
    others = others.exclude(method_id__in=_failed(page))
    waiting = others.filter(Q(status__in=OPEN_STATUSES) | _in_bundle(OPEN_STATUSES)).first()
    if waiting is not None:
        return _("It is on its way by %(method)s.") % {"method": waiting.method or waiting.channel}
    return ""


def _in_bundle(statuses: tuple[DeliveryStatus, ...]) -> Q:
    return Q(status=DeliveryStatus.BUNDLED, bundled_into__status__in=statuses)


def _failed(page: QuerySet[Delivery]) -> QuerySet[Delivery, Any]:
    """Ids of the methods by which something of this page has gone wrong."""
    rows = page.filter(method__isnull=False).exclude(error="").exclude(status=DeliveryStatus.WITHDRAWN)
    return rows.values_list("method_id", flat=True)


def _later(row: Delivery, page: QuerySet[Delivery], now: dt.datetime) -> list[_Way]:
    """Messages of the page whose turn has not come, by methods that have not failed it; earliest first.

    What somebody else holds (a withdrawal under way) is left to them.
    """
    rows = page.filter(status=DeliveryStatus.PENDING, due_at__gt=now, hold_until=None, error="", attempts=0)
    rows = rows.filter(method__verified_at__isnull=False, method__disabled_at__isnull=True)
    rows = rows.exclude(pk=row.pk).exclude(method_id=row.method_id).exclude(method_id__in=_failed(page))
    found = rows.select_related("method", "user").order_by("due_at", "pk")
    locked = found.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return [_Way(each.method, each) for each in locked if each.method is not None]


def _unused(row: Delivery, page: QuerySet[Delivery]) -> list[_Way]:
    methods = ContactMethod.objects.filter(
        user_id=row.user_id or 0, user__is_active=True, verified_at__isnull=False, disabled_at__isnull=True
    )
    free = methods.exclude(pk__in=page.values("method_id")).exclude(channel=Channel.CONSOLE).order_by("pk")
    usable = ready()
    return [_Way(method) for method in free if method.channel in usable]


def _forward(later: Delivery, now: dt.datetime) -> Delivery:
    later.due_at = now
    later.save(update_fields=["due_at"])
    return later


def _written(row: Delivery, method: ContactMethod, root: str, now: dt.datetime) -> Delivery:
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
    return other
