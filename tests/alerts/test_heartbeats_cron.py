"""Next times of cron lines, against a slow search minute by minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.watch import cron

BERLIN = "Europe/Berlin"


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("line", "zone", "after", "expected"),
    [
        ("* * * * *", "UTC", utc(2026, 1, 1, 0, 0), utc(2026, 1, 1, 0, 1)),
        ("0 3 * * *", "UTC", utc(2026, 1, 1, 3, 0), utc(2026, 1, 2, 3, 0)),
        ("0 0 29 2 *", "UTC", utc(2097, 1, 1), utc(2104, 2, 29)),
        ("0 9 13 * fri", "UTC", utc(2026, 3, 1), utc(2026, 3, 6, 9)),  # either day
        ("0 9 * * 7", "UTC", utc(2026, 3, 2), utc(2026, 3, 8, 9)),
        ("0 9 1 jan *", "UTC", utc(2026, 3, 2), utc(2027, 1, 1, 9)),
        # 02:30 does not exist on the 29th of March and comes twice on the 25th of October.
        ("30 2 * * *", BERLIN, utc(2026, 3, 28, 12), utc(2026, 3, 30, 0, 30)),
        ("30 2 * * *", BERLIN, utc(2026, 10, 24, 12), utc(2026, 10, 25, 0, 30)),
        ("30 2 * * *", BERLIN, utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30)),
        ("30 * * * *", BERLIN, utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)),
    ],
)
def test_known_times(line: str, zone: str, after: dt.datetime, expected: dt.datetime) -> None:
    assert cron.following(line, zone, after) == expected


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *"]
    + ["mon * * * *", "1-70 * * * *", "-1 * * * *", "1- * * * *", "x * * * *", "* * * * *\x00 1"],
)
def test_wrong_lines_are_refused(line: str) -> None:
    with pytest.raises(cron.CronError):
        cron.parse(line)


def test_a_day_that_never_comes() -> None:
    assert cron.following("0 0 31 2 *", "UTC", utc(2026, 1, 1)) is None


numbers = st.integers
field = {
    "minute": st.sampled_from(["*", "*/15", "7", "0,30", "5-9"]),
    "hour": st.sampled_from(["*", "2", "1-3", "*/6", "0,23"]),
    "day": st.sampled_from(["*", "*", "1", "25-31", "*/5"]),
    "month": st.sampled_from(["*", "*", "3", "10", "jan-jun"]),
    "weekday": st.sampled_from(["*", "*", "0", "mon-fri", "6,7"]),
}
lines = st.tuples(*field.values()).map(" ".join)
zones = st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
starts = st.one_of(
    st.integers(0, 365 * 24 * 60),
    # Around the changes of the clock in Berlin.
    st.integers(87 * 1440, 89 * 1440),
    st.integers(297 * 1440, 299 * 1440),
).map(lambda minutes: utc(2026, 1, 1) + dt.timedelta(minutes=minutes))


def slow(line: str, zone: str, after: dt.datetime) -> dt.datetime | None:
    """The first matching minute of the next three days."""
    read, where = cron.parse(line), ZoneInfo(zone)
    for step in range(1, 3 * 1440):
        at = after + dt.timedelta(minutes=step)
        wall = at.astimezone(where)
        second = wall.fold == 1 and len(read.hours) < 24
        if (
            wall.minute in read.minutes
            and wall.hour in read.hours
            and read.has_day(wall.date())
            and not second
        ):
            return at
    return None


@settings(max_examples=120, deadline=None)
@given(line=lines, zone=zones, after=starts)
def test_the_next_time_is_the_first_that_matches(line: str, zone: str, after: dt.datetime) -> None:
    found, expected = cron.following(line, zone, after), slow(line, zone, after)
    if expected is None:
        assert found is None or found >= after + dt.timedelta(days=3)
    else:
        assert found == expected
