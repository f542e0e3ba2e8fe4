"""Changing how fast pages go out, for the whole installation."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import InvalidInput, NotVisible
from notifications import limits
from notifications.models import DeliveryLimits
from notifications.permissions import may_change_limits
from teams.actions.audit import record
from teams.actor import Actor

# name → (least, most), as the table's constraint has them.
BOUNDS = {
    "singles": (1, 1000),
    "window_seconds": (1, 3600),
    "hold_seconds": (1, 3600),
    "expire_minutes": (1, 1440),
}


def stored_limits() -> DeliveryLimits:
    """The row, or an unsaved one with the defaults."""
    return DeliveryLimits.objects.filter(pk=1).first() or DeliveryLimits()


def set_limits(
    *,
    actor: Actor,
    singles: int,
    window_seconds: int,
    hold_seconds: int,
    expire_minutes: int,
    now: dt.datetime,
) -> DeliveryLimits:
    """Put these in place; every process follows within five seconds. Admins only; audited."""
    if not may_change_limits(actor):
        raise NotVisible
    values = {
        "singles": singles,
        "window_seconds": window_seconds,
        "hold_seconds": hold_seconds,
        "expire_minutes": expire_minutes,
    }
    _check(values)
    with transaction.atomic():
        before = stored_limits()
        row, _created = DeliveryLimits.objects.update_or_create(pk=1, defaults={**values, "updated_at": now})
        changed = {
            name: [getattr(before, name), value]
            for name, value in values.items()
            if getattr(before, name) != value
        }
        if changed:
            record(
                actor=actor,
                verb="changed",
                obj_type="delivery_limits",
                obj_id=row.pk,
                label=str(row),
                data=changed,
            )
        transaction.on_commit(limits.forget)
    return row


def _check(values: dict[str, int]) -> None:
    reasons: dict[str, list[str]] = {}
    for name, (least, most) in BOUNDS.items():
        if not least <= values[name] <= most:
            reasons[name] = [_("From %(least)d to %(most)s.") % {"least": least, "most": f"{most:,}"}]
    if not reasons and values["hold_seconds"] >= values["expire_minutes"] * 60:
        reasons["hold_seconds"] = [
            _("Shorter than the time after which a page is dropped: else bundles would never go out.")
        ]
    if reasons:
        raise InvalidInput(_("Some of the limits cannot be used."), fields=reasons)
