"""The demo's checks: nothing is asked of anybody, and their state holds for three days."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from alerts.actions.check_locations import own_location
from alerts.actions.check_work import lease, mark_unseen
from alerts.checks import selectors, uptime
from alerts.models import Check, CheckLocation, CheckResult, CheckRun, IntakeItem
from core import clock
from services.models import Service
from tests.factories import make_team, make_user
from web.demo import checks
from web.demo.loader import Loaded

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def loaded() -> list[Check]:
    made = Loaded()
    made.people["admin"] = make_user("Robin", admin=True)
    team = make_team("Platform")
    for slug in {demo.service for demo in (*checks._CHECKS, checks._DATABASE)}:
        made.services[slug] = Service.objects.create(slug=slug, name=slug, team=team)
    with time_machine.travel(NOW, tick=False):
        checks.checks(made, NOW)
    return list(Check.objects.order_by("pk"))


def states() -> list[str]:
    return list(Check.objects.order_by("pk").values_list("status", flat=True))


def test_a_month_of_history_and_one_outage(loaded: list[Check]) -> None:
    assert [check.kind for check in loaded] == ["http", "tls", "dns", "tcp"]
    assert states() == ["up", "up", "up", "paused"]
    month = uptime.uptime_of_checks([check.pk for check in loaded], NOW - 30 * DAY, NOW)
    known = 30 * DAY - 2 * HOUR
    assert list(month.values()) == [1.0, 1.0, 1.0, 1 - dt.timedelta(minutes=47) / known]
    spans = [(span.status, span.until) for span in selectors.spans_of(loaded[3].pk, 10)]
    assert [status for status, _until in spans] == ["paused", "up", "down", "up"]
    assert CheckResult.objects.filter(made_for=loaded[0]).count() == 21
    assert not IntakeItem.objects.exists()


def test_this_installation_asks_nobody(loaded: list[Check]) -> None:
    assert lease(location=own_location(), limit=50, now=NOW + 2 * DAY) == []
    assert all(place.token_digest for place in CheckLocation.objects.exclude(name="Here"))


def test_its_state_holds_for_three_days_and_then_says_that_nobody_looks(loaded: list[Check]) -> None:
    assert mark_unseen(now=NOW + 3 * DAY - HOUR) == 0
    assert mark_unseen(now=NOW + 3 * DAY + HOUR) == 3
    assert states() == ["unknown", "unknown", "unknown", "paused"]


def test_a_later_start_moves_what_was_seen_to_now(loaded: list[Check]) -> None:
    later = NOW + 20 * DAY
    before = dict(CheckRun.objects.values_list("pk", "seen_at"))
    with time_machine.travel(later, tick=False):
        checks.refresh()
        checks.refresh()
        assert mark_unseen(now=clock.now() + 2 * DAY) == 0
    after = dict(CheckRun.objects.values_list("pk", "seen_at"))
    paused = set(CheckRun.objects.filter(made_for=loaded[3]).values_list("pk", flat=True))
    assert {pk for pk, at in after.items() if at == before[pk]} == paused
    moved = [at for pk, at in after.items() if pk not in paused and at is not None]
    assert max(moved) == later - dt.timedelta(minutes=4)
    assert states() == ["up", "up", "up", "paused"]
