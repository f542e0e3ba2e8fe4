"""Who carries how much: the pure count against a walk through the hours, and the read for the page."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.models import EscalationRun, Leave, RunPage
from oncall.rota import Shift
from oncall.rota.fairness import Burden, burden, burdens
from oncall.selectors.fairness import Candidate, candidates, shares
from oncall.shift_times import Served
from tests.factories import People, make_user
from tests.oncall.support import START, make_rotation, make_schedule

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")]
BASE = dt.datetime(2026, 3, 26, tzinfo=dt.UTC)
QUARTER, HOUR = dt.timedelta(minutes=15), dt.timedelta(hours=1)
# Around the beginning of summer time in Berlin, and far enough to meet its end elsewhere.
moments = st.integers(0, 10 * 96).map(lambda n: BASE + n * QUARTER)
people_on = st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True).map(
    lambda found: tuple(sorted(found))
)


@st.composite
def shifts(draw: st.DrawFn) -> list[Shift]:
    """Disjoint shifts in order."""
    bounds = sorted(draw(st.lists(moments, min_size=2, max_size=8, unique=True)))
    return [Shift(start, end, draw(people_on), "rotation") for start, end in pairwise(bounds)]


def walked(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> Burden:
    """Quarter by quarter, looking at the clock on the wall."""
    found, at = Burden(), start
    while at < end:
        wall = at.astimezone(zone)
        night = QUARTER if wall.hour >= 22 or wall.hour < 7 else dt.timedelta()
        weekend = QUARTER if wall.weekday() >= 5 else dt.timedelta()
        found, at = found + Burden(QUARTER, night, weekend), at + QUARTER
    return found


@given(st.tuples(moments, moments).map(sorted), st.sampled_from(ZONES))
def test_it_is_what_a_walk_through_the_hours_finds(bounds: list[dt.datetime], zone: ZoneInfo) -> None:
    start, end = bounds
    assert burden(start, end, zone) == walked(start, end, zone)


@given(shifts(), st.sampled_from(ZONES))
def test_the_sums_are_equal(rows: list[Shift], zone: ZoneInfo) -> None:
    """What all carry is what was served, once for each person, and cutting shifts changes nothing."""
    zones = dict.fromkeys((1, 2), zone)
    found = burdens(rows, zones)
    assert sum((each.total for each in found.values()), dt.timedelta()) == sum(
        ((row.end - row.start) * len(row.users) for row in rows), dt.timedelta()
    )
    assert all(each.nights <= each.total and each.weekends <= each.total for each in found.values())
    halves = [
        part
        for row in rows
        for middle in [row.start + (row.end - row.start) / 2]
        for part in (row._replace(end=middle), row._replace(start=middle))
    ]
    assert burdens(halves, zones) == found


def test_nights_are_those_of_the_person() -> None:
    shift = Shift(BASE, BASE + 9 * HOUR, (1, 2), "rotation")
    found = burdens([shift], {1: ZoneInfo("Asia/Tokyo")})
    assert found == {1: Burden(9 * HOUR), 2: Burden(9 * HOUR, 7 * HOUR)}


def page(schedule: Any, user: Any, at: dt.datetime, number: int, *, reached: bool = True) -> None:
    run, _new = EscalationRun.objects.get_or_create(
        subject_key="incident:1",
        defaults={"title": "x", "url_path": "/", "snapshot": {}, "status": "acknowledged", "ended_at": START},
    )
    RunPage.objects.create(
        run=run, round=0, step=number, user=user, schedule=schedule, at=at, reached=reached
    )


@pytest.mark.django_db
def test_the_shares_of_a_schedule(people: People) -> None:
    schedule, other = make_schedule(people.team), make_schedule(people.team, "Other")
    gone = make_user("Gone", is_active=False)
    # From Monday the 16th on: the owner a week, the teammate a week, and nobody before.
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]], unit="week", count=1)
    make_rotation(schedule, [[people.support.pk], [gone.pk]], starts_at="2027-06-01T00:00", name="Later")
    page(schedule, people.owner, START - dt.timedelta(days=1), 1)
    page(schedule, people.owner, START - dt.timedelta(days=27), 2)
    page(schedule, people.owner, START - dt.timedelta(days=29), 3)
    page(schedule, people.owner, START, 4, reached=False)
    page(other, people.owner, START, 5)
    found = {row.user.name: (row.burden, row.pages) for row in shares(schedule, START)}
    week, day = dt.timedelta(days=7), dt.timedelta(days=1)
    # Until 18 December 12:00: owner three weeks less two and a half days, teammate two.
    last = dt.timedelta(days=4, hours=12)
    assert found == {
        "Olga Owner": (Burden(2 * week + last, 14 * 9 * HOUR + 4 * 9 * HOUR + 7 * HOUR, 4 * day), 2),
        "Tom Teammate": (Burden(2 * week, 14 * 9 * HOUR, 4 * day), 0),
        "Sue Support": (Burden(), 0),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_shares_cost_the_same_for_one_and_three(
    people: People, count: int, django_assert_num_queries: Any
) -> None:
    schedule = make_schedule(people.team)
    for number in range(count):
        make_rotation(schedule, [[make_user(f"P{number}{n}").pk] for n in range(count)], layer=number)
    with django_assert_num_queries(5):
        shares(schedule, START)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_best_candidate_is_free_and_serves_least(
    people: People, count: int, django_assert_num_queries: Any
) -> None:
    schedule, third = make_schedule(people.team), make_user("Cy")
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk], [third.pk], [third.pk]])
    # The 24th: the owner; the teammate is away; Cy serves twice as much but is free.
    start = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    Leave.objects.create(user=people.teammate, starts_at=start - HOUR, ends_at=start + HOUR)
    wanted = [
        Served(schedule.pk, people.owner.pk, start + n * 4 * 24 * HOUR, start + n * 4 * 24 * HOUR + 24 * HOUR)
        for n in range(count)
    ]
    with django_assert_num_queries(5):
        found = candidates(schedule, wanted)
    first = [(row.user.name, row.free) for row in found[0]]
    assert (len(found), first) == (count, [("Cy", True), ("Tom Teammate", False)])
    if count > 1:
        assert [(row.user.name, row.free) for row in found[1]] == [("Tom Teammate", True), ("Cy", True)]
    assert isinstance(found[0][0], Candidate)
    assert candidates(schedule, []) == []
