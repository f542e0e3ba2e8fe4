"""Checks and objectives as things an action item changes."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from alerts.models import Check, Objective
from incidents.target_hooks import Change, Choice, audited_changes
from teams.actor import Actor

_MOST = 50


class Checks:
    """Ticks when the check is edited; pausing and trying it out do not count."""

    kind = "check"
    classes: Collection[str] = ("monitor", "detect")

    @property
    def label(self) -> str:
        return _("Check")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        return _choices(Check, actor, text, key)

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        return audited_changes("check", keys, "Check")


class Objectives:
    """Ticks when the objective is edited."""

    kind = "objective"
    classes: Collection[str] = ("monitor", "vendor_sla")

    @property
    def label(self) -> str:
        return _("Objective")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        return _choices(Objective, actor, text, key)

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        return audited_changes("objective", keys, "Objective")


def _choices(model: type[Check] | type[Objective], actor: Actor, text: str, key: str) -> list[Choice]:
    rows = model.objects.visible_to(actor).filter(name__icontains=text)
    if key:
        rows = rows.filter(pk=int(key) if key.isdigit() and len(key) < 19 else 0)
    return [
        Choice(str(row.pk), row.name, row.get_absolute_url()) for row in rows.order_by("name", "pk")[:_MOST]
    ]
