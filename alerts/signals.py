"""How services do in each region, by their alerts: the hook of `incidents`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import Min

from alerts.choices import AlertStatus
from alerts.models import Alert
from incidents.hooks import Signal

# Enough to find when a service last became quiet in each of its regions.
_LATEST = 200
_SQL = """
SELECT s.id, COALESCE(a.region, ''), COUNT(*) FILTER (WHERE a.open), MAX(a.resolved_at)
FROM unnest(%s::bigint[]) AS s(id)
CROSS JOIN LATERAL (
  (SELECT labels ->> 'region' AS region, TRUE AS open, NULL::timestamptz AS resolved_at
   FROM alerts_alert WHERE service_id = s.id AND status <> 'resolved')
  UNION ALL
  (SELECT labels ->> 'region', FALSE, resolved_at
   FROM alerts_alert WHERE service_id = s.id AND status = 'resolved' ORDER BY id DESC LIMIT %s)
) AS a
GROUP BY 1, 2 ORDER BY 1, 2
"""


def signals(service_ids: Collection[int]) -> list[Signal]:
    """One row for each service and value of the label `region`; alerts without it count as region ""."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [sorted(service_ids), _LATEST])
        rows = cursor.fetchall()
    return [
        Signal(service_id, region[:60], firing, None if firing else quiet)
        for service_id, region, firing, quiet in rows
    ]


def first_alerts(service_ids: Collection[int]) -> dict[int, dt.datetime]:
    """Service id → when the oldest of its open alerts was first seen: one statement."""
    rows = Alert.objects.filter(service_id__in=service_ids).exclude(status=AlertStatus.RESOLVED).order_by()
    return dict(rows.values_list("service_id").annotate(first=Min("first_seen_at")))
