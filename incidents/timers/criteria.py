"""Machine-checked exit criteria begin and cease to hold as time passes."""

from __future__ import annotations

import datetime as dt

from incidents.actions.criteria import note_verdict
from incidents.choices import ACTIVE, CriterionKind
from incidents.criteria import facts_for, judge
from incidents.models import ExitCriterion

AT_ONCE = 500


def _criteria(now: dt.datetime) -> None:
    """Compares what is stored with what holds; writes only where that changed."""
    rows = ExitCriterion.objects.exclude(kind=CriterionKind.MANUAL).filter(incident__status__in=ACTIVE)
    found = list(rows.select_related("incident").order_by("-incident__number")[:AT_ONCE])
    facts = facts_for(found)
    for row in found:
        verdict = judge([row], row.incident, facts, now)[0]
        if verdict.met != (row.met_at is not None):
            note_verdict(number=row.incident.number, criterion_id=row.pk, now=now)


TIMERS = (_criteria,)
