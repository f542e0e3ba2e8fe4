"""The second stage: alerts whose time for a place has come, claimed by service as intake items are.

They were routed to another service than their integration's, put on hold by a rule, or held by a silence or window
that has ended.
"""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from alerts.live import push_changed
from alerts.models import Alert, Silence
from alerts.processing.locks import LOCK_CLASS
from alerts.processing.placing import PLACED, Placing, save
from core import clock
from core.containment import contained
from core.wakeup import wake_another
from services.models import Service

log = structlog.get_logger("watchbill.intake")

BATCH = 500
MAX_ROUNDS = 200
_AGAIN = dt.timedelta(minutes=1)

# The second condition: a silence that was ended while an alert was just being held by it.
_CLAIM = """
WITH waiting AS MATERIALIZED (
    SELECT a.service_id, count(*) AS n FROM alerts_alert a
    WHERE a.place_at IS NOT NULL AND a.status <> 'resolved' AND (a.place_at <= %(now)s OR EXISTS (
        SELECT 1 FROM alerts_silence s WHERE s.id = a.silence_id AND s.ends_at <= %(now)s))
    GROUP BY a.service_id ORDER BY count(*), min(a.id)
)
SELECT service_id, n FROM waiting WHERE pg_try_advisory_xact_lock(%(lock)s, coalesce(service_id, 0)::int)
LIMIT 1
"""


def place_due() -> int:
    """Place every alert that is due; returns how many were looked at."""
    handled = 0
    for _round in range(MAX_ROUNDS):
        done = _one_batch()
        if done is None:
            break
        handled += done
    return handled


def _one_batch() -> int | None:
    now = clock.database_now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"now": now, "lock": LOCK_CLASS})
            row = cursor.fetchone()
        if row is None:
            return None
        if row[1] > BATCH:
            wake_another("alerts.place_due")
        rows = Service.objects.select_related("team", "alerting").filter(pk=row[0])
        service = rows.first() if row[0] is not None else None
        alerts = _due(row[0], now)
        if alerts:
            contained(lambda: _place(service, alerts, now), lambda: _one_by_one(service, alerts, now))
    return len(alerts)


def _due(service_id: int | None, now: dt.datetime) -> list[Alert]:
    ended = Silence.objects.filter(pk=OuterRef("silence"), ends_at__lte=now)
    rows = Alert.objects.open().filter(Q(place_at__lte=now) | Q(Exists(ended)), service=service_id)
    rows = (
        rows.filter(place_at__isnull=False).select_related("integration").defer("raw", "links").order_by("pk")
    )
    return list(rows.select_for_update(no_key=True, of=("self",))[:BATCH])


def _place(service: Service | None, alerts: list[Alert], now: dt.datetime) -> None:
    placing = Placing(service, now)
    placing.group(placing.sort_out(alerts), {})
    save(alerts, PLACED)
    placing.tell({})
    push_changed({alert.team_id for alert in alerts}, [service.team] if service else ())


def _one_by_one(service: Service | None, alerts: list[Alert], now: dt.datetime) -> None:
    """One of them cannot be placed: find it and try it again later."""
    log.exception("alerts could not be placed; taking them one by one", alerts=len(alerts))
    for alert in alerts:
        try:
            with transaction.atomic():
                _place(service, _again(alert), now)
        except Exception:
            log.exception("an alert could not be placed", alert=alert.pk)
            Alert.objects.filter(pk=alert.pk).update(place_at=now + _AGAIN)


def _again(alert: Alert) -> list[Alert]:
    """As it is stored: the first attempt has changed the row in memory."""
    return list(Alert.objects.filter(pk=alert.pk).select_related("integration").defer("raw", "links"))
