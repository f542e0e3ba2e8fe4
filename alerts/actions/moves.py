"""Where alerts go when incidents are merged, and back when a merge is undone."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from alerts.actions.snoozing import unsnoozed
from alerts.models import Alert
from incidents.actions.acknowledge import alert_joined
from incidents.actions.alerts import alerts_changed
from incidents.actions.common import lock_by_number
from incidents.models import Incident

# `came_from` is a stack, so that merges of merges can be undone from the last to the first.
_MOVE = """
UPDATE alerts_alert SET incident_id = %(into)s, came_from = came_from || %(origin)s::bigint,
    route = route || to_jsonb(%(why)s::text)
WHERE incident_id = %(origin)s
"""
_MOVE_BACK = """
UPDATE alerts_alert SET incident_id = %(origin)s, came_from = came_from[:cardinality(came_from) - 1],
    route = route || to_jsonb(%(why)s::text)
WHERE incident_id = %(survivor)s AND came_from[cardinality(came_from)] = %(origin)s
"""


def merge_alerts(*, number: int, into: int, now: dt.datetime) -> None:
    """All alerts of `number` go to `into`; when that has been merged meanwhile, on to where it went."""
    origin, survivor = Incident.objects.get(number=number), Incident.objects.get(number=into)
    while True:
        why = f"Moved to #{survivor.number}: #{origin.number} was merged into it"
        moved = _run(_MOVE, origin=origin.pk, into=survivor.pk, why=why)
        survivor = lock_by_number(survivor.number)
        if survivor.merged_into is None or not moved:
            break
        origin, survivor = survivor, survivor.merged_into
    if unsnoozed(survivor.pk, now):
        alert_joined(survivor, now=now)
    _count(survivor.number, now)


def unmerge_alerts(*, number: int, out_of: int, now: dt.datetime) -> None:
    """The alerts that the merge of `number` moved come back; what joined `out_of` later stays there."""
    origin, survivor = Incident.objects.get(number=number), Incident.objects.get(number=out_of)
    why = f"Back in #{number}: its merge into #{out_of} was undone"
    _run(_MOVE_BACK, origin=origin.pk, survivor=survivor.pk, why=why)
    for changed in sorted((number, out_of)):
        _count(changed, now)


def _run(statement: str, **values: int | str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _count(number: int, now: dt.datetime) -> None:
    mine = Alert.objects.filter(incident__number=number)
    alerts_changed(number=number, firing=mine.open().count(), total=mine.count(), now=now)
