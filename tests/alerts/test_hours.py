"""Times of the week and recurring windows keep the wall clock, also when clocks change."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import recurrence
from alerts.routing import hours
from alerts.routing.hours import HoursError

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
INSTANTS = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)).map(
    lambda at: at.replace(tzinfo=dt.UTC)
)
MINUTES = st.integers(0, 1439)


def span(days: list[int], start: str, end: str) -> tuple[hours.Span, ...]:
    return hours.stored(hours.checked([{"days": days, "start": start, "end": end}]))


@given(st.sets(st.integers(0, 6), min_size=1), MINUTES, MINUTES, INSTANTS, st.sampled_from(ZONES))
def test_a_span_is_what_the_clock_on_the_wall_says(
    days: set[int], start: int, end: int, at: dt.datetime, zone: str
) -> None:
    rows = span(sorted(days), f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}")
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    length = (end - start) % 1440 or 1440
    begins = [
        dt.datetime.combine(local.date() - dt.timedelta(days=back), dt.time()) + dt.timedelta(minutes=start)
        for back in (0, 1)
    ]
    expected = any(
        each.weekday() in days and each <= local < each + dt.timedelta(minutes=length) for each in begins
    )
    assert hours.covered(rows, zone, at) is expected


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        # Berlin: clocks go forward on 29 March at 2:00, back on 25 October at 3:00.
        ("2026-03-27T21:30+00:00", True),
        ("2026-03-29T03:59+00:00", True),
        ("2026-03-29T04:00+00:00", False),
        ("2026-10-24T19:59+00:00", False),
        ("2026-10-24T20:00+00:00", True),
        ("2026-10-25T04:59+00:00", True),
        ("2026-10-25T05:00+00:00", False),
        ("2026-03-30T21:00+00:00", False),
    ],
)
def test_over_midnight_and_over_a_change_of_clocks(at: str, covered: bool) -> None:
    weekend_nights = span([4, 5], "22:00", "06:00")
    assert hours.covered(weekend_nights, "Europe/Berlin", dt.datetime.fromisoformat(at)) is covered


@pytest.mark.parametrize(
    "row",
    [
        {"days": [], "start": "09:00", "end": "17:00"},
        {"days": [7], "start": "09:00", "end": "17:00"},
        {"days": [1], "start": "9:00", "end": "17:00"},
        {"days": [1], "start": "24:00", "end": "24:00"},
        {"days": [1], "start": "09:00", "end": "25:00"},
        {"days": [True], "start": "09:00", "end": "10:00"},
    ],
)
def test_hours_that_are_none_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(HoursError):
        hours.checked([row])


def window(start: str, end: str, rrule: str, until: str, zone: str = "Europe/Berlin") -> Any:
    return SimpleNamespace(
        starts_at=dt.datetime.fromisoformat(start),
        ends_at=dt.datetime.fromisoformat(end),
        rrule=rrule,
        timezone=zone,
        repeats_until=dt.datetime.fromisoformat(until),
    )


def test_a_recurring_window_keeps_the_wall_clock() -> None:
    """Every night at 2:30 to 3:30 in Berlin: on 29 March that time does not exist, on 25 October twice."""
    row = window("2026-03-01T01:30+00:00", "2026-03-01T02:30+00:00", "FREQ=DAILY", "2027-01-01T00:00+00:00")
    found = []
    for day in ("2026-03-27", "2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        each = recurrence.following(row, dt.datetime.fromisoformat(f"{day}T12:00+00:00"))
        assert each is not None
        found.append((each.start.isoformat()[5:16], each.end.isoformat()[5:16]))
    assert found == [
        ("03-28T01:30", "03-28T02:30"),
        ("03-29T01:00", "03-29T01:30"),
        ("03-30T00:30", "03-30T01:30"),
        ("10-25T00:30", "10-25T02:30"),
        ("10-26T01:30", "10-26T02:30"),
    ]
    second_time = dt.datetime.fromisoformat("2026-10-25T01:10+00:00")
    assert recurrence.current(row, second_time) is not None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 2, 28)),
    st.integers(1, 23 * 60),
    INSTANTS,
    st.sampled_from(ZONES),
)
def test_current_and_following_agree(
    repeat: str, start: dt.datetime, minutes: int, at: dt.datetime, zone: str
) -> None:
    begins = start.replace(tzinfo=dt.UTC, second=0, microsecond=0)
    rule = recurrence.rule_of(repeat, begins, ZoneInfo(zone))
    assert recurrence.choice_of(rule)[0] == repeat
    until = begins + dt.timedelta(days=365)
    row: Any = SimpleNamespace(
        starts_at=begins,
        ends_at=begins + dt.timedelta(minutes=minutes),
        rrule=rule,
        timezone=zone,
        repeats_until=until,
    )
    upcoming = recurrence.following(row, at)
    running = recurrence.current(row, at)
    if upcoming is not None:
        assert at < upcoming.start < until
        assert recurrence.current(row, upcoming.start) is not None
        assert recurrence.current(row, upcoming.start - dt.timedelta(seconds=1)) is None or minutes > 22 * 60
    if running is not None:
        assert running.start <= at < running.end
    if at >= until + dt.timedelta(days=2):
        assert (running, upcoming) == (None, None)


def test_the_thirty_first_is_the_last_day_of_shorter_months() -> None:
    begins = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    rule = recurrence.rule_of("monthly", begins, ZoneInfo("UTC"))
    row = window("2026-01-31T12:00+00:00", "2026-01-31T13:00+00:00", rule, "2026-06-01T00:00+00:00", "UTC")
    found, at = [], begins
    while (each := recurrence.following(row, at)) is not None:
        at = each.start
        found.append(at.date().isoformat())
    assert found == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
