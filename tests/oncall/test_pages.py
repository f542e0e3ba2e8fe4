"""The on-call pages: what they say, and the forms that work without script."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from oncall import board
from oncall.models import CalendarToken, EscalationPolicy, Override, Rotation, Schedule
from oncall.selectors import policy_ladder, policy_preview
from tests.factories import People, make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy

pytestmark = pytest.mark.django_db


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_the_overview_says_who_is_on_call_and_warns_of_gaps(people: People) -> None:
    browser = people.browser("stranger")
    empty = text_of(browser.get("/oncall/"))
    assert "No schedule yet" in empty
    full, holes = make_schedule(people.team, "Full"), make_schedule(people.team, "Holes")
    make_rotation(full, [[people.owner.pk]])
    make_rotation(holes, [[people.teammate.pk]], restrictions=[{"from": "09:00", "to": "11:00"}])
    with time_machine.travel(START, tick=False):
        page = text_of(browser.get("/oncall/"))
        mine = text_of(people.browser("teammate").get("/oncall/me/"))
    assert "1 schedule has hours in the next 14 days in which nobody serves" in page
    assert ("Olga Owner" in page, "Nobody is on call" in page, "15 gaps" in page) == (True, True, True)
    assert "New schedule" not in page
    assert mine.count("Holes") == 61


def test_the_board_places_blocks_in_percent(people: People) -> None:
    schedule = make_schedule(people.team, timezone="Europe/Berlin")
    make_rotation(
        schedule, [[people.owner.pk], [people.teammate.pk]], unit="week", ends_at="2026-11-27T00:00"
    )
    start, end, first = board.window(schedule, "fortnight", "2026-11-20", START)
    assert (start, end, first) == (
        dt.datetime(2026, 11, 19, 23, tzinfo=dt.UTC),
        dt.datetime(2026, 12, 3, 23, tzinfo=dt.UTC),
        dt.date(2026, 11, 20),
    )
    picture = board.build(schedule, start, end, START)
    final = [(block.names, block.left, block.width) for block in picture.rows[0].blocks]
    assert final == [
        ("Olga Owner", "0.000%", "21.429%"),
        ("Tom Teammate", "21.429%", "28.571%"),
        ("", "50.000%", "50.000%"),
    ]
    assert (len(picture.days), picture.now_left, [row.label for row in picture.rows]) == (
        14,
        "3.869%",
        ["On call", "Rotation"],
    )
    for day in ("yesterday", "9999-12-31", "0001-01-01", "\0"):
        assert board.window(schedule, "x", day, START)[2] == dt.date(2026, 11, 20)


def test_a_schedule_is_made_edited_and_deleted(people: People) -> None:
    browser = people.browser("owner")
    made = browser.post(
        "/oncall/schedules/new/", {"team": people.team.pk, "name": "Nights", "timezone": "Europe/Paris"}
    )
    schedule = Schedule.objects.get()
    assert (made.status_code, made["Location"], schedule.timezone) == (
        302,
        schedule.get_absolute_url(),
        "Europe/Paris",
    )
    base = schedule.get_absolute_url()
    wrong = browser.post(f"{base}edit/", {"name": "Nights", "timezone": "Mars"})
    assert (wrong.status_code, "Not a time zone name" in text_of(wrong)) == (422, True)
    assert browser.post(f"{base}edit/", {"name": "Days", "timezone": "UTC"}).status_code == 302
    assert people.browser("teammate").get(f"{base}edit/").status_code == 403
    assert people.browser("teammate").get("/oncall/schedules/new/").status_code == 200
    assert (
        people.browser("teammate")
        .post("/oncall/schedules/new/", {"team": people.team.pk, "name": "x", "timezone": "UTC"})
        .status_code
        == 422
    )
    browser.post(f"{base}delete/", {"name": "Nights"})
    assert Schedule.objects.exists()
    browser.post(f"{base}delete/", {"name": "Days"})
    assert not Schedule.objects.exists()


def test_a_rotation_grows_by_buttons(people: People) -> None:
    schedule, browser = make_schedule(people.team), people.browser("owner")
    url = f"{schedule.get_absolute_url()}rotations/new/"
    form = {
        "name": "Weekly",
        "count": "1",
        "unit": "week",
        "starts_at": "2026-11-16T09:00",
        "layer": "0",
        "turn": ["0", "1"],
        "person-0": [str(people.owner.pk), str(people.teammate.pk), ""],
        "person-1": [str(people.teammate.pk), ""],
        "hours_from": "09:00",
        "hours_to": "17:00",
        "by_day": ["mo", "tu"],
    }
    page = browser.post(url, {**form, "op": "add"})
    assert (page.status_code, page.content.count(b'name="turn"'), Rotation.objects.count()) == (200, 3, 0)
    assert b'value="Weekly"' in page.content
    for op in ("remove-0", "up-1", "remove-99", "up-0", "\0", "x" * 500):
        assert browser.post(url, {**form, "op": op}).status_code == 200
    saved = browser.post(url, form)
    assert saved.status_code == 302, text_of(saved)
    row = Rotation.objects.get()
    assert (row.members, row.by_day, row.restrictions, row.starts_at) == (
        [[people.owner.pk, people.teammate.pk], [people.teammate.pk]],
        ["mo", "tu"],
        [{"from": "09:00", "to": "17:00"}],
        "2026-11-16T09:00:00",
    )
    for change, words in [
        ({"turn": []}, "at least one turn"),
        ({"person-0": ["999999"]}, "no active person"),
        ({"starts_at": "9999-01-01T00:00"}, "must be in the years"),
        ({"starts_at": "soon"}, "must be a local wall time"),
        ({"hours_to": ""}, "Give both times"),
        ({"unit": "hour"}, "cannot be used with hourly turns"),
    ]:
        answer = browser.post(url, {**form, **change})
        assert (answer.status_code, words in text_of(answer)) == (422, True), change
    edit = f"{schedule.get_absolute_url()}rotations/{row.pk}/"
    assert browser.get(edit).status_code == 200
    assert browser.post(edit, {**form, "name": "Later"}).status_code == 302
    assert browser.post(f"{edit}delete/").status_code == 302
    assert not Rotation.objects.living().exists()
    assert browser.get(edit).status_code == 404


def test_taking_a_shift_and_covering_a_gap(people: People) -> None:
    schedule = make_schedule(people.team)
    base = schedule.get_absolute_url()
    teammate = people.browser("teammate")
    with time_machine.travel(START, tick=False):
        taken = teammate.post(
            f"{base}take/", {"start": "2026-11-20T00:00:00+00:00", "end": "2026-11-21T00:00:00Z"}
        )
        assert taken.status_code == 302
        row = Override.objects.get()
        assert (row.user, row.kind, row.starts_at, row.created_by) == (
            people.teammate,
            "take_over",
            START,
            people.teammate,
        )
        for data in (
            {},
            {"start": "x", "end": "y"},
            {"start": "2026-11-20T00:00:00Z", "end": "2026-11-19T00:00:00Z"},
        ):
            assert teammate.post(f"{base}take/", data).status_code == 422
        assert (
            people.browser("stranger")
            .post(f"{base}take/", {"start": "2026-11-22", "end": "2026-11-23"})
            .status_code
            == 403
        )
        form = teammate.get(f"{base}cover/?starts_at=2026-11-25T08:00:00%2B00:00&ends_at=%00")
        assert 'value="2026-11-25T08:00"' in text_of(form)
        made = teammate.post(
            f"{base}cover/",
            {
                "kind": "replace",
                "user": people.teammate.pk,
                "replaces": people.owner.pk,
                "starts_at": "2026-11-25T08:00",
                "ends_at": "2026-11-25T20:00",
            },
        )
        assert made.status_code == 302
        assert "Replaces one person" in text_of(teammate.get(base))
        assert teammate.post(f"{base}overrides/{row.pk}/delete/").status_code == 302
        wrong = teammate.post(
            f"{base}cover/", {"kind": "add", "starts_at": "2026-11-25T08:00", "ends_at": "2026-11-25T07:00"}
        )
        assert (wrong.status_code, "must be after starts_at" in text_of(wrong)) == (422, True)


def test_a_policy_grows_by_buttons(people: People) -> None:
    schedule, browser = make_schedule(people.team), people.browser("owner")
    url = "/oncall/policies/new/"
    form = {
        "team": people.team.pk,
        "name": "Standard",
        "repeat": "1",
        "step": ["0", "1"],
        "target-0": [f"schedule:{schedule.pk}", ""],
        "delay-0": "5",
        "target-1": [f"user:{people.owner.pk}", f"team:{people.team.pk}", ""],
        "delay-1": "0",
    }
    page = browser.post(url, {**form, "op": "add"})
    assert (page.status_code, page.content.count(b'name="step"'), EscalationPolicy.objects.count()) == (
        200,
        3,
        0,
    )
    for op in ("remove-0", "up-1", "more", "remove-x"):
        assert browser.post(url, {**form, "op": op}).status_code == 200
    for change, words in [
        ({"delay-0": "soon"}, "From 0 to 10080 minutes."),
        ({"delay-1": "99999"}, "From 0 to 10080 minutes."),
        ({"target-0": [""]}, "From 1 to 20 targets."),
        ({"target-0": ["robot:1", "user:x", "user:99999999"]}, "There is no such user."),
        ({"name": ""}, "This field is required."),
    ]:
        answer = browser.post(url, {**form, **change})
        assert (answer.status_code, words in text_of(answer)) == (422, True), change
    made = browser.post(url, form)
    policy = EscalationPolicy.objects.get()
    assert (made.status_code, made["Location"]) == (302, policy.get_absolute_url())
    stored = [(step.delay_minutes, [str(t.type) for t in step.targets.all()]) for step in policy.steps.all()]
    assert stored == [(5, ["schedule"]), (0, ["user", "team"])]
    edit = f"{policy.get_absolute_url()}edit/"
    swapped = {**form, "step": ["1", "0"], "name": "Swapped"}
    assert browser.post(edit, swapped).status_code == 302
    assert [step.delay_minutes for step in EscalationPolicy.objects.get().steps.all()] == [0, 5]
    assert people.browser("teammate").get(edit).status_code == 403
    assert browser.post(f"{policy.get_absolute_url()}delete/").status_code == 409


def test_the_ladder_shows_who_now_and_what_would_happen(people: People) -> None:
    full, empty = make_schedule(people.team, "Full"), make_schedule(people.team, "Empty")
    make_rotation(full, [[people.teammate.pk]], ends_at="2026-11-21T00:00")
    gone = make_user("Gone", is_active=False)
    policy = make_policy(people.team, (5, [gone]), (10, []), (15, []), repeat=2)
    second, third = list(policy.steps.all())[1:]
    second.targets.create(type="schedule", schedule=empty)
    third.targets.create(type="schedule", schedule=full)
    ladder = policy_ladder(people.actor("owner"), policy.pk, START)
    assert ladder is not None
    rows = [
        (
            rung.number,
            rung.after,
            [u.name for u in rung.targets[0].users],
            rung.targets[0].until,
            rung.targets[0].warnings,
        )
        for rung in ladder.rungs
    ]
    assert rows == [
        (1, 0, ["Gone"], None, ["Gone is deactivated"]),
        (2, 5, [], None, ["nobody is on call in Empty"]),
        (3, 15, ["Tom Teammate"], dt.datetime(2026, 11, 21, tzinfo=dt.UTC), []),
    ]
    moments = [
        ((line.at - START).seconds // 60, line.step, line.user and line.user.name, line.reason)
        for line in ladder.moments
    ]
    assert moments == [
        (0, 1, None, "Gone is deactivated"),
        (0, 2, None, "nobody is on call in Empty"),
        (0, 3, "Tom Teammate", ""),
        (5, 3, "Tom Teammate", ""),
    ]
    assert policy_preview(policy, START) == ladder.moments
    with time_machine.travel(START, tick=False):
        page = text_of(people.browser("stranger").get(policy.get_absolute_url()))
    assert ("Step 1 is skipped: Gone is deactivated" in page, "Then all of it 2 more times." in page) == (
        True,
        True,
    )
    hollow = make_policy(people.team, name="Hollow")
    again = policy_ladder(people.actor("owner"), hollow.pk, START)
    assert again is not None
    assert (again.reaches_nobody, {line.user.name for line in again.moments if line.user}) == (
        True,
        {"Olga Owner"},
    )


def test_calendar_links_on_the_page(people: People) -> None:
    browser = people.browser("owner")
    browser.post("/oncall/me/calendar/", {})
    page = text_of(browser.get("/oncall/me/"))
    assert "/api/v1/users/me/shifts.ics?token=wbcal_" in page
    assert "wbcal_" not in text_of(browser.get("/oncall/me/"))
    token = CalendarToken.objects.get()
    assert people.browser("stranger").post(f"/oncall/me/calendar/{token.pk}/revoke/").status_code == 404
    assert browser.post(f"/oncall/me/calendar/{token.pk}/revoke/").status_code == 302
    assert browser.post("/oncall/me/calendar/", {"schedule": "99999999"}).status_code == 302
    assert CalendarToken.objects.usable().count() == 0
