"""What results of several locations mean together, and how long something was up."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from alerts.checks import selectors, uptime
from alerts.checks.deciding import Seen, Verdict, fresh_for, verdict
from alerts.models import Check, CheckSpan
from tests.alerts.test_checks import make_check, make_location
from tests.world import World, make_service, make_world

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
WINDOW = fresh_for(60, 10)

ages = st.one_of(st.none(), st.integers(-5, 2 * 220).map(lambda seconds: dt.timedelta(seconds=seconds)))
sights = st.builds(
    lambda ok, age: Seen("x", ok if age is not None else None, NOW - age if age is not None else None),
    st.booleans(),
    ages,
)
judged = st.builds(
    lambda status, needed, seen, since: (status, needed, seen, NOW - dt.timedelta(seconds=since)),
    st.sampled_from(["waiting", "up", "down", "unknown"]),
    st.integers(2, 5),
    st.lists(sights, max_size=7),
    st.integers(0, 400),
)


def judge(status: str, needed: int, seen: list[Seen], since: dt.datetime) -> Verdict:
    return verdict(status=status, since=since, needed=needed, window=WINDOW, seen=seen, now=NOW)


def counted(seen: list[Seen], ok: bool) -> int:
    return sum(each.ok is ok and each.seen_at is not None and NOW - each.seen_at < WINDOW for each in seen)


def test_a_result_counts_for_three_intervals_a_timeout_and_half_a_minute() -> None:
    assert fresh_for(60, 10) == dt.timedelta(seconds=220)


@given(judged)
def test_down_means_that_as_many_as_needed_see_it_fail(case: tuple) -> None:
    _status, needed, seen, _since = case
    assert (judge(*case).status == "down") == (counted(seen, False) >= needed)


@given(judged)
def test_one_location_alone_is_never_enough(case: tuple) -> None:
    status, needed, seen, since = case
    alone = [each._replace(ok=True if each.ok is not None else None) for each in seen]
    for number in range(len(alone)):
        one = [*alone[:number], alone[number]._replace(ok=False, seen_at=NOW), *alone[number + 1 :]]
        assert judge(status, needed, one, since).status != "down"


@given(judged)
def test_up_needs_results_enough_of_which_too_few_fail(case: tuple) -> None:
    _status, needed, seen, _since = case
    bad, good = counted(seen, False), counted(seen, True)
    assert (judge(*case).status == "up") == (bad < needed <= bad + good)


@given(judged)
def test_without_results_enough_nothing_is_known(case: tuple) -> None:
    status, needed, seen, since = case
    found = judge(*case)
    few = counted(seen, False) + counted(seen, True) < needed
    assert (found.status in ("unknown", "waiting")) == few
    if found.status == "waiting":
        assert status == "waiting"
        assert NOW - since < WINDOW
    assert (len(found.failing), len(found.well)) == (counted(seen, False), counted(seen, True))


@given(judged)
def test_the_verdict_stands_when_it_is_asked_again(case: tuple) -> None:
    status, needed, seen, since = case
    found = judge(*case).status
    assert judge(found, needed, seen, since if found == status else NOW).status == found


@given(judged)
def test_paused_stays_paused(case: tuple) -> None:
    _status, needed, seen, since = case
    assert judge("paused", needed, seen, since).status == "paused"


def span(check: Check, status: str, since: float, until: float | None) -> None:
    """Hours before `NOW`."""
    CheckSpan.objects.create(
        made_for=check,
        status=status,
        since=NOW - dt.timedelta(hours=since),
        until=None if until is None else NOW - dt.timedelta(hours=until),
    )


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def bare(world: World, name: str, **fields: object) -> Check:
    rows = [make_location(f"{name} {number}") for number in (1, 2)]
    check = make_check(world, rows, name=name, **fields)
    CheckSpan.objects.filter(made_for=check).delete()
    return check


def test_uptime_is_of_the_judged_time_within_what_is_asked(world: World) -> None:
    check = bare(world, "A")
    span(check, "up", 100, 20)
    span(check, "down", 20, 18)
    span(check, "unknown", 18, 10)
    span(check, "paused", 10, 6)
    span(check, "waiting", 6, 5)
    span(check, "up", 5, None)

    def last(hours: float, end: float = 0) -> float | None:
        since, until = (NOW - dt.timedelta(hours=each) for each in (hours, end))
        return uptime.uptime_of_checks([check.pk], since, until)[check.pk]

    assert last(24) == pytest.approx((4 + 5) / (4 + 2 + 5))
    assert last(24, 19) == pytest.approx(4 / 5)
    assert (last(17, 7), last(5), last(20, 18), last(200, 100)) == (None, 1.0, 0.0, None)
    assert last(120) == pytest.approx(85 / 87)


def test_uptime_of_services_is_over_all_their_checks_in_one_statement(world: World) -> None:
    other, empty = make_service(world.team, "billing"), make_service(world.team, "empty")
    first, second = bare(world, "A"), bare(world, "B")
    third = bare(world, "C", service_id=other.pk)
    span(first, "up", 24, None)
    span(second, "up", 24, 12)
    span(second, "down", 12, None)
    span(third, "unknown", 24, None)
    ids = [world.service.pk, other.pk, empty.pk]
    with CaptureQueriesContext(connection) as asked:
        found = uptime.uptime_of(ids, NOW - dt.timedelta(hours=24), NOW)
    assert found == {world.service.pk: 0.75, other.pk: None, empty.pk: None}
    assert len(asked) == 1
    assert uptime.uptime_of_checks([first.pk, second.pk], NOW - dt.timedelta(hours=24), NOW) == {
        first.pk: 1.0,
        second.pk: 0.5,
    }


def test_any_periods_in_one_statement(world: World) -> None:
    first, second = bare(world, "A"), bare(world, "B")
    span(first, "up", 30, 20)
    span(first, "down", 20, 10)
    span(first, "up", 10, None)
    hour = dt.timedelta(hours=1)
    periods = [(NOW - 22 * hour, NOW - 12 * hour), (NOW - 40 * hour, NOW), (NOW - 50 * hour, NOW - 40 * hour)]
    with CaptureQueriesContext(connection) as asked:
        found = uptime.lengths([first.pk, second.pk], periods, NOW)
    nothing = uptime.Lengths()
    assert found == {
        first.pk: [uptime.Lengths(2 * 3600, 8 * 3600), uptime.Lengths(20 * 3600, 10 * 3600), nothing],
        second.pk: [nothing] * 3,
    }
    assert len(asked) == 1
    assert uptime.uptimes_of_check(first.pk, (1, 2), NOW) == {1: 14 / 24, 2: 20 / 30}
    assert [row.status for row in selectors.spans_of(first.pk, 2)] == ["up", "down"]
