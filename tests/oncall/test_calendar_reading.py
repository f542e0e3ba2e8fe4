"""Foreign calendars as they come: what is read out of them, and what may not hold a worker."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from oncall.calendars.boxed import read_boxed
from oncall.calendars.matching import Person, match
from oncall.calendars.reading import Event, read
from oncall.calendars.text import MAX_BYTES, Unreadable

BERLIN = ZoneInfo("Europe/Berlin")
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
END = START + dt.timedelta(days=400)


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar of VEVENTs, each given as its lines with spaces around `|` between them."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"]
    lines += [line.strip() for line in head.split("|") if line.strip()]
    for number, event in enumerate(events):
        body = [line.strip() for line in event.split("|")]
        uid = [] if any(line.startswith("UID") for line in body) else [f"UID:{number}@x"]
        lines += ["BEGIN:VEVENT", *uid, *body, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def table(content: bytes, *, start: dt.datetime = START, end: dt.datetime = END) -> list[tuple[str, str]]:
    return [
        (f"{e.start:%m-%d %H:%M}", f"{e.end:%m-%d %H:%M}") for e in read(content, start, end, BERLIN).events
    ]


PLAIN = {
    "UTC": ("DTSTART:20261201T090000Z | DTEND:20261201T170000Z", [("12-01 09:00", "12-01 17:00")]),
    "IANA zone": (
        "DTSTART;TZID=America/New_York:20261201T090000 | DTEND;TZID=America/New_York:20261201T170000",
        [("12-01 14:00", "12-01 22:00")],
    ),
    "Windows zone": (
        "DTSTART;TZID=Romance Standard Time:20261201T090000 | DTEND;TZID=Romance Standard Time:20261201T100000",
        [("12-01 08:00", "12-01 09:00")],
    ),
    "zone behind a path": (
        "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Paris:20261201T090000 | DURATION:PT1H",
        [("12-01 08:00", "12-01 09:00")],
    ),
    "floating": ("DTSTART:20261201T090000 | DTEND:20261201T100000", [("12-01 08:00", "12-01 09:00")]),
    "whole days": (
        "DTSTART;VALUE=DATE:20261224 | DTEND;VALUE=DATE:20261226",
        [("12-23 23:00", "12-25 23:00")],
    ),
    "one day without an end": ("DTSTART;VALUE=DATE:20261224", [("12-23 23:00", "12-24 23:00")]),
    "duration of days and hours": (
        "DTSTART:20261201T090000Z | DURATION:P1DT2H",
        [("12-01 09:00", "12-02 11:00")],
    ),
    "zero length": ("DTSTART:20261201T090000Z | DTEND:20261201T090000Z", []),
    "turned round": ("DTSTART:20261201T090000Z | DTEND:20261201T080000Z", []),
    "no beginning": ("SUMMARY:nothing", []),
    "cancelled": ("DTSTART:20261201T090000Z | DURATION:PT1H | STATUS:CANCELLED", []),
    "over": ("DTSTART:20261101T090000Z | DURATION:PT1H", []),
    "running": ("DTSTART:20261119T090000Z | DTEND:20261120T090000Z", [("11-19 09:00", "11-20 09:00")]),
    "beyond the window": ("DTSTART:20290101T090000Z | DURATION:PT1H", []),
    "weekly with an exception": (
        "DTSTART;TZID=Europe/Berlin:20261201T090000 | DURATION:PT8H | RRULE:FREQ=WEEKLY;COUNT=4"
        " | EXDATE;TZID=Europe/Berlin:20261208T090000",
        [("12-01 08:00", "12-01 16:00"), ("12-15 08:00", "12-15 16:00"), ("12-22 08:00", "12-22 16:00")],
    ),
    "exception of a whole day": (
        "DTSTART;TZID=Europe/Berlin:20261201T090000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=2"
        " | EXDATE;VALUE=DATE:20261201",
        [("12-02 08:00", "12-02 09:00")],
    ),
    "until in UTC": (
        "DTSTART;TZID=Europe/Berlin:20261201T090000 | DURATION:PT1H | RRULE:FREQ=DAILY;UNTIL=20261202T080000Z",
        [("12-01 08:00", "12-01 09:00"), ("12-02 08:00", "12-02 09:00")],
    ),
    "until a date": (
        "DTSTART;TZID=Europe/Berlin:20261201T090000 | DURATION:PT1H | RRULE:FREQ=DAILY;UNTIL=20261202",
        [("12-01 08:00", "12-01 09:00"), ("12-02 08:00", "12-02 09:00")],
    ),
    "last Friday of the month": (
        "DTSTART;TZID=Europe/Berlin:20261127T090000 | DURATION:PT1H | RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1;COUNT=2",
        [("11-27 08:00", "11-27 09:00"), ("12-25 08:00", "12-25 09:00")],
    ),
    "further dates": (
        "DTSTART:20261201T090000Z | DURATION:PT1H | RDATE:20261203T090000Z,20261205T090000Z",
        [("12-01 09:00", "12-01 10:00"), ("12-03 09:00", "12-03 10:00"), ("12-05 09:00", "12-05 10:00")],
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_one_event(name: str) -> None:
    text, expected = PLAIN[name]
    assert table(calendar(text)) == expected


def test_a_series_keeps_its_wall_time_when_clocks_change() -> None:
    weekly = "DTSTART;TZID=Europe/Berlin:20270322T090000 | DURATION:PT1H | RRULE:FREQ=WEEKLY;COUNT=2"
    assert table(calendar(weekly)) == [("03-22 08:00", "03-22 09:00"), ("03-29 07:00", "03-29 08:00")]
    night = (
        "DTSTART;TZID=Europe/Berlin:20270327T220000 | DTEND;TZID=Europe/Berlin:20270328T060000"
        " | RRULE:FREQ=DAILY;COUNT=1"
    )
    assert table(calendar(night)) == [("03-27 21:00", "03-28 04:00")]


def test_a_moved_instance_may_come_before_its_series_and_a_cancelled_one_is_gone() -> None:
    moved = (
        "UID:s | RECURRENCE-ID;TZID=Europe/Berlin:20261208T090000"
        " | DTSTART;TZID=Europe/Berlin:20261209T120000 | DTEND;TZID=Europe/Berlin:20261209T130000"
    )
    off = (
        "UID:s | RECURRENCE-ID;TZID=Europe/Berlin:20261215T090000 | STATUS:CANCELLED"
        " | DTSTART;TZID=Europe/Berlin:20261215T090000 | DTEND;TZID=Europe/Berlin:20261215T100000"
    )
    series = (
        "UID:s | DTSTART;TZID=Europe/Berlin:20261201T090000 | DTEND;TZID=Europe/Berlin:20261201T100000"
        " | RRULE:FREQ=WEEKLY;COUNT=4"
    )
    assert table(calendar(moved, off, series)) == [
        ("12-01 08:00", "12-01 09:00"),
        ("12-09 11:00", "12-09 12:00"),
        ("12-22 08:00", "12-22 09:00"),
    ]


ZONE = (
    "BEGIN:VTIMEZONE | TZID:Our Zone | BEGIN:STANDARD | DTSTART:19700101T000000 | TZOFFSETFROM:+0300"
    " | TZOFFSETTO:+0300 | TZNAME:OUR | END:STANDARD | END:VTIMEZONE"
)


def test_a_zone_that_only_the_file_knows() -> None:
    event = "DTSTART;TZID=Our Zone:20261201T090000 | DTEND;TZID=Our Zone:20261201T100000"
    assert table(calendar(event, head=ZONE)) == [("12-01 06:00", "12-01 07:00")]


def test_text_people_and_names() -> None:
    event = (
        "DTSTART:20261201T090000Z | DURATION:PT1H | SUMMARY:On call\\, Ana\\; all"
        ' | ATTENDEE;CN="Bo; Chief";ROLE=REQ:mailto:Bo@Example.com | ORGANIZER:MAILTO:boss@example.com'
    )
    content = (
        calendar(event, head="X-WR-CALNAME:Nights")
        .replace(b"Ana", b"A\r\n na")
        .replace(b"BEGIN:VCAL", b"\xef\xbb\xbfBEGIN:VCAL")
    )
    found = read(content, START, END, BERLIN)
    assert (found.name, found.events[0].summary) == ("Nights", "On call, Ana; all")
    assert (found.events[0].attendees, found.events[0].organizer) == (("bo@example.com",), "boss@example.com")


def test_texts_without_end_are_cut_and_looked_through_at_once() -> None:
    """Matching runs outside of the box that reading has, so what it gets is short."""
    who = "".join(f" | ATTENDEE:mailto:p{number}@example.com" for number in range(500))
    times = "DTSTART:20261201T090000Z | DURATION:PT1H"
    for series in ("", " | RRULE:FREQ=DAILY;COUNT=2 | RDATE:20261205T090000Z"):
        found = read(calendar(f"{times}{series} | SUMMARY:{'a' * 400_000}{who}"), START, END, BERLIN)
        assert {(len(event.summary), len(event.attendees)) for event in found.events} == {(300, 100)}
    people = [Person(1, "Ana", "ana@example.com")]
    hostile = replace(found.events[0], summary="a" * 1_000_000, attendees=())
    assert match([hostile], people, {}).stretches == []


def test_the_short_way_agrees_with_the_library() -> None:
    # Those in a zone: an extra date in UTC does not go with floating times and dates.
    zoned = [text for text, _rows in PLAIN.values() if "TZID" in text or "Z |" in text or text.endswith("Z")]
    # Where the two differ on purpose: an end before the beginning, and a last day given as a date, which counts.
    apart = ("DTEND:20261201T080000Z", "UNTIL=20261202")
    events = [text for text in zoned if "TZID=/" not in text and not text.endswith(apart)]
    events += [
        f"DTSTART;TZID=Europe/Berlin:202612{day:02}T040000 | DURATION:PT{day}H | RRULE:{rule}"
        for day, rule in enumerate(
            (
                "FREQ=DAILY;INTERVAL=3;COUNT=40",
                "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270601T000000Z;WKST=SU",
                "FREQ=MONTHLY;BYMONTHDAY=-1,15;COUNT=20",
                "FREQ=YEARLY;COUNT=3",
                "FREQ=HOURLY;INTERVAL=36;COUNT=30",
            ),
            start=1,
        )
    ]
    quick = read(calendar(*events), START, END, BERLIN).events
    # An extra date far beyond the window sends each event the long way.
    slow = read(calendar(*[f"{text} | RDATE:20400101T000000Z" for text in events]), START, END, BERLIN).events
    assert [(e.uid, e.start, e.end) for e in quick] == [(e.uid, e.start, e.end) for e in slow]
    assert len(quick) > 80


LONG = "DTSTART:19710101T000000Z | DURATION:PT1H | RRULE:FREQ="
BOMBS = {
    "every second": calendar(f"{LONG}SECONDLY"),
    "every minute, spelt oddly": calendar(f"{LONG}daily;INTERVAL=1".replace("daily", " minutely")),
    "too many dates": calendar(
        f"DTSTART:20261201T090000Z | DURATION:PT1H | EXDATE:{'20261201T090000Z,' * 100_000}".rstrip(",")
    ),
    "too many components": calendar(head="|".join(["BEGIN:VTIMEZONE"] * 20_001)),
    "too large": b"BEGIN:VCALENDAR\r\n" + b"X" * MAX_BYTES,
    "too many instances": calendar(*["DTSTART:20261201T000000Z | DURATION:PT1H | RRULE:FREQ=DAILY"] * 40),
    "a page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "nothing": b"",
    "cut off": calendar("DTSTART:20261201T090000Z | DURATION:PT1H")[:-20],
    "nonsense in a time": calendar("DTSTART:2026-12-01 | DURATION:PT1H"),
    "nonsense in a rule": calendar("DTSTART:20261201T090000Z | DURATION:PT1H | RRULE:FREQ=NEVER"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_refused(name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(BOMBS[name], START, END, BERLIN)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        calendar(*[f"{LONG}HOURLY;COUNT=1000000000;BYMONTH=2;BYMONTHDAY=30"] * 30),
        calendar(f"{LONG}YEARLY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=2;BYSETPOS=366"),
        calendar(*[f"UID:{number} | {LONG}HOURLY | RDATE:20261201T000000Z" for number in range(3000)]),
    ],
    ids=["a rule that never comes true", "a rule without a day", "more than memory holds"],
)
def test_no_content_holds_a_worker_for_longer_than_its_time(content: bytes) -> None:
    started = time.monotonic()
    try:
        read_boxed(content, START, END, BERLIN)
    except Unreadable as refused:
        assert str(refused).endswith(".")
    assert time.monotonic() - started < 8


def test_the_box_gives_what_reading_gives() -> None:
    content = calendar(*(text for text, _rows in PLAIN.values()), head="X-WR-CALNAME:Büro")
    assert read_boxed(content, START, END, BERLIN) == read(content, START, END, BERLIN)
    with pytest.raises(Unreadable, match="not a calendar"):
        read_boxed(b"<html>", START, END, BERLIN)


PEOPLE = [
    Person(1, "Ana", "ana@example.com"),
    Person(2, "Ana Maria", "am@example.com"),
    Person(3, "Bo Berg", "bo@example.com"),
    Person(4, "Twin", "t1@example.com"),
    Person(5, "Twin", "t2@example.com"),
]


@pytest.mark.parametrize(
    ("summary", "attendees", "organizer", "expected"),
    [
        ("x", ("bo@example.com",), "", [3]),
        ("Ana", ("bo@example.com",), "", [3]),
        ("x", ("who@example.com", "ana@example.com", "bo@example.com"), "", [1, 3]),
        ("On call: ana maria", (), "", [2]),
        ("ANA / bo  berg", (), "", [1, 3]),
        ("Banana", (), "", []),
        ("On call bo@example.com.", (), "", [3]),
        ("Twin", (), "", []),
        ("The red phone", (), "ana@example.com", [1]),
        ("Chief", (), "ana@example.com", [3]),
        ("Gone", (), "", []),
    ],
)
def test_who_an_event_is_about(
    summary: str, attendees: tuple[str, ...], organizer: str, expected: list[int]
) -> None:
    event = Event("1", START, END, summary, attendees, organizer)
    found = match([event], PEOPLE, {"chief ": 3, "Gone": 99})
    assert [user for user, _event in found.stretches] == expected
    assert found.unmatched == ([] if expected else [summary])
