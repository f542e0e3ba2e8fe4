"""Schedules against the oracle, and what must hold for every one of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oncall.rota import (
    ON_HOLIDAYS,
    UNITS,
    WEEKDAYS,
    Override,
    Restriction,
    Rotation,
    empty_times,
    final_shifts,
    on_call_at,
    users_on_call,
)
from tests.oncall.rota_oracle import on_call

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
            st.lists(
                st.none() | st.lists(USERS, max_size=2, unique=True).map(tuple), min_size=1, max_size=4
            ).map(tuple)
        ),
        serves_from=draw(st.none() | walls(around - 50, around + 5)),
        ends_at=draw(st.none() | walls(around, around + 20)),
        by_day=() if unit == "hour" else draw(st.just(()) | DAYS),
        week_start=draw(st.sampled_from(WEEKDAYS)),
        restrictions=draw(st.lists(st.builds(Restriction, QUARTERS, QUARTERS, DAYS), max_size=2).map(tuple)),
        layer=draw(st.integers(0, 1)),
        on_holidays=draw(st.sampled_from(ON_HOLIDAYS)),  # type: ignore[arg-type]
        holidays=frozenset(
            BASE.date() + timedelta(days=around + day)
            for day in draw(st.lists(st.integers(-2, 11), max_size=4))
        ),
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
    empty = empty_times(rotas, changes, zone, start, end)
    tiles = sorted(
        [(row.start, row.end) for row in rows]
        + [(gap.start, gap.end) for gap in (*empty.gaps, *empty.planned)]
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


@EXAMPLES
@given(schedules(), st.lists(st.builds(Restriction, QUARTERS, QUARTERS, DAYS), max_size=2).map(tuple))
def test_planned_empty_time_and_gaps_share_out_the_empty_time(
    schedule: tuple[list[Rotation], list[Override], ZoneInfo, datetime], unstaffed: tuple[Restriction, ...]
) -> None:
    rotas, changes, zone, start = schedule
    end = start + timedelta(days=9)
    window = (rotas, changes, zone, start, end)
    found = empty_times(*window, unstaffed)
    apart = sorted((gap.start, gap.end) for gap in (*found.gaps, *found.planned))
    assert all(one[1] <= two[0] for one, two in pairwise(apart))
    served = [(row.start, row.end) for row in final_shifts(*window)]
    whole = sorted([*apart, *served])
    assert [begins for begins, _ in whole] == [start, *(ends for _, ends in whole[:-1])]
    assert whole[-1][1] == end
    if all(None not in rota.members and rota.on_holidays != "skip" for rota in rotas) and not unstaffed:
        assert found.planned == []
    middle = start + timedelta(days=4, hours=7)
    halves = [
        empty_times(rotas, changes, zone, *part, unstaffed) for part in ((start, middle), (middle, end))
    ]
    for kind in (0, 1):
        minutes = [sum((gap.end - gap.start for gap in each[kind]), timedelta()) for each in (found, *halves)]
        assert minutes[0] == minutes[1] + minutes[2]
