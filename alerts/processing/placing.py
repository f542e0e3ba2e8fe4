"""Giving alerts of one service their place: held, or in an incident; and telling the incidents.

The caller holds the service's lock and the rows of the alerts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection

from alerts.choices import AlertStatus
from alerts.models import Alert
from alerts.processing.grouping import Grouping, Joined
from alerts.processing.holding import Holds, hold_back, release
from incidents.actions.alerts import AttachedAlert, Attachment, alerts_attached, alerts_changed
from incidents.actions.common import lock_by_number
from notifications.choices import Urgency
from services.models import Service

_COUNTS = """
SELECT i.number, i.id, count(*) FILTER (WHERE a.status <> 'resolved'), count(*)
FROM alerts_alert a JOIN incidents_incident i ON i.id = a.incident_id
WHERE a.incident_id = ANY(%s) GROUP BY i.number, i.id ORDER BY i.number
"""

# What placing may change of an alert that is stored, with the column's type; then what a further event may.
PLACED = {
    "incident_id": "bigint",
    "route": "jsonb",
    "held_by": "text",
    "place_at": "timestamptz",
    "silence_id": "bigint",
    "window_id": "bigint",
    "symptom_of_id": "bigint",
}
CHANGED = PLACED | {
    "status": "text",
    "urgency": "text",
    "severity": "text",
    "title": "text",
    "description": "text",
    "labels": "jsonb",
    "links": "jsonb",
    "raw": "jsonb",
    "count": "int",
    "last_seen_at": "timestamptz",
    "changes": "int",
    "flap_since": "timestamptz",
    "folded": "int",
    "acknowledged_at": "timestamptz",
    "resolved_at": "timestamptz",
}


class Placing:
    """Alerts of one service at one instant."""

    def __init__(self, service: Service | None, now: dt.datetime) -> None:
        self.service = service
        self.now = now
        self.joined: dict[int, Joined] = {}

    def sort_out(self, alerts: list[Alert]) -> list[Alert]:
        """Hold back what a silence or window covers; the others, which are to be placed."""
        if not alerts:
            return []
        holds = Holds(self.service, self.now)
        free: list[Alert] = []
        for alert in alerts:
            hold = holds.of(alert)
            if hold is not None:
                hold_back(alert, hold)
            else:
                release(alert)
                free.append(alert)
        return free

    def group(self, alerts: list[Alert], drills: Mapping[int, Any], touched: Collection[int] = ()) -> None:
        """Put each into its incident, opening what is missing."""
        self.joined = Grouping(self.service, self.now).place(alerts, dict(drills), touched)

    def tell(self, touched: Mapping[int, bool], *, urgent: Collection[int] = ()) -> None:
        """Tell every incident concerned, after the alerts are written.

        `touched`: ids of incidents of which alerts have resolved, and whether that is news. `urgent`: ids of
        incidents of which something has become of high urgency.
        """
        ids = {alert.incident_id for row in self.joined.values() for alert in row.alerts} | {
            *touched,
            *urgent,
        }
        if not ids:
            return
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, [sorted(pk for pk in ids if pk)])
            counts = cursor.fetchall()
        attached: list[Attachment] = []
        for number, pk, firing, total in counts:
            row = self.joined.get(number)
            if row is None and pk not in urgent:
                alerts_changed(
                    number=number, firing=firing, total=total, told=touched.get(pk, True), now=self.now
                )
                continue
            joined = row or Joined(lock_by_number(number))
            attached.append(_attachment(joined, firing, total, pk in urgent))
        if attached:
            alerts_attached(attached, now=self.now)


def _attachment(row: Joined, firing: int, total: int, urgent: bool) -> Attachment:
    high = any(a.urgency == Urgency.HIGH and a.status == AlertStatus.FIRING for a in row.paging)
    return Attachment(
        row.incident,
        [AttachedAlert(a.pk, a.title, a.severity) for a in row.news],
        firing,
        total,
        page=bool(row.paging),
        urgent=high or urgent,
        policy_id=next((a.policy_id for a in row.paging if a.policy_id), None),
    )


def save(alerts: list[Alert], columns: Mapping[str, str] = CHANGED) -> None:
    """Write these columns of stored alerts in one statement, and new alerts whole."""
    old = [alert for alert in alerts if alert.pk is not None]
    if old:
        rows = [{"id": alert.pk, **{name: getattr(alert, name) for name in columns}} for alert in old]
        sets = ", ".join(f'"{name}" = r."{name}"' for name in columns)
        types = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statement = (
            f"UPDATE alerts_alert AS a SET {sets} "  # noqa: S608 - names of columns from above
            f"FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, {types}) WHERE a.id = r.id"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [json.dumps(rows, default=dt.datetime.isoformat)])
    Alert.objects.bulk_create([alert for alert in alerts if alert.pk is None], batch_size=500)
