"""The pure rules of the reminder ladder, walked through minute by minute and by random cases."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortems.items.ladder import (
    AFTER,
    BACKUP,
    BEFORE,
    DUE,
    LEAD,
    OFFSETS,
    ORDER,
    OWNER,
    Case,
    Person,
    Sending,
    choose,
    day_of,
    steps,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]
HALF_HOUR = dt.timedelta(minutes=30)


def walk(
    due: dt.date,
    owner: Person,
    start: dt.datetime,
    end: dt.datetime,
    *,
    backup: Person | None = None,
    snoozed_until: dt.date | None = None,
    down: tuple[tuple[dt.datetime, dt.datetime], ...] = (),
) -> list[tuple[dt.datetime, Sending]]:
    """What goes out when a worker looks every half hour, but for when it is down."""
    sent: list[tuple[dt.datetime, Sending]] = []
    now = start
    while now < end:
        if not any(begin <= now < stop for begin, stop in down):
            case = Case(
                due, frozenset(row.rung for _at, row in sent), sent[-1][0] if sent else None, snoozed_until
            )
            found = choose(case, now, owner, backup)
            if found is not None:
                sent.append((now, found))
        now += HALF_HOUR
    return sent


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_four_rungs_in_the_morning_and_weekends_move_to_monday() -> None:
    # Saturday 7 November: a week before and the day are Saturdays, three days after a Tuesday.
    sent = walk(dt.date(2026, 11, 7), Person(), utc("2026-10-20"), utc("2026-12-20"))
    assert [(f"{at:%a %d %b %H:%M}", row.rung, row.to) for at, row in sent] == [
        ("Mon 02 Nov 09:00", BEFORE, OWNER),
        ("Mon 09 Nov 09:00", DUE, OWNER),
        ("Tue 10 Nov 09:00", AFTER, OWNER),
        ("Mon 16 Nov 09:00", LEAD, LEAD),
    ]


def test_nine_o_clock_stays_nine_o_clock_through_the_daylight_change() -> None:
    # Berlin leaves summer time on 25 October, New York on 1 November.
    sent = walk(dt.date(2026, 10, 26), Person(BERLIN), utc("2026-10-10"), utc("2026-11-10"))
    assert [f"{at:%d %b %H:%M}" for at, _row in sent] == [
        "19 Oct 07:00",
        "26 Oct 08:00",
        "29 Oct 08:00",
        "02 Nov 08:00",
    ]
    sent = walk(dt.date(2026, 11, 2), Person(NEW_YORK), utc("2026-10-20"), utc("2026-11-20"))
    assert [f"{at:%d %b %H:%M}" for at, _row in sent][:2] == ["26 Oct 13:00", "02 Nov 14:00"]


def test_a_holiday_moves_a_rung_to_the_next_working_day() -> None:
    owner = Person(BERLIN, holidays={dt.date(2026, 12, 25)})
    assert day_of(DUE, dt.date(2026, 12, 25), owner) == dt.date(2026, 12, 28)


def test_after_days_without_a_worker_only_the_newest_rung_goes_out() -> None:
    due = dt.date(2026, 11, 10)
    down = ((utc("2026-11-02"), utc("2026-11-13T15:10")),)
    sent = walk(due, Person(), utc("2026-10-30"), utc("2026-12-01"), down=down)
    assert [(f"{at:%d %H:%M}", row.rung) for at, row in sent] == [("13 15:30", AFTER), ("17 09:00", LEAD)]


def test_on_leave_the_backup_gets_it_and_the_lead_does_not_wait() -> None:
    due = dt.date(2026, 11, 10)
    away = Person(BERLIN, away=[(utc("2026-11-08T23:00"), utc("2026-11-30T23:00"))])
    sent = walk(due, away, utc("2026-11-01"), utc("2026-12-10"), backup=Person(NEW_YORK))
    assert [(f"{at:%d %H:%M}", row.rung, row.to) for at, row in sent] == [
        ("03 08:00", BEFORE, OWNER),
        ("10 14:00", DUE, BACKUP),
        ("13 14:00", AFTER, BACKUP),
        ("17 08:00", LEAD, LEAD),
    ]


def test_on_leave_without_backup_it_waits_for_the_first_working_morning() -> None:
    due = dt.date(2026, 11, 10)
    # Back on Saturday: Monday is the first working morning, and only the newest rung goes out.
    away = Person(away=[(utc("2026-11-09"), utc("2026-11-14"))])
    sent = walk(due, away, utc("2026-11-04"), utc("2026-11-17"))
    assert [(f"{at:%d %H:%M}", row.rung) for at, row in sent] == [("04 09:00", BEFORE), ("16 09:00", AFTER)]
    # Back at noon is back tomorrow.
    away = Person(away=[(utc("2026-11-09"), utc("2026-11-11T12:00"))])
    sent = walk(due, away, utc("2026-11-04"), utc("2026-11-13"))
    assert [(f"{at:%d %H:%M}", row.rung) for at, row in sent][1:] == [("12 09:00", DUE)]


def test_snoozed_until_a_day_nothing_goes_out_before_it() -> None:
    due = dt.date(2026, 11, 10)
    sent = walk(due, Person(), utc("2026-11-09"), utc("2026-12-01"), snoozed_until=dt.date(2026, 11, 19))
    assert [(f"{at:%d %H:%M}", row.rung) for at, row in sent] == [("19 09:00", LEAD)]


days = st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31))


@st.composite
def people(draw: st.DrawFn) -> Person:
    start = draw(days)
    length = draw(st.integers(0, 30))
    at = dt.datetime.combine(start, dt.time(draw(st.integers(0, 23))), dt.UTC)
    away = [(at, at + dt.timedelta(days=length, hours=1))] if draw(st.booleans()) else []
    return Person(ZoneInfo(draw(st.sampled_from(ZONES))), draw(st.frozensets(days, max_size=10)), away)


@settings(max_examples=60, deadline=None)
@given(
    due=days,
    owner=people(),
    backup=st.none() | people(),
    snooze=st.none() | st.integers(-3, 20),
    gap=st.none() | st.tuples(st.integers(-10, 12), st.integers(1, 15)),
)
def test_whatever_happens_each_rung_once_in_order_and_one_a_day(
    due: dt.date,
    owner: Person,
    backup: Person | None,
    snooze: int | None,
    gap: tuple[int, int] | None,
) -> None:
    noon = dt.datetime.combine(due, dt.time(12), dt.UTC)
    day = dt.timedelta(days=1)
    until = due + snooze * day if snooze is not None else None
    down = ((noon + gap[0] * day, noon + (gap[0] + gap[1]) * day),) if gap else ()
    start, end = noon - 12 * day, noon + 75 * day
    sent = walk(due, owner, start, end, backup=backup, snoozed_until=until, down=down)
    rungs = [row.rung for _at, row in sent]
    assert rungs == sorted(set(rungs), key=ORDER.index)
    assert rungs[-1:] == [LEAD]
    dates = [owner.today(at) for at, _row in sent]
    assert len(set(dates)) == len(dates)
    for at, row in sent:
        receiver = backup if row.to == BACKUP else owner
        assert receiver is not None
        assert receiver.in_hours(at)
        assert row.to == LEAD or receiver.at_work(at)
        assert (row.to == LEAD) == (row.rung == LEAD)
        assert owner.today(at) >= due + OFFSETS[row.rung] * day
        assert until is None or owner.today(at) >= until


@settings(max_examples=60, deadline=None)
@given(due=days, owner=people(), offset=st.integers(-12, 12), hour=st.integers(0, 23))
def test_what_is_shown_is_what_will_happen(due: dt.date, owner: Person, offset: int, hour: int) -> None:
    now = dt.datetime.combine(due, dt.time(hour), dt.UTC) + dt.timedelta(days=offset)
    shown = [row for row in steps(Case(due), now, owner) if row.state == "coming"]
    happened = walk(due, owner, now, now + dt.timedelta(days=90))
    assert [row.rung for row in shown] == [row.rung for _at, row in happened]
    for step, (at, _row) in zip(shown, happened, strict=True):
        assert step.at is not None
        assert owner.today(step.at) == owner.today(at)


@pytest.mark.parametrize("sent", [frozenset({LEAD}), frozenset({BEFORE, LEAD})])
def test_after_the_last_rung_nothing_comes(sent: frozenset[str]) -> None:
    due = dt.date(2026, 11, 10)
    assert choose(Case(due, sent), utc("2026-12-01T10:00"), Person()) is None
    assert {row.state for row in steps(Case(due, sent), utc("2026-12-01T10:00"), Person())} <= {
        "sent",
        "skipped",
    }
