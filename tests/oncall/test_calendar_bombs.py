"""Row 26: calendars made to break their reader, fetched from a server that gave a good one before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from notifications.models import Delivery
from oncall.calendars.mirroring import fetch_due
from oncall.models import ExternalCalendar
from tests.factories import People
from tests.oncall.calendar_server import calendar_server
from tests.oncall.support import START
from tests.oncall.test_calendar_reading import calendar
from tests.oncall.test_calendars_in import HOUR, local, mirrored, rows, shift

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]
TOM = "DTSTART:20261120T120000Z | DURATION:PT1S | SUMMARY:Tom Teammate"
# Five seconds of reading, and a start of its process on a machine that does other things too.
BOUND = 30

BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "every second without end": (lambda: calendar(f"{TOM} | RRULE:FREQ=SECONDLY"), ""),
    "10^9 times": (lambda: calendar(f"{TOM} | RRULE:FREQ=MINUTELY;COUNT=1000000000"), ""),
    "10^6 exceptions": (
        lambda: calendar(f"{TOM} | RRULE:FREQ=DAILY | EXDATE:{','.join(['20261201T120000Z'] * 10**6)}"),
        "The calendar is larger than 2 MB.",
    ),
    "exceptions within the size": (
        lambda: calendar(f"{TOM} | RRULE:FREQ=DAILY | EXDATE:{','.join(['20261201T120000Z'] * 10**5)}"),
        "An event names more than 2,000 single dates.",
    ),
    "50 MB": (
        lambda: calendar(TOM, head=f"X-A:{'x' * 50_000_000}"),
        "The calendar is larger than 2 MB.",
    ),
    "time zones in time zones": (
        lambda: calendar(TOM, head="|".join(["BEGIN:VTIMEZONE"] * 9_000 + ["END:VTIMEZONE"] * 9_000)),
        "",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_row_26_a_bomb_leaves_the_last_good_copy_and_is_told_once(people: People, name: str) -> None:
    made, sentence = BOMBS[name]
    body = made()
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        _schedule, row = mirrored(people, server)
        server.give(calendar(shift(0, 4, "Tom Teammate"), shift(4, 30, "Olga Owner")))
        assert fetch_due() == 1
        before = rows()
        for _again in range(2):
            clock.shift(HOUR / 4)
            server.give(body)
            begun = time.monotonic()
            assert fetch_due() == 1
            assert time.monotonic() - begun < BOUND
        row.refresh_from_db()
        assert rows() == before == [("Tom Teammate", 0, 4), ("Olga Owner", 4, 30)]
        assert row.failure.endswith(".")
        assert sentence in row.failure
        assert row.failing_since == START + HOUR / 4
        assert list(Delivery.objects.values_list("user__name", "title")) == [
            ("Olga Owner", "The calendar “Old tool” cannot be read")
        ]


def test_row_26_a_long_count_that_is_rare_enough_is_no_bomb(people: People) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False):
        _schedule, row = mirrored(people, server)
        server.give(calendar(f"{TOM} | RRULE:FREQ=DAILY;COUNT=1000000000"))
        assert fetch_due() == 1
        row.refresh_from_db()
        assert (row.failure, len(rows())) == ("", 400)
        found: Any = ExternalCalendar.objects.get()
        assert len(bytes(found.content)) < 1000
