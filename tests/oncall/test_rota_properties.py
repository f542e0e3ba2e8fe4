"""Schedules against the oracle, and every zone's clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oncall.rota import (
    UNITS,
    WEEKDAYS,
    Override,
    Restriction,
    Rotation,
    final_shifts,
    gaps,
    on_call_at,
    users_on_call,
)
from tests.oncall.rota_oracle import instant, on_call

ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Asia/Kathmandu",
        "America/Santiago",
        "Africa/Cairo",
        "UTC",
    )
]
BASE = datetime(2026, 1, 1)
QUARTERS = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
DAYS = st.lists(st.sampled_from(WEEKDAYS), unique=True, max_size=7).map(tuple)
USERS = st.integers(1, 5)


def walls(first_day: int, last_day: int) -> st.SearchStrategy[datetime]:
    return st.integers(first_day * 96, last_day * 96).map(lambda n: BASE + timedelta(minutes=15 * n))


@st.composite
def rotations(draw: st.DrawFn, identity: int, around: int) -> Rotation:
    unit = draw(st.sampled_from(UNITS))
    starts_at = draw(walls(around - 40, around + 5))
    return Rotation(
        identity,
        starts_at,
        unit,  # type: ignore[arg-type]
        draw(st.integers(5, 30) if unit == "hour" else st.integers(1, 3)),
        draw(
            st.lists(st.lists(USERS, max_size=2, unique=True).map(tuple), min_size=1, max_size=4).map(tuple)
        ),
        serves_from=draw(st.none() | walls(around - 50, around + 5)),
        ends_at=draw(st.none() | walls(around, around + 20)),
        by_day=() if unit == "hour" else draw(st.just(()) | DAYS),
        week_start=draw(st.sampled_from(WEEKDAYS)),
        restrictions=draw(st.lists(st.builds(Restriction, QUARTERS, QUARTERS, DAYS), max_size=2).map(tuple)),
        layer=draw(st.integers(0, 1)),
    )


@st.composite
def overrides(draw: st.DrawFn, around: int) -> Override:
    starts_at = draw(walls(around - 2, around + 12)).replace(tzinfo=UTC)
    ends_at = starts_at + timedelta(hours=draw(st.integers(1, 60)))
    kind = draw(st.sampled_from(["take_over", "replace", "remove", "add"]))
    user, replaces = draw(USERS), draw(st.integers(6, 8) | USERS)
    if kind == "replace" and user == replaces:
        kind = "add"
    created = draw(st.integers(0, 50))
    return Override(
        kind,  # type: ignore[arg-type]
        starts_at,
        ends_at,
        user=None if kind == "remove" else user,
        replaces=replaces if kind in ("replace", "remove") else None,
        created=created,
    )


@st.composite
def schedules(draw: st.DrawFn) -> tuple[list[Rotation], list[Override], ZoneInfo, datetime]:
    zone = draw(st.sampled_from(ZONES))
    # Days of the year near which the zones above change their clocks, and one quiet one.
    around = draw(st.sampled_from([66, 87, 94, 113, 200, 247, 269, 276, 297, 303]))
    rotas = [draw(rotations(identity, around)) for identity in range(draw(st.integers(0, 3)))]
    changes = draw(st.lists(overrides(around), max_size=4, unique_by=lambda o: o.created))
    return rotas, changes, zone, (BASE + timedelta(days=around - 1)).replace(tzinfo=UTC)


EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(schedules(), st.lists(st.integers(0, 10 * 24 * 60), min_size=1, max_size=12))
def test_shifts_agree_with_the_rules_at_every_instant(
    schedule: tuple[list[Rotation], list[Override], ZoneInfo, datetime], minutes: list[int]
) -> None:
    rotas, changes, zone, start = schedule
    rows = final_shifts(rotas, changes, zone, start, start + timedelta(days=10, minutes=1))
    edges = [row.start for row in rows] + [row.end - timedelta(microseconds=1) for row in rows]
    for at in [start + timedelta(minutes=m) for m in minutes] + edges[:20]:
        expected = on_call(rotas, changes, zone, at)
        assert next((row.users for row in rows if row.start <= at < row.end), ()) == expected
        assert users_on_call(rotas, changes, zone, at) == expected


@EXAMPLES
@given(schedules(), st.integers(1, 20 * 24 * 60))
def test_shifts_and_gaps_tile_the_window(
    schedule: tuple[list[Rotation], list[Override], ZoneInfo, datetime], length: int
) -> None:
    rotas, changes, zone, start = schedule
    end = start + timedelta(minutes=length)
    rows = final_shifts(rotas, changes, zone, start, end)
    tiles = sorted(
        [(row.start, row.end) for row in rows]
        + [(gap.start, gap.end) for gap in gaps(rotas, changes, zone, start, end)]
    )
    assert [begins for begins, _ in tiles] == [start, *(ends for _, ends in tiles[:-1])]
    assert tiles[-1][1] == end
    assert all(begins < ends for begins, ends in tiles)
    assert all(row.users for row in rows)
    for one, two in pairwise(rows):
        same = (one.users, one.source, one.rotation_id) == (two.users, two.source, two.rotation_id)
        assert one.end < two.start or not same


@EXAMPLES
@given(schedules(), st.integers(0, 5 * 1440), st.integers(0, 5 * 1440))
def test_the_window_asked_for_never_changes_who_is_on_call(
    schedule: tuple[list[Rotation], list[Override], ZoneInfo, datetime], later: int, shorter: int
) -> None:
    rotas, changes, zone, start = schedule
    end = start + timedelta(days=11)
    begins, ends = start + timedelta(minutes=later), end - timedelta(minutes=shorter)
    cut = [
        (max(row.start, begins), min(row.end, ends), row.users, row.source, row.rotation_id)
        for row in final_shifts(rotas, changes, zone, start, end)
        if row.start < ends and row.end > begins
    ]
    assert cut == [
        (row.start, row.end, row.users, row.source, row.rotation_id)
        for row in final_shifts(rotas, changes, zone, begins, ends)
    ]


@EXAMPLES
@given(schedules(), st.integers(0, 10 * 1440))
def test_since_until_and_next_bound_the_present_set(
    schedule: tuple[list[Rotation], list[Override], ZoneInfo, datetime], minutes: int
) -> None:
    rotas, changes, zone, start = schedule
    at = start + timedelta(minutes=minutes)
    tick = timedelta(microseconds=1)
    present = on_call_at(rotas, changes, zone, at)
    assert present.users == on_call(rotas, changes, zone, at)
    if present.since is not None:
        assert present.since <= at
        assert users_on_call(rotas, changes, zone, present.since) == present.users
        assert users_on_call(rotas, changes, zone, present.since - tick) != present.users
    if present.until is not None:
        assert present.until > at
        assert users_on_call(rotas, changes, zone, present.until - tick) == present.users
        assert users_on_call(rotas, changes, zone, present.until) != present.users
    if present.next is not None:
        assert present.until is not None
        assert present.next.start >= present.until
        assert users_on_call(rotas, changes, zone, present.next.start) == present.next.users


def clock_changes(zone: ZoneInfo, first_year: int, years: int) -> list[datetime]:
    """Noons (UTC) of the days on which the zone's offset differs from the day before."""
    day, found = datetime(first_year, 1, 1, 12, tzinfo=UTC), []
    before = day.astimezone(zone).utcoffset()
    for _ in range(366 * years):
        day += timedelta(days=1)
        now = day.astimezone(zone).utcoffset()
        if now != before:
            found.append(day)
        before = now
    return found


def test_a_daily_handoff_at_half_past_two_in_every_zone_for_three_years() -> None:
    daily = Rotation(1, datetime(2026, 1, 1, 2, 30), "day", 1, ((1,), (2,), (3,)))
    checked: dict[tuple[datetime, ...], int] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for noon in clock_changes(zone, 2026, 3):
            start, end = noon - timedelta(days=3), noon + timedelta(days=3)
            day = start.astimezone(zone).date() - timedelta(days=1)
            expected = []
            while day <= end.astimezone(zone).date() + timedelta(days=1):
                number = (day - daily.starts_at.date()).days
                handoff = instant(datetime.combine(day, time(2, 30)), zone)
                if start < handoff < end and number > 0:
                    expected.append((handoff, (number % 3 + 1,)))
                day += timedelta(days=1)
            rows = final_shifts([daily], [], zone, start, end)
            served = [
                (row.start, row.users)
                for row in rows
                if row.start > max(start, instant(daily.starts_at, zone))
            ]
            assert served == expected, name
            checked[tuple(at for at, _ in expected)] = len(expected)
    assert len(checked) > 100
