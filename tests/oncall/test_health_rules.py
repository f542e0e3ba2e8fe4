"""What must hold for every count of rotation health."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.escalation import reach
from oncall.rota.fairness import NIGHT_FROM, NIGHT_UNTIL
from oncall.rota.health import LocalTime, Page, Served, heavy, lightest, tally

ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC")]
BASE = datetime(2026, 10, 1, tzinfo=UTC)
WORK = time(9), time(17)
MINUTES = st.integers(0, 60 * 24 * 56)


def instant(minutes: int) -> datetime:
    return BASE + timedelta(minutes=minutes)


@st.composite
def stretches(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    """Ordered ones that do not overlap, of at least a minute."""
    edges = sorted(draw(st.lists(MINUTES, unique=True, min_size=2, max_size=12)))
    return [(instant(one), instant(other)) for one, other in zip(edges[::2], edges[1::2], strict=False)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), stretches(), st.data())
def test_splitting_and_doubling_change_nothing_and_hours_add_up(
    zone: ZoneInfo, rows: list[tuple[datetime, datetime]], data: st.DataObject
) -> None:
    clock = LocalTime(zone, WORK)
    whole = clock.served(rows)
    split: list[tuple[datetime, datetime]] = []
    for start, end in rows:
        middle = start + data.draw(st.floats(0, 1)) * (end - start)
        split += [(start, middle), (middle, end)]
    assert clock.served(reversed(split)) == whole
    assert clock.served([*rows, *rows]) == whole
    parts = [clock.served([row]) for row in rows]
    for kind in ("total", "night", "weekend"):
        assert getattr(whole, kind) == sum((getattr(part, kind) for part in parts), timedelta())
    assert whole.total == sum((end - start for start, end in rows), timedelta())
    assert max(part.streak for part in parts) <= whole.streak <= sum(part.streak for part in parts)
    assert max(whole.night, whole.weekend) <= whole.total


def test_a_night_lasts_as_long_as_it_does() -> None:
    clock = LocalTime(ZONES[0], WORK)

    def night(first: date) -> timedelta:
        start = datetime.combine(first, time(12), ZONES[0])
        return clock.served([(start, datetime.combine(first + timedelta(days=1), time(12), ZONES[0]))]).night

    days = (date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 27))
    assert [night(day) for day in days] == [timedelta(hours=hours) for hours in (10, 9, 8)]
    # 02:30 comes twice in that night: it is one night all the same.
    pages = [Page(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), 1, True) for hour in (0, 1)]
    assert tally(pages, {1: clock}, BASE, 8).people[1].nights == {date(2026, 10, 24)}


def test_a_night_has_two_ends_and_is_that_of_the_engine() -> None:
    clock = LocalTime(ZoneInfo("UTC"), WORK)
    found = [
        clock.night_of(datetime(2026, 11, 18, *at, tzinfo=UTC)) for at in ((21, 59), (22, 0), (6, 59), (7, 0))
    ]
    assert found == [None, date(2026, 11, 18), date(2026, 11, 17), None]
    assert (NIGHT_FROM, NIGHT_UNTIL) == (reach.NIGHT_FROM, reach.NIGHT_TO)


def test_a_shift_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    clock = LocalTime(ZoneInfo("UTC"), WORK)
    day = timedelta(days=1)
    assert clock.served([]) == Served()
    assert [
        clock.served(rows).streak
        for rows in ([(BASE, BASE + day)], [(BASE, BASE + day), (BASE + 2 * day, BASE + 4 * day)])
    ] == [1, 2]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MINUTES, st.integers(1, 3), st.booleans(), st.sampled_from("ab")), max_size=40))
def test_people_weeks_and_causes_count_the_same_pages(rows: list[tuple[int, int, bool, str]]) -> None:
    clocks = {number: LocalTime(zone, WORK) for number, zone in enumerate(ZONES[:2], 1)}
    pages = [Page(instant(at), user, high, cause) for at, user, high, cause in sorted(rows)]
    found = tally(pages, clocks, BASE, 4)
    counted = [page for page in pages if page.user in clocks and page.at < BASE + timedelta(weeks=4)]
    assert len(counted) == sum(row.total for row in found.people.values())
    assert len(counted) == sum(week.pages for week in found.weeks)
    assert len(counted) == sum(row.pages for row in found.causes.values())
    nights = {(user, night) for user, row in found.people.items() for night in row.nights}
    assert len(nights) == found.nights == sum(week.nights for week in found.weeks)
    assert nights == set().union(*(row.nights for row in found.causes.values()))


def test_much_is_more_than_half_as_much_again_as_the_mean() -> None:
    assert heavy({1: 3, 2: 1}, 3) == {}
    assert heavy({1: 4, 2: 1}, 3) == {1: 2.5}
    assert heavy({1: 2, 2: 0}, 3) == {}
    assert heavy({1: 9}, 3) == {}


def test_each_kind_of_load_weighs_the_same() -> None:
    loads = {1: (100.0, 0.0, 0.0), 2: (20.0, 1.0, 1.0), 3: (60.0, 0.0, 0.0)}
    assert lightest(loads, [1, 2, 3]) == 3
    assert lightest(loads, [1, 2]) == 1
    assert lightest({2: (0.0,), 1: (0.0,)}, [2, 1]) == 1
    assert lightest({}, []) is None
