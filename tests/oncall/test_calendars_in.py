"""Foreign calendars kept as shifts and leave: what is replaced, what stays, who hears of failures."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.crypto import unseal
from core.errors import InvalidInput, NotAllowed, NotVisible
from notifications.models import Delivery
from oncall import loading, selectors
from oncall.actions.external import add_calendar, refresh_calendar, remove_calendar, update_calendar
from oncall.calendars.mirroring import fetch_due
from oncall.models import ExternalCalendar, ImportedShift, Leave, Schedule
from tests.factories import People, make_user
from tests.oncall.calendar_server import CalendarServer, calendar_server
from tests.oncall.support import START, make_rotation, make_schedule
from tests.oncall.test_calendar_reading import calendar

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def local(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


def shift(start: int, end: int, who: str, **more: str) -> str:
    """A VEVENT of hours from START on."""
    begins, ends = (f"{START + at * HOUR:%Y%m%dT%H%M%SZ}" for at in (start, end))
    extra = "".join(f" | {name.upper()}:{value}" for name, value in more.items())
    return f"DTSTART:{begins} | DTEND:{ends} | SUMMARY:On call: {who}{extra}"


def rows(model: Any = ImportedShift) -> list[tuple[str, float, float]]:
    found = model.objects.order_by("starts_at", "ends_at", "pk").select_related("user")
    return [(row.user.name, (row.starts_at - START) / HOUR, (row.ends_at - START) / HOUR) for row in found]


def mirrored(people: People, server: CalendarServer, **more: Any) -> tuple[Schedule, ExternalCalendar]:
    schedule = make_schedule(people.team)
    row = add_calendar(
        actor=people.actor("owner"), name="Old tool", schedule_id=schedule.pk, url=server.url, **more
    )
    return schedule, row


def served(schedule: Schedule, start: int, end: int) -> list[tuple[float, float, tuple[int, ...]]]:
    window = (START + start * HOUR, START + end * HOUR)
    item = loading.load([schedule], start=window[0], end=window[1])[schedule.pk]
    return [((s.start - START) / HOUR, (s.end - START) / HOUR, s.users) for s in item.shifts(*window)]


def test_a_file_is_read_once_and_its_shifts_take_part_as_a_layer(people: People) -> None:
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk]])
    content = calendar(
        shift(-10, 2, "Tom Teammate"), shift(5, 6, people.teammate.email), shift(8, 9, "Nobody known")
    )
    with time_machine.travel(START, tick=False):
        row = add_calendar(
            actor=people.actor("owner"), name="Export", schedule_id=schedule.pk, content=content, layer=3
        )
        assert rows() == [("Tom Teammate", -10, 2), ("Tom Teammate", 5, 6)]
        tom, olga = people.teammate.pk, people.owner.pk
        assert served(schedule, -12, 7) == [
            (-12, -10, (olga,)),
            (-10, 2, (tom,)),
            (2, 5, (olga,)),
            (5, 6, (tom,)),
            (6, 7, (olga,)),
        ]
        assert selectors.on_call_users([schedule.pk], START) == {schedule.pk: [tom]}
        mine = selectors.my_shifts(people.actor("teammate"), START)
        assert [((each.start - START) / HOUR, (each.end - START) / HOUR) for each in mine] == [
            (-10, 2),
            (5, 6),
        ]
        api = (
            people.api("stranger")
            .get(f"/api/v1/schedules/{schedule.pk}/shifts/?to=2026-11-20T14:00:00Z")
            .json()
        )
    assert api["results"] == [
        {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T14:00:00Z", "users": [tom], "source": "rotation"}
    ]
    assert (row.url, row.unmatched, row.fetched_at) == ("", ["On call: Nobody known"], START)


@pytest.mark.usefixtures("local")
def test_a_mirror_replaces_what_is_to_come_and_never_what_was(people: People) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        schedule, row = mirrored(people, server)
        assert (unseal(row.url), row.host, row.next_fetch_at) == (server.url, "127.0.0.1", START)
        server.give(
            calendar(shift(-20, -4, "Olga Owner"), shift(-4, 4, "Tom Teammate"), shift(4, 8, "Olga Owner")),
            ETag='"1"',
        )
        assert (fetch_due(), fetch_due()) == (1, 0)
        assert rows() == [("Olga Owner", -20, -4), ("Tom Teammate", -4, 4), ("Olga Owner", 4, 8)]
        kept = ImportedShift.objects.get(starts_at=START - 4 * HOUR)
        clock.shift(HOUR)
        # Everything is told otherwise, also the past; the running shift ends later, the next has gone to Tom.
        server.give(
            calendar(
                shift(-20, -4, "Tom Teammate"),
                shift(-4, 6, "Tom Teammate"),
                shift(6, 8, "Tom Teammate", uid="n"),
            )
        )
        assert fetch_due() == 1
        assert rows() == [("Olga Owner", -20, -4), ("Tom Teammate", -4, 6), ("Tom Teammate", 6, 8)]
        assert ImportedShift.objects.get(starts_at=START - 4 * HOUR).pk == kept.pk
        clock.shift(HOUR)
        server.give(calendar(shift(-4, 8, "Olga Owner")))
        fetch_due()
        assert rows() == [("Olga Owner", -20, -4), ("Tom Teammate", -4, 2), ("Olga Owner", 2, 8)]
        assert served(schedule, 0, 9) == [(0, 2, (people.teammate.pk,)), (2, 8, (people.owner.pk,))]
        assert [headers.get("if-none-match") for _path, headers in server.calls] == [None, '"1"', None]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("later", [lambda clock: None, lambda clock: clock.shift(dt.timedelta(days=1))])
def test_an_unchanged_calendar_stays_and_its_series_go_on(people: People, later: Any) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        mirrored(people, server)
        server.give(calendar(f"{shift(0, 1, 'Tom Teammate')} | RRULE:FREQ=DAILY"), ETag='"1"')
        fetch_due()
        assert len(rows()) == 400
        server.give(b"", 304)
        clock.shift(16 * HOUR / 60)
        later(clock)
        fetch_due()
        row = ExternalCalendar.objects.get()
        assert (row.failure, row.fetched_at, row.etag) == ("", dt.datetime.now(dt.UTC), '"1"')
        assert len(rows()) == (400 if row.fetched_at.day == START.day else 402)


FAILURES: dict[str, tuple[tuple[bytes, int], str]] = {
    "not found": ((b"", 404), "127.0.0.1 answered HTTP 404."),
    "a page": ((b"<html>Sign in</html>", 200), "The answer is not a calendar."),
    "suddenly empty": ((calendar(), 200), "The calendar is suddenly empty."),
    "only what is over": ((calendar(shift(-9, -8, "Tom Teammate")), 200), "The calendar is suddenly empty."),
    "nobody known": (
        (calendar(shift(1, 2, "Busy")), 200),
        "None of its 1 coming events names a person known here.",
    ),
    "cut off": ((calendar(shift(1, 2, "Tom Teammate"))[:-30], 200), "The calendar is cut off in the middle."),
}


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_leaves_the_last_good_copy_and_is_told_once(people: People, name: str) -> None:
    (body, status), sentence = FAILURES[name]
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        _schedule, row = mirrored(people, server)
        good = calendar(shift(0, 4, "Tom Teammate"), shift(4, 30, "Olga Owner"))
        server.give(good)
        fetch_due()
        before = rows()
        for _again in range(3):
            clock.shift(HOUR / 4)
            server.give(body, status)
            assert fetch_due() == 1
        row.refresh_from_db()
        assert (rows(), row.failure, row.failing_since) == (before, sentence, START + HOUR / 4)
        told = Delivery.objects.values_list("user__name", "title", "url_path")
        assert list(told) == [
            (
                "Olga Owner",
                "The calendar “Old tool” cannot be read",
                f"/oncall/schedules/{row.schedule_id}/calendars/",
            )
        ]
        server.give(good)
        clock.shift(HOUR / 4)
        fetch_due()
        row.refresh_from_db()
        assert (row.failure, row.failing_since, row.told_at, Delivery.objects.count()) == ("", None, None, 1)
        server.give(body, status)
        clock.shift(HOUR / 4)
        fetch_due()
        assert Delivery.objects.count() == 2


@pytest.mark.usefixtures("local")
def test_an_empty_answer_counts_once_nothing_is_to_come(people: People) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        mirrored(people, server)
        server.give(calendar(shift(0, 1, "Tom Teammate")))
        fetch_due()
        clock.shift(2 * HOUR)
        server.give(calendar())
        fetch_due()
        assert (ExternalCalendar.objects.get().failure, rows()) == ("", [("Tom Teammate", 0, 1)])


def test_a_name_is_given_to_a_person_and_counts_at_once(people: People) -> None:
    schedule = make_schedule(people.team)
    content = calendar(shift(1, 2, "Red phone"), shift(2, 3, "Tom Teammate"))
    with time_machine.travel(START, tick=False):
        row = add_calendar(actor=people.actor("owner"), name="x", schedule_id=schedule.pk, content=content)
        assert row.unmatched == ["On call: Red phone"]
        row = update_calendar(
            actor=people.actor("owner"), calendar_id=row.pk, people={"On call: Red phone": people.owner.pk}
        )
        assert (row.unmatched, rows()) == ([], [("Olga Owner", 1, 2), ("Tom Teammate", 2, 3)])
        gone = make_user("Gone", is_active=False)
        with pytest.raises(InvalidInput) as refused:
            update_calendar(actor=people.actor("owner"), calendar_id=row.pk, people={"x": gone.pk})
    assert list(refused.value.fields) == ["people"]


def test_removing_and_moving_a_calendar_never_rewrites_the_past(people: People) -> None:
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk]], layer=1)
    content = calendar(
        shift(-8, -4, "Tom Teammate"), shift(-2, 4, "Tom Teammate"), shift(6, 8, "Tom Teammate")
    )
    owner, tom, olga = people.actor("owner"), (people.teammate.pk,), (people.owner.pk,)
    with time_machine.travel(START, tick=False) as clock:
        row = add_calendar(actor=owner, name="x", schedule_id=schedule.pk, content=content, layer=2)
        past = served(schedule, -12, 0)
        assert past == [(-12, -8, olga), (-8, -4, tom), (-4, -2, olga), (-2, 0, tom)]
        update_calendar(actor=owner, calendar_id=row.pk, layer=0)
        assert served(schedule, -12, 9) == [*past, (0, 9, olga)]
        update_calendar(actor=owner, calendar_id=row.pk, layer=3)
        clock.shift(HOUR)
        remove_calendar(actor=owner, calendar_id=row.pk)
        assert served(schedule, -12, 0) == past
        assert served(schedule, 0, 9) == [(0, 1, tom), (1, 9, olga)]
        assert not ExternalCalendar.objects.filter(removed_at=None).exists()
        with pytest.raises(NotVisible):
            remove_calendar(actor=owner, calendar_id=row.pk)


@pytest.mark.usefixtures("local")
def test_leave_comes_from_a_calendar_of_ones_own(people: People) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        row = add_calendar(
            actor=people.actor("teammate"), name="HR", user_id=people.teammate.pk, url=server.url
        )
        server.give(calendar("DTSTART;VALUE=DATE:20261224 | DTEND;VALUE=DATE:20261227 | SUMMARY:Holiday"))
        fetch_due()
        leave = Leave.objects.get()
        assert (leave.user, leave.note, leave.starts_at, leave.ends_at) == (
            people.teammate,
            "",
            dt.datetime(2026, 12, 24, tzinfo=dt.UTC),
            dt.datetime(2026, 12, 27, tzinfo=dt.UTC),
        )
        server.give(b"", 500)
        clock.shift(HOUR)
        fetch_due()
        assert list(Delivery.objects.values_list("user__name", "url_path")) == [
            ("Tom Teammate", "/oncall/me/calendars/")
        ]
        remove_calendar(actor=people.actor("owner"), calendar_id=row.pk)
        assert not Leave.objects.exists()


@pytest.mark.usefixtures("local")
def test_that_somebody_has_no_leave_any_more_is_believed_after_an_hour(people: People) -> None:
    with calendar_server() as server, time_machine.travel(START, tick=False) as clock:
        add_calendar(actor=people.actor("teammate"), name="HR", user_id=people.teammate.pk, url=server.url)
        server.give(calendar("DTSTART;VALUE=DATE:20261224 | DTEND;VALUE=DATE:20261227 | SUMMARY:Holiday"))
        fetch_due()
        server.give(calendar())
        for minutes, left, failure in (
            (16, 1, "The calendar is suddenly empty."),
            (50, 1, "The calendar is suddenly empty."),
            (16, 0, ""),
        ):
            clock.shift(dt.timedelta(minutes=minutes))
            fetch_due()
            assert (Leave.objects.count(), ExternalCalendar.objects.get().failure) == (left, failure)


def test_who_may(people: People) -> None:
    schedule = make_schedule(people.team)
    content = calendar(shift(1, 2, "Tom Teammate"))
    with time_machine.travel(START, tick=False):
        row = add_calendar(actor=people.actor("owner"), name="x", schedule_id=schedule.pk, content=content)
        leave = add_calendar(
            actor=people.actor("owner"), name="y", user_id=people.teammate.pk, content=content
        )
        for who in ("teammate", "support", "stranger"):
            with pytest.raises(NotAllowed):
                add_calendar(actor=people.actor(who), name="x", schedule_id=schedule.pk, content=content)
            with pytest.raises(NotAllowed):
                remove_calendar(actor=people.actor(who), calendar_id=row.pk)
        for who in ("support", "stranger"):
            with pytest.raises(NotAllowed):
                add_calendar(actor=people.actor(who), name="x", user_id=people.teammate.pk, content=content)
            with pytest.raises(NotVisible):
                refresh_calendar(actor=people.actor(who), calendar_id=leave.pk)
        remove_calendar(actor=people.actor("teammate"), calendar_id=leave.pk)
        remove_calendar(actor=people.actor("admin"), calendar_id=row.pk)


def test_what_is_refused(people: People) -> None:
    schedule = make_schedule(people.team)
    content = calendar(shift(1, 2, "Tom Teammate"))
    for wrong, field in [
        ({}, "url"),
        ({"url": "https://example.com/a", "content": content}, "url"),
        ({"url": "http://169.254.169.254:22/"}, "url"),
        ({"content": b"<html>"}, "file"),
        ({"content": content, "name": " "}, "name"),
        ({"content": content, "layer": 5000}, "layer"),
        ({"content": content, "people": {"x": 99999999}}, "people"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            add_calendar(**{"actor": people.actor("owner"), "name": "x", "schedule_id": schedule.pk, **wrong})
        assert list(refused.value.fields) == [field], wrong
    assert not ExternalCalendar.objects.exists()


def test_loading_takes_as_many_statements_for_many_calendars_as_for_one(people: People) -> None:
    schedules = [make_schedule(people.team, f"S{number}") for number in range(3)]

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            loading.load(schedules, start=START, end=START + HOUR)
        return len(queries)

    content = calendar(shift(-1, 2, "Tom Teammate"))
    with time_machine.travel(START, tick=False):
        add_calendar(actor=people.actor("owner"), name="x", schedule_id=schedules[0].pk, content=content)
        assert counted() == 3
        for schedule in schedules:
            add_calendar(actor=people.actor("owner"), name="y", schedule_id=schedule.pk, content=content)
        assert counted() == 3
