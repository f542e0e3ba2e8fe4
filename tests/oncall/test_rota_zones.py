"""Every zone that changes its clocks in the coming three years, with handoffs in the hours that are lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones, reset_tzpath

import pytest
import tzdata

from oncall.rota import Rotation, final_shifts, gaps
from tests.oncall.rota_oracle import instant

FIRST, YEARS = 2026, 3
DAY = timedelta(days=1)
PEOPLE = ((1,), (2,), (3,))


def changes(zone: ZoneInfo) -> tuple[tuple[date, timedelta], ...]:
    """(local day, offset afterwards) of each change of the clock, looked for with steps of five days."""
    found: list[tuple[date, timedelta]] = []
    step, end = timedelta(days=5), datetime(FIRST + YEARS, 1, 1, 12, tzinfo=UTC)
    at = datetime(FIRST, 1, 1, 12, tzinfo=UTC)
    before = at.astimezone(zone).utcoffset()
    while at < end:
        following = at + step
        if following.astimezone(zone).utcoffset() != before:
            day = at
            while day < following:
                day += DAY
                now = day.astimezone(zone).utcoffset()
                if now != before and now is not None:
                    found.append((day.astimezone(zone).date(), now))
                    before = now
        at = following
    return tuple(found)


@lru_cache(maxsize=1)
def zones() -> dict[str, tuple[date, ...]]:
    """One zone of each group that changes its clocks alike → the days near which it does."""
    groups: dict[tuple[object, ...], str] = {}
    days: dict[str, tuple[date, ...]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        found = changes(zone)
        first = datetime(FIRST, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset()
        if found and (first, found) not in groups:
            groups[first, found] = name
            days[name] = tuple(day for day, _offset in found)
    return days


@pytest.mark.parametrize("clock", [time(2, 30), time(0, 30), time(23, 45)])
def test_a_daily_handoff_comes_once_a_day_in_order_without_gap_or_overlap(clock: time) -> None:
    begins = datetime.combine(date(FIRST - 1, 12, 1), clock)
    daily = Rotation(1, begins, "day", 1, PEOPLE)
    checked = 0
    for name, days in zones().items():
        zone = ZoneInfo(name)
        for day in days:
            dates = [day + offset * DAY for offset in range(-3, 4)]
            handoffs = [instant(datetime.combine(each, clock), zone) for each in dates]
            rows = final_shifts([daily], (), zone, handoffs[0], handoffs[-1])
            assert [row.start for row in rows] == handoffs[:-1], name
            assert [row.end for row in rows] == handoffs[1:], name
            turns = [(each - begins.date()).days % 3 for each in dates[:-1]]
            assert [row.users for row in rows] == [PEOPLE[turn] for turn in turns], name
            assert all(one < two for one, two in pairwise(handoffs)), name
            assert gaps([daily], (), zone, handoffs[0], handoffs[-1]) == []
            checked += 1
    assert len(zones()) > 20
    assert checked > 120


@pytest.mark.parametrize(
    ("name", "offsets"),
    [
        ("Australia/Lord_Howe", {10.5, 11.0}),
        ("Pacific/Chatham", {12.75, 13.75}),
        ("Asia/Kathmandu", {5.75}),
        ("America/St_Johns", {-3.5, -2.5}),
    ],
)
def test_zones_of_half_and_quarter_hours_keep_their_wall_times_for_a_year(
    name: str, offsets: set[float]
) -> None:
    zone = ZoneInfo(name)
    daily = Rotation(1, datetime(2026, 1, 1, 9), "day", 1, PEOPLE)
    start, end = datetime(2026, 1, 2, 9, tzinfo=zone), datetime(2027, 1, 2, 9, tzinfo=zone)
    rows = final_shifts([daily], (), zone, start, end)
    local = [row.start.astimezone(zone) for row in rows]
    assert {each.time() for each in local} == {time(9)}
    assert [each.date() for each in local] == [date(2026, 1, 2) + number * DAY for number in range(365)]
    assert {
        each.utcoffset().total_seconds() / 3600 for each in local if each.utcoffset() is not None
    } == offsets


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Callable[[str], ZoneInfo]]:
    """Gives the zone Test/Land the rules of another one, as an update of the zones' data does."""
    found = Path(tzdata.__file__).parent / "zoneinfo"

    def like(name: str) -> ZoneInfo:
        (tmp_path / "Test").mkdir(exist_ok=True)
        (tmp_path / "Test/Land").write_bytes((found / name).read_bytes())
        ZoneInfo.clear_cache()
        return ZoneInfo("Test/Land")

    before = TZPATH
    reset_tzpath(to=[tmp_path, *before])
    yield like
    reset_tzpath(to=before)
    ZoneInfo.clear_cache()


def test_shifts_ahead_keep_their_wall_time_when_a_country_changes_its_rules(
    rules: Callable[[str], ZoneInfo],
) -> None:
    """Berlin's clocks until the update, Lagos' (UTC+1 all year) afterwards: 09:00 stays 09:00."""
    daily = Rotation(1, datetime(2026, 1, 5, 9), "day", 1, PEOPLE)
    june = datetime(2027, 6, 1, tzinfo=UTC)
    starts = {}
    for name in ("Europe/Berlin", "Africa/Lagos"):
        zone = rules(name)
        rows = final_shifts([daily], (), zone, june, june + 3 * DAY)
        assert gaps([daily], (), zone, june, june + 3 * DAY) == []
        starts[name] = rows[1].start
        assert rows[1].start.astimezone(zone).time() == time(9)
        assert rows[1].users == PEOPLE[(rows[1].start.date() - date(2026, 1, 5)).days % 3]
    assert starts == {
        "Europe/Berlin": june.replace(hour=7),
        "Africa/Lagos": june.replace(hour=8),
    }
