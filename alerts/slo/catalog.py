"""Objectives where services are listed: the hooks of the catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from alerts.choices import Burning
from alerts.models import Objective
from alerts.slo import words
from alerts.slo.selectors import of_services
from services.hooks import Budget, ReadinessCheck
from teams.actor import Actor


def budgets(service_ids: Sequence[int], actor: Actor) -> dict[int, Budget]:
    """Service id → the measured objective with the least budget left."""
    found: dict[int, Budget] = {}
    for row in of_services(actor, service_ids, limit=None):
        if row.percent_left is not None and row.service_id not in found:
            text = _("%(percent)d %% left") % {"percent": max(row.percent_left, 0)}
            found[row.service_id] = Budget(text, tone(row), row.get_absolute_url())
    return found


def readiness(service_ids: Sequence[int], actor: Actor, now: dt.datetime) -> dict[int, ReadinessCheck]:
    """Whether each has an objective in use that is measured."""
    found: dict[int, Objective] = {}
    for row in of_services(actor, service_ids, limit=None):
        found.setdefault(row.service_id, row)
    return {pk: _line(found.get(pk)) for pk in service_ids}


def _line(row: Objective | None) -> ReadinessCheck:
    label = _("Service level objective")
    if row is None:
        return ReadinessCheck("slo", label, False, _("It has none in use."), "/objectives/new/")
    if row.percent_left is None:
        detail = _("%(name)s is not measured yet.") % {"name": row.name}
        return ReadinessCheck("slo", label, False, detail, row.get_absolute_url())
    return ReadinessCheck("slo", label, True, f"{row.name}: {words.left(row)}.", row.get_absolute_url())


def tone(row: Objective) -> str:
    """danger, warn or ok."""
    if row.burning == Burning.FAST or row.is_spent:
        return "danger"
    return "warn" if row.burning else "ok"
