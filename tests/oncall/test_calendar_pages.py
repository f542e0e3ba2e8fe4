"""Foreign calendars on pages and in the API: who sees and changes them, and that addresses stay secret."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall.actions.external import add_calendar
from oncall.calendars.reading import read
from oncall.calendars.text import MAX_BYTES
from oncall.feeds import personal_feed, schedule_feed
from oncall.loading import load
from oncall.models import ExternalCalendar, Leave, Rotation, Schedule
from tests.factories import People, make_people, make_team
from tests.oncall.support import START, make_rotation, make_schedule
from tests.oncall.test_calendar_reading import calendar
from tests.oncall.test_calendars_in import rows, shift

pytestmark = pytest.mark.django_db
SECRET = "https://calendar.example.com/secret-4711/basic.ics"
WHO = ("owner", "admin", "teammate", "support", "stranger")


@pytest.fixture(autouse=True)
def still() -> Any:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def furnished(people: People) -> tuple[Schedule, ExternalCalendar]:
    schedule = make_schedule(people.team)
    row = add_calendar(actor=people.actor("owner"), name="Old tool", schedule_id=schedule.pk, url=SECRET)
    return schedule, row


@pytest.mark.parametrize(("visibility", "outside"), [("organisation", 200), ("members", 404)])
def test_who_sees_and_who_changes(visibility: str, outside: int) -> None:
    people = make_people(visibility=visibility)
    schedule, row = furnished(people)
    page, api = f"{schedule.get_absolute_url()}calendars/", f"/api/v1/schedules/{schedule.pk}/calendars/"
    seen = {"owner": 200, "admin": 200, "teammate": 200, "support": outside, "stranger": outside}
    assert {who: people.browser(who).get(page).status_code for who in WHO} == seen
    assert {who: people.api(who).get(api).status_code for who in WHO} == seen
    assert {who: people.api(who).get(f"{api}{row.pk}/").status_code for who in WHO} == seen
    closed = 403 if visibility == "organisation" else 404
    for path in (f"{page}{row.pk}/", f"{page}{row.pk}/remove/"):
        answers = {who: people.browser(who).get(path).status_code for who in WHO}
        assert answers == {"owner": 200, "admin": 200, "teammate": 403, "support": closed, "stranger": closed}
    body = {"name": "x", "url": SECRET}
    made = {who: people.api(who).post(api, body).status_code for who in WHO}
    assert made == {"owner": 201, "admin": 201, "teammate": 403, "support": closed, "stranger": closed}
    patched = {who: people.api(who).patch(f"{api}{row.pk}/", {"name": who}).status_code for who in WHO}
    assert patched == {"owner": 200, "admin": 200, "teammate": 403, "support": closed, "stranger": closed}
    refreshed = {who: people.api(who).post(f"{api}{row.pk}/refresh/").status_code for who in WHO}
    assert refreshed == {"owner": 202, "admin": 202, "teammate": 403, "support": closed, "stranger": closed}
    removed = {who: people.api(who).delete(f"{api}{row.pk}/").status_code for who in reversed(WHO)}
    assert removed == {"stranger": closed, "support": closed, "teammate": 403, "admin": 204, "owner": 404}


def test_an_address_is_never_shown_again(people: People) -> None:
    schedule, row = furnished(people)
    base, api = schedule.get_absolute_url(), people.api("owner")
    answer = api.get(f"/api/v1/schedules/{schedule.pk}/calendars/{row.pk}/")
    assert answer.json() == {
        "id": row.pk,
        "name": "Old tool",
        "read_from": "url",
        "host": "calendar.example.com",
        "layer": 0,
        "people": {},
        "unmatched": [],
        "fetched_at": None,
        "next_fetch_at": "2026-11-20T12:00:00Z",
        "failing_since": None,
        "failure": "",
        "created_at": "2026-11-20T12:00:00Z",
    }
    pages = [
        f"{base}calendars/",
        f"{base}calendars/{row.pk}/",
        f"/admin/oncall/externalcalendar/{row.pk}/change/",
    ]
    for path in pages:
        page = text_of(people.browser("admin").get(path, follow=True))
        assert ("secret-4711" in page, "calendar.example.com" in page) == (False, True), path
    assert "secret" not in ExternalCalendar.objects.get().url


def test_calendars_are_added_by_address_and_by_file(people: People) -> None:
    schedule, browser = make_schedule(people.team), people.browser("owner")
    page = f"{schedule.get_absolute_url()}calendars/"
    content = calendar(shift(1, 2, "Tom Teammate"), shift(2, 3, "Red phone"))
    file = SimpleUploadedFile("a.ics", content)
    assert browser.post(page, {"name": "By file", "file": file, "layer": "2"}).status_code == 302
    assert browser.post(page, {"name": "By address", "url": SECRET, "layer": "0"}).status_code == 302
    assert rows() == [("Tom Teammate", 1, 2)]
    for wrong, words in [
        ({}, "Give either an address or a file."),
        ({"url": "gopher://x"}, "must begin with https"),
        ({"file": SimpleUploadedFile("a.ics", b"<html>")}, "not a calendar"),
        ({"file": SimpleUploadedFile("a.ics", b"x" * (MAX_BYTES + 1))}, "larger than 2 MB"),
        ({"url": SECRET, "layer": "-1"}, "greater than or equal to 0"),
    ]:
        answer = browser.post(page, {"name": "x", "layer": "0", **wrong})
        assert (answer.status_code, words in text_of(answer)) == (422, True), wrong
    row = ExternalCalendar.objects.get(name="By file")
    shown = text_of(browser.get(f"{page}{row.pk}/"))
    assert ("On call: Red phone" in shown, "1 name fits nobody" in text_of(browser.get(page))) == (True, True)
    who = {"name-row": "0", "text-0": "On call: Red phone", "person-0": str(people.owner.pk)}
    assert browser.post(f"{page}{row.pk}/", {"name": "Renamed", "layer": "2", **who}).status_code == 302
    assert rows() == [("Tom Teammate", 1, 2), ("Olga Owner", 2, 3)]
    assert browser.post(f"{page}{row.pk}/refresh/").status_code == 409
    assert browser.get(f"{page}{row.pk}/remove/").status_code == 200
    assert browser.post(f"{page}{row.pk}/remove/").status_code == 302
    assert rows() == []


def test_my_leave_calendars_are_mine_alone(people: People) -> None:
    content = calendar(shift(24, 48, "Holiday"))
    page, api = "/oncall/me/calendars/", "/api/v1/users/me/leave-calendars/"
    teammate = people.browser("teammate")
    posted = teammate.post(page, {"name": "HR", "file": SimpleUploadedFile("a.ics", content)})
    assert (posted.status_code, rows(Leave)) == (302, [("Tom Teammate", 24, 48)])
    row = ExternalCalendar.objects.get()
    made = people.api("stranger").post(api, {"name": "Mine", "content": content.decode()})
    assert (made.status_code, rows(Leave)[1:]) == (201, [("Sam Stranger", 24, 48)])
    assert [len(people.api(who).get(api).json()["results"]) for who in ("teammate", "stranger", "owner")] == [
        1,
        1,
        0,
    ]
    for who in ("owner", "stranger", "support", "admin"):
        assert people.api(who).get(f"{api}{row.pk}/").status_code == 404
        assert people.browser(who).get(f"{page}{row.pk}/").status_code == 404
        assert people.browser(who).post(f"{page}{row.pk}/remove/").status_code == 404
    assert people.api("teammate", scopes=["read"]).delete(f"{api}{row.pk}/").status_code == 403
    assert people.api("teammate").patch(f"{api}{row.pk}/", {"name": "HR 2"}).json()["name"] == "HR 2"
    assert teammate.post(f"{page}{row.pk}/remove/").status_code == 302
    assert rows(Leave) == [("Sam Stranger", 24, 48)]
    wrong = people.api("teammate").post(api, {"name": "x", "content": "nonsense"})
    assert (wrong.status_code, wrong.json()["errors"]) == (400, {"file": ["The answer is not a calendar."]})


def test_lists_take_as_many_statements_for_three_as_for_one(people: People) -> None:
    schedule, _row = furnished(people)
    browser, api = people.browser("owner"), people.api("owner")
    asked = [
        (browser, f"{schedule.get_absolute_url()}calendars/"),
        (api, f"/api/v1/schedules/{schedule.pk}/calendars/"),
    ]

    def counts() -> list[int]:
        found = []
        for client, path in asked:
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    one = counts()
    for number in range(2):
        add_calendar(actor=people.actor("owner"), name=f"C{number}", schedule_id=schedule.pk, url=SECRET)
    assert counts() == one


def test_what_we_give_out_reads_back_as_the_same_stretches(people: People) -> None:
    schedule = make_schedule(people.team, "Nächte, & Tage; " + "lang " * 20, timezone="Europe/Berlin")
    make_rotation(schedule, [[people.owner.pk], None, [people.teammate.pk, people.owner.pk]])
    text, mark = schedule_feed(schedule, START)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    for line in ("METHOD:PUBLISH", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"):
        assert f"\r\n{line}\r\n" in text
    start, end = START, START + dt.timedelta(days=100)
    found = read(text.encode(), start, end, schedule.zone)
    assert found.name == schedule.name.strip()
    shifts = load([schedule], start=start - dt.timedelta(days=2), end=end + dt.timedelta(days=2))[
        schedule.pk
    ].shifts(start - dt.timedelta(days=2), end + dt.timedelta(days=2))
    expected = [(row.start, row.end) for row in shifts if row.end > start and row.start < end]
    assert [(event.start, event.end) for event in found.events] == expected
    assert len({event.uid for event in found.events}) == len(expected)
    later, again = schedule_feed(schedule, START + dt.timedelta(hours=1))
    assert (again, later == text) == (mark, False)
    mine, _mark = personal_feed(people.actor("teammate"), START)
    own = [
        (row.start, row.end)
        for row in shifts
        if people.teammate.pk in row.users and row.end > start and row.start < end
    ]
    assert [
        (event.start, event.end) for event in read(mine.encode(), start, end, schedule.zone).events
    ] == own


def test_the_new_fields_of_schedules_and_rotations(people: People) -> None:
    api = people.api("owner")
    hours = [{"from": "18:00", "to": "08:00"}, {"from": "00:00", "to": "00:00", "days": ["sa", "su"]}]
    body = {"team": people.team.slug, "name": "Office", "holiday_region": "de-by", "unstaffed_hours": hours}
    made = api.post("/api/v1/schedules/", body).json()
    assert (made["holiday_region"], made["unstaffed_hours"]) == ("DE-BY", hours)
    base = f"/api/v1/schedules/{made['id']}/"
    for wrong, field in [
        ({"holiday_region": "XX"}, "holiday_region"),
        ({"holiday_region": "DE-XX"}, "holiday_region"),
        ({"unstaffed_hours": [{"from": "x", "to": "08:00"}]}, "unstaffed_hours"),
        ({"unstaffed_hours": "night"}, "unstaffed_hours"),
    ]:
        answer = api.patch(base, wrong)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), wrong
    rotation = {
        "name": "Daily",
        "starts_at": "2026-12-01T00:00",
        "every": {"unit": "day"},
        "members": [[people.owner.pk], None],
        "on_holidays": "skip",
    }
    row = api.post(f"{base}rotations/", rotation).json()
    assert (row["members"], row["on_holidays"]) == ([[people.owner.pk], None], "skip")
    for members in ([[]], [None], [[people.owner.pk], []], []):
        answer = api.post(f"{base}rotations/", {**rotation, "members": members})
        assert (answer.status_code, next(iter(answer.json()["errors"])).split(".")[0]) == (400, "members"), (
            members
        )
    assert api.post(f"{base}rotations/", {**rotation, "on_holidays": "never"}).status_code == 400
    window = "?from=2026-12-24T00:00:00Z&to=2026-12-27T00:00:00Z"
    # The 25th and 26th are holidays, the 24th a null turn; the 26th is a Saturday too.
    assert api.get(f"{base}gaps/{window}").json() == {
        "results": [],
        "next": None,
        "previous": None,
        "planned": [{"start": "2026-12-24T00:00:00Z", "end": "2026-12-27T00:00:00Z"}],
    }
    assert api.get(f"{base}shifts/{window}").json()["results"] == []
    board = text_of(people.browser("stranger").get(f"/oncall/schedules/{made['id']}/?day=2026-12-20"))
    assert ("Christmas Day" in board, "Nobody, as planned" in board) == (True, True)


def test_another_region_counts_from_now_on(people: People) -> None:
    api, schedule = people.api("owner"), make_schedule(people.team)
    base = f"/api/v1/schedules/{schedule.pk}/"
    api.patch(base, {"holiday_region": "US"})
    make_rotation(schedule, [[people.owner.pk]], on_holidays="only", holiday_region="US")
    window = f"{base}shifts/?from=2026-11-16T00:00:00Z&to=2026-12-27T00:00:00Z"

    def days() -> list[str]:
        return [row["start"][5:10] for row in api.get(window).json()["results"]]

    assert days() == ["11-26", "12-25"]
    with time_machine.travel(dt.datetime(2026, 12, 1, tzinfo=dt.UTC), tick=False):
        assert api.patch(base, {"holiday_region": "DE"}).status_code == 200
        assert days() == ["11-26", "12-25"]
        assert [row["end"] for row in api.get(window).json()["results"]][1] == "2026-12-27T00:00:00Z"
    assert sorted(Rotation.objects.values_list("holiday_region", flat=True)) == ["DE", "US"]


def test_the_report_names_overlaps_of_visible_schedules_alone(people: People) -> None:
    one, two = make_schedule(people.team, "One"), make_schedule(people.team, "Two")
    hidden = make_schedule(make_team("Closed", visibility="members", manager=people.owner), "Hidden")
    for schedule in (one, two, hidden):
        make_rotation(schedule, [[people.owner.pk]], restrictions=[{"from": "08:00", "to": "10:00"}])
    second = make_rotation(one, [[people.teammate.pk]], restrictions=[{"from": "09:00", "to": "11:00"}])
    window = "?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"
    answer = people.api("stranger").get(f"/api/v1/schedules/{one.pk}/report/{window}").json()
    both = sorted([people.owner.pk, people.teammate.pk])
    assert answer == {
        "gaps": [
            {"start": "2026-11-21T00:00:00Z", "end": "2026-11-21T08:00:00Z"},
            {"start": "2026-11-21T11:00:00Z", "end": "2026-11-22T00:00:00Z"},
        ],
        "planned": [],
        "overlaps": [
            {
                "kind": "person",
                "start": "2026-11-21T08:00:00Z",
                "end": "2026-11-21T10:00:00Z",
                "users": [people.owner.pk],
                "schedules": [one.pk, two.pk],
            },
            {
                "kind": "turns",
                "start": "2026-11-21T09:00:00Z",
                "end": "2026-11-21T10:00:00Z",
                "users": both,
                "rotations": [second.pk - 3, second.pk],
            },
        ],
    }
    page = text_of(people.browser("stranger").get(one.get_absolute_url()))
    assert ("Overlaps in the next 14 days" in page, "Hidden" in page) == (True, False)
    wrong = people.api("owner").get(f"/api/v1/schedules/{one.pk}/report/?from=2026-01-01&to=2028-01-01")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["to"])


def test_the_forms_take_nobody_holidays_and_empty_hours(people: People) -> None:
    schedule, browser = make_schedule(people.team), people.browser("owner")
    base = schedule.get_absolute_url()
    form = {
        "name": "Primary",
        "timezone": "UTC",
        "holiday_region": "DE",
        "window": ["0"],
        "from-0": "18:00",
        "to-0": "08:00",
    }
    grown = browser.post(f"{base}edit/", {**form, "days-0": ["mo"], "op": "add"})
    assert (grown.status_code, grown.content.count(b'name="window"')) == (200, 2)
    assert browser.post(f"{base}edit/", {**form, "days-0": ["mo", "tu"]}).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.holiday_region, schedule.unstaffed_hours) == (
        "DE",
        [{"from": "18:00", "to": "08:00", "days": ["mo", "tu"]}],
    )
    assert b'value="18:00"' in browser.get(f"{base}edit/").content
    for change, words in [
        ({"to-0": ""}, "need both times"),
        ({"holiday_region": "Mars"}, "must be a country"),
    ]:
        answer = browser.post(f"{base}edit/", {**form, **change})
        assert (answer.status_code, words in text_of(answer)) == (422, True), change
    turns = {
        "name": "Weekly",
        "count": "1",
        "unit": "week",
        "starts_at": "2026-11-16T09:00",
        "layer": "0",
        "on_holidays": "skip",
        "turn": ["0", "1"],
        "person-0": [str(people.owner.pk), ""],
        "person-1": ["nobody", ""],
    }
    assert browser.post(f"{base}rotations/new/", turns).status_code == 302
    row = Rotation.objects.get()
    assert (row.members, row.on_holidays, row.holiday_region) == ([[people.owner.pk], None], "skip", "DE")
    edit = browser.get(f"{base}rotations/{row.pk}/").content.decode()
    assert edit.count('<option value="nobody" selected>') == 1
    assert "Nobody, as planned" in text_of(browser.get(base))
