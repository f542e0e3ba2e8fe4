"""Agreements: calendar periods, downtime, and what is left; pure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vendors.agreements import length
from services.vendors.attainment import merged, period_of, standing

UTC = dt.UTC
MONTH = (dt.datetime(2026, 11, 1, tzinfo=UTC), dt.datetime(2026, 12, 1, tzinfo=UTC))
NOW = dt.datetime(2026, 11, 22, 3, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "period", "zone", "back", "start", "end"),
    [
        ("2026-11-22T03:00+00:00", "month", "UTC", 0, "2026-11-01T00:00+00:00", "2026-12-01T00:00+00:00"),
        (
            "2026-11-30T23:30+00:00",
            "month",
            "Europe/Berlin",
            0,
            "2026-11-30T23:00+00:00",
            "2026-12-31T23:00+00:00",
        ),
        ("2026-01-15T00:00+00:00", "month", "UTC", 1, "2025-12-01T00:00+00:00", "2026-01-01T00:00+00:00"),
        ("2026-02-28T12:00+00:00", "quarter", "UTC", 0, "2026-01-01T00:00+00:00", "2026-04-01T00:00+00:00"),
        ("2026-02-28T12:00+00:00", "quarter", "UTC", 1, "2025-10-01T00:00+00:00", "2026-01-01T00:00+00:00"),
        (
            "2026-07-01T00:00+00:00",
            "year",
            "America/New_York",
            0,
            "2026-01-01T05:00+00:00",
            "2027-01-01T05:00+00:00",
        ),
        # March in Berlin is an hour short, October an hour long.
        (
            "2026-03-10T00:00+00:00",
            "month",
            "Europe/Berlin",
            0,
            "2026-02-28T23:00+00:00",
            "2026-03-31T22:00+00:00",
        ),
    ],
)
def test_calendar_periods(when: str, period: str, zone: str, back: int, start: str, end: str) -> None:
    found = period_of(dt.datetime.fromisoformat(when), period, zone, back)
    assert found == (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))


def test_downtime_is_counted_once_and_only_inside_the_period() -> None:
    down = [
        (dt.datetime(2026, 10, 31, 23, 50, tzinfo=UTC), at(1, 0, 10)),
        (at(5, 1), at(5, 1, 20)),
        (at(5, 1, 10), at(5, 1, 30)),
        (at(22, 2, 55), at(30)),
    ]
    found = standing(MONTH, Decimal("99.9"), down, NOW)
    assert found.down == dt.timedelta(minutes=10 + 30 + 5)
    assert found.allowed == dt.timedelta(minutes=43, seconds=12)
    assert (found.breached, found.left) == (True, -dt.timedelta(minutes=1, seconds=48))
    assert found.passed == NOW - MONTH[0]
    assert found.percent == pytest.approx(100 * (1 - 45 * 60 / found.passed.total_seconds()))


def test_exactly_what_is_allowed_is_met() -> None:
    found = standing(MONTH, Decimal("99.9"), [(at(5), at(5) + dt.timedelta(minutes=43, seconds=12))], NOW)
    assert (found.breached, found.left, found.share_used) == (False, dt.timedelta(), 1.0)
    never = standing(MONTH, Decimal("100"), [], NOW)
    assert (never.breached, never.share_used) == (False, 0.0)
    assert standing(MONTH, Decimal("100"), [(at(5), at(5, 0, 1))], NOW).breached


minutes = st.integers(0, 44_000).map(lambda number: MONTH[0] + dt.timedelta(minutes=number - 400))
spans = st.lists(st.tuples(minutes, minutes), max_size=12)


@given(spans)
def test_merged_spans_cover_the_same_minutes_once(rows: list[tuple[dt.datetime, dt.datetime]]) -> None:
    step = dt.timedelta(minutes=1)

    def covered(each: list[tuple[dt.datetime, dt.datetime]]) -> set[int]:
        return {n for a, b in each for n in range((a - MONTH[0]) // step, (b - MONTH[0]) // step)}

    found = merged(rows)
    assert covered(found) == covered(rows)
    assert all(a < b for a, b in found)
    assert all(one[1] < two[0] for one, two in pairwise(found))


@given(
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)),
    st.sampled_from(["month", "quarter", "year"]),
)
def test_periods_follow_each_other_without_a_gap(when: dt.datetime, period: str) -> None:
    for zone in ("UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns"):
        moment = when.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        start, end = period_of(moment, period, zone)
        assert start <= moment < end
        assert period_of(start - dt.timedelta(microseconds=1), period, zone) == period_of(
            moment, period, zone, 1
        )
        assert period_of(end, period, zone, 1) == (start, end)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (dt.timedelta(minutes=4, seconds=12), "4 min 12 s"),
        (dt.timedelta(hours=3, minutes=20, seconds=59), "3 h 20 min"),
        (dt.timedelta(days=2, hours=5), "2 d 5 h"),
    ],
)
def test_lengths_in_words(time: dt.timedelta, words: str) -> None:
    assert length(time) == words
