"""What is checked from outside, with a month of history.

No worker holds the tokens of these locations, so nothing is ever asked of the hosts. Three checks are made once a day,
and a result counts for three intervals: what the demo says of them holds for three days. The fourth is paused.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F

from alerts.actions.check_locations import save_location
from alerts.actions.checks import pause_check, save_check
from alerts.checks import saying
from alerts.checks.deciding import Seen, Verdict
from alerts.choices import AlertStatus, CheckStatus
from alerts.models import Alert, Check, CheckLocation, CheckResult, CheckRun, CheckSpan
from core import clock
from teams.actor import actor_for
from web.demo.loader import Loaded, extra

# Name and how far away it is, in milliseconds.
LOCATIONS = (("Frankfurt", 24), ("Dublin", 41), ("Virginia", 118))
_SEED = 21
_DAY, _MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
_AGE, _KEPT = 31 * _DAY, 7 * _DAY
_LAST = 4 * _MINUTE
_OUTAGE, _OUTAGE_AGO, _PAUSED_AGO = 47 * _MINUTE, 11 * _DAY, 2 * 60 * _MINUTE


@dataclass(frozen=True)
class _Demo:
    """`detail` of a good result; `slow`: milliseconds beyond the way there and back."""

    name: str
    service: str
    kind: str
    target: str
    detail: str
    slow: int
    severity: str = "error"
    interval_seconds: int = 86_400
    settings: dict[str, Any] = field(default_factory=dict)


_CHECKS = (
    _Demo(
        "Sitemap for search engines",
        "storefront",
        "http",
        "https://shop.example.com/sitemap.xml",
        "Answered 200",
        160,
        settings={"statuses": "200", "contains": "<urlset"},
    ),
    _Demo(
        "Certificate of shop.example.com",
        "storefront",
        "tls",
        "shop.example.com:443",
        "The certificate is good for 61 days",
        35,
        settings={"days": 21},
    ),
    _Demo(
        "shop.example.com points to the edge",
        "image-cdn",
        "dns",
        "shop.example.com",
        "A: 192.0.2.40",
        9,
        severity="critical",
        settings={"contains": "192.0.2.40"},
    ),
)
_DATABASE = _Demo(
    "Orders database takes connections",
    "orders-db",
    "tcp",
    "orders-db.example.com:5432",
    "Connected",
    2,
    severity="critical",
    interval_seconds=300,
)


@extra
def checks(made: Loaded, now: dt.datetime) -> None:
    """Three that are up, and one that was down once and is paused now."""
    chance = random.Random(_SEED)  # noqa: S311 - the same story every time, nothing secret
    robin = actor_for(made.people["admin"])
    places = [save_location(actor=robin, name=name, with_token=True)[0] for name, _away in LOCATIONS]
    CheckLocation.objects.filter(pk__in=[place.pk for place in places]).update(last_seen_at=now - _LAST)
    for demo in _CHECKS:
        check = _make(made, demo, places, now)
        _spans(check, [(CheckStatus.UP, now - _AGE)])
        _results(check, demo, chance, now - _LAST, now)
    database = _make(made, _DATABASE, places, now)
    down = now - _OUTAGE_AGO
    spans = [(CheckStatus.UP, now - _AGE), (CheckStatus.DOWN, down), (CheckStatus.UP, down + _OUTAGE)]
    _spans(database, spans)
    _alert(database, down)
    _results(database, _DATABASE, chance, now - _PAUSED_AGO, now)
    pause_check(actor=robin, check_id=database.pk, now=now - _PAUSED_AGO)


def refresh() -> None:
    """On each start: what was seen moves to now, unless the product has found out that nobody looks."""
    now = clock.now()
    names = [name for name, _away in LOCATIONS]
    with transaction.atomic():
        for check in Check.objects.filter(status=CheckStatus.UP, name__in=[demo.name for demo in _CHECKS]):
            runs = CheckRun.objects.filter(made_for=check, location__name__in=names)
            last = runs.order_by("-seen_at").values_list("seen_at", flat=True).first()
            if last is None or last > now - _LAST or runs.count() != check.locations.count():
                continue
            later = now - _LAST - last
            runs.update(seen_at=F("seen_at") + later, next_at=F("next_at") + later)
            CheckResult.objects.filter(made_for=check).update(at=F("at") + later)


def _make(made: Loaded, demo: _Demo, places: list[CheckLocation], now: dt.datetime) -> Check:
    service = made.services[demo.service]
    check = save_check(
        actor=actor_for(made.people["admin"]),
        now=now - _AGE,
        name=demo.name,
        service_id=service.pk,
        kind=demo.kind,
        target=demo.target,
        settings=demo.settings,
        interval_seconds=demo.interval_seconds,
        severity=demo.severity,
        location_ids=[place.pk for place in places],
    )
    Check.objects.filter(pk=check.pk).update(created_at=now - _AGE)
    return check


def _spans(check: Check, began: list[tuple[CheckStatus, dt.datetime]]) -> None:
    """Its history: in which status from when on; the last one still is."""
    CheckSpan.objects.filter(made_for=check).delete()
    ends = [since for _status, since in began[1:]] + [None]
    CheckSpan.objects.bulk_create(
        CheckSpan(made_for=check, status=status, since=since, until=until)
        for (status, since), until in zip(began, ends, strict=True)
    )
    status, since = began[-1]
    Check.objects.filter(pk=check.pk).update(status=status, changed_at=since)


def _results(check: Check, demo: _Demo, chance: random.Random, last: dt.datetime, now: dt.datetime) -> None:
    """What the locations saw, back from `last`: a week of it, or a day where it is made often."""
    every = dt.timedelta(seconds=demo.interval_seconds)
    until = now - (_DAY if every < _DAY else _KEPT)
    away = dict(LOCATIONS)
    rows = []
    for run in CheckRun.objects.filter(made_for=check).select_related("location"):
        at = last - dt.timedelta(seconds=chance.uniform(1, 20))
        run.seen_at, run.next_at = at, at + every
        run.ok, run.detail = True, demo.detail
        while at > until:
            took = round((away[run.location.name] + demo.slow) * chance.uniform(0.85, 1.5))
            rows.append(
                CheckResult(
                    made_for=check,
                    location_id=run.location_id,
                    at=at,
                    ok=True,
                    detail=demo.detail,
                    milliseconds=took,
                )
            )
            run.milliseconds = run.milliseconds or took
            at -= every
        run.save()
    CheckResult.objects.bulk_create(sorted(rows, key=lambda row: row.at))


def _alert(check: Check, at: dt.datetime) -> None:
    """The outage, in the words the product has for it; planned work, so that it opened nothing."""
    saw = tuple(Seen(name, False, at, "Connection refused") for name, _away in LOCATIONS)
    told = saying.down(check, Verdict(str(CheckStatus.DOWN), saw, ()), len(saw))
    Alert.objects.create(
        integration=check.integration,
        service_id=check.service_id,
        team_id=check.team_id,
        dedup_key=told.dedup_key,
        group_key=told.group_key,
        status=AlertStatus.RESOLVED,
        severity=told.severity,
        title=told.title,
        description=told.description,
        source=told.source,
        labels=told.labels,
        route=[
            f"Came in over “{check.name}” for {check.service.name}",
            "Held back by maintenance: the storage was being moved",
            "Resolved while it was held back: nothing was opened",
        ],
        first_seen_at=at,
        last_seen_at=at,
        acknowledged_at=at + 3 * _MINUTE,
        resolved_at=at + _OUTAGE,
    )
