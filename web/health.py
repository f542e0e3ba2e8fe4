"""Is everything up? Read by alarms, the health page and the admin index."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import DatabaseError

from alerts.models import IntakeItem
from core import clock
from core.models import OutboxEvent
from notifications.models import Delivery
from oncall.models import EngineHeartbeat, EscalationRun

STALE = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Check:
    """One part: is it well, and what there is to say."""

    name: str
    ok: bool
    detail: str


def database() -> Check:
    try:
        clock.database_now()
    except DatabaseError as error:
        return Check("database", False, str(error).splitlines()[0][:200])
    return Check("database", True, "answers")


def broker() -> Check:
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        return Check("redis", False, f"away, work goes on by the periodic sweeps: {error}"[:200])
    finally:
        client.close()
    return Check("redis", True, "answers")


def engine() -> Check:
    """The engine is well when somebody ticked in the last five seconds."""
    row = EngineHeartbeat.objects.filter(pk=1).first()
    if row is None:
        return Check("engine", False, "has never ticked")
    age = (clock.database_now() - row.ticked_at).total_seconds()
    if age > STALE.total_seconds():
        return Check("engine", False, f"last ticked {age:.0f} s ago")
    if row.ticked_by == "watchdog":
        return Check("engine", True, "the watchdog pages; the engine worker is away")
    return Check("engine", True, f"ticked {max(age, 0):.1f} s ago")


def checks() -> list[Check]:
    """Database, Redis and engine; the engine is not asked while the database is away."""
    first = database()
    if not first.ok:
        return [first, broker(), Check("engine", False, "unknown while the database is away")]
    return [first, broker(), engine()]


@dataclass(frozen=True)
class Backlog:
    """What waits and what failed."""

    oldest_due_run: float
    oldest_due_delivery: float
    waiting_events: int
    dead_events: int
    failed_deliveries_24h: int
    waiting_intake: int
    failed_intake: int


def backlog() -> Backlog:
    """Ages in seconds (0 when nothing is due), counts of rows."""
    now = clock.database_now()
    run = EscalationRun.objects.due(now).order_by("next_at").values_list("next_at", flat=True).first()
    delivery = Delivery.objects.due(now).order_by("due_at").values_list("due_at", flat=True).first()
    events = OutboxEvent.objects
    day = now - dt.timedelta(hours=24)
    return Backlog(
        oldest_due_run=(now - run).total_seconds() if run else 0.0,
        oldest_due_delivery=(now - delivery).total_seconds() if delivery else 0.0,
        waiting_events=events.filter(status="pending").count(),
        dead_events=events.filter(status="dead").count(),
        failed_deliveries_24h=Delivery.objects.filter(status="failed", finished_at__gt=day).count(),
        waiting_intake=IntakeItem.objects.filter(status="pending").count(),
        failed_intake=IntakeItem.objects.filter(status="failed").count(),
    )
