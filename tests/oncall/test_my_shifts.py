""" "My shifts": what a person sees there, and what the buttons do without script."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from oncall import selectors
from oncall.models import HandoffNote, Leave, Schedule, Shadow, ShiftPreference, ShiftRequest
from tests.factories import People
from tests.oncall.support import START, make_rotation, make_schedule

pytestmark = pytest.mark.django_db
ME = "/oncall/me/"
TODAY = {"starts_at": "2026-11-20T13:00", "ends_at": "2026-11-20T18:00"}


@pytest.fixture
def schedule(people: People) -> Schedule:
    """The owner today, the teammate tomorrow, and so on."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    return schedule


def html(people: People, name: str, path: str = ME) -> str:
    return people.browser(name).get(path).content.decode()


def test_asking_accepting_and_undoing_by_buttons(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        ask = f"/oncall/schedules/{schedule.pk}/ask/"
        assert f"{ask}?start=2026-11-20T" in html(people, "owner")
        form = html(
            people, "owner", f"{ask}?start=2026-11-20T00:00:00%2B00:00&end=2026-11-21T00:00:00%2B00:00"
        )
        assert 'value="2026-11-20T12:00"' in form
        assert "Tom Teammate: Sat 21 Nov 00:00" in form
        made = people.browser("owner").post(ask, TODAY)
        assert (made.status_code, made["Location"]) == (302, ME)
        row = ShiftRequest.objects.get()
        accept, undo, cancel = (f"/oncall/requests/{row.pk}/{verb}/" for verb in ("accept", "undo", "cancel"))
        seen = {
            name: [url in html(people, name) for url in (accept, cancel)]
            for name in ("owner", "teammate", "support")
        }
        assert seen == {"owner": [False, True], "teammate": [True, False], "support": [False, False]}
        assert people.browser("support").post(accept).status_code == 403
        assert people.browser("stranger").post(accept).status_code == 403
        assert people.browser("teammate").post(accept)["Location"] == ME
        assert undo in html(people, "owner")
        assert undo in html(people, "teammate")
        people.browser("owner").post(undo)
    row.refresh_from_db()
    assert row.status == "undone"


def test_a_shift_is_shown_as_a_whole(people: People, schedule: Schedule) -> None:
    """From its true beginning and to its true end, also where the days shown cut it."""
    actor = people.actor("owner")
    with time_machine.travel(START, tick=False):
        shifts = selectors.my_shifts(actor, START, dt.timedelta(days=2))
    day = dt.timedelta(days=1)
    midnight = START - dt.timedelta(hours=12)
    assert [(row.start, row.end, row.running) for row in shifts] == [
        (midnight, midnight + day, True),
        (midnight + 2 * day, midnight + 3 * day, False),
    ]


def test_a_swap_is_chosen_from_the_shifts_of_others(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        back = f"{people.teammate.pk}|20261121T0000|20261122T0000"
        people.browser("owner").post(f"/oncall/schedules/{schedule.pk}/ask/", {**TODAY, "back": back})
    row = ShiftRequest.objects.get()
    assert (row.kind, row.offered_to_id, row.back_starts_at.isoformat() if row.back_starts_at else "") == (
        "swap",
        people.teammate.pk,
        "2026-11-21T00:00:00+00:00",
    )


def test_a_refused_question_keeps_what_was_typed(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        typed = {"starts_at": "2026-11-21T01:00", "ends_at": "2026-11-21T02:00", "note": "Concert"}
        answer = people.browser("owner").post(f"/oncall/schedules/{schedule.pk}/ask/", typed)
    page = answer.content.decode()
    assert (answer.status_code, "does not serve in that time" in page, "Concert" in page) == (422, True, True)


def test_on_behalf_of_somebody(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        url = f"/oncall/schedules/{schedule.pk}/ask/?user={people.owner.pk}"
        codes = {
            name: people.browser(name).get(url).status_code
            for name in ("owner", "teammate", "support", "stranger")
        }
        assert codes == {"owner": 200, "teammate": 200, "support": 404, "stranger": 404}
        people.browser("teammate").post(url, TODAY)
    row = ShiftRequest.objects.get()
    assert (row.user_id, row.created_by_id) == (people.owner.pk, people.teammate.pk)


def test_relieving_somebody_this_minute(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        url = f"/oncall/schedules/{schedule.pk}/relieve/"
        assert people.browser("support").post(url, {"user": people.owner.pk}).status_code == 403
        assert people.browser("teammate").post(url, {"user": people.owner.pk})["Location"] == ME
        page = html(people, "teammate")
    assert "You are on call now, until" in page


def test_leave_reminders_and_the_note(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        browser = people.browser("owner")
        browser.post("/oncall/me/leave/add/", {**TODAY, "note": "Sea"})
        leave = Leave.objects.get()
        assert (leave.user_id, leave.note) == (people.owner.pk, "Sea")
        refused = browser.post("/oncall/me/leave/add/", {**TODAY, "ends_at": "2026-11-20T12:30"})
        assert refused.status_code == 422
        assert people.browser("stranger").post(f"/oncall/me/leave/{leave.pk}/remove/").status_code == 404
        browser.post(f"/oncall/me/leave/{leave.pk}/remove/")
        browser.post("/oncall/me/reminders/", {"remind_minutes": ["60", "1440"]})
        browser.post(f"/oncall/schedules/{schedule.pk}/note/", {"text": "<b>Queue</b>", "load": "3"})
    assert Leave.objects.count() == 0
    wish = ShiftPreference.objects.get()
    assert (wish.user_id, wish.remind_minutes, wish.handoff_notices) == (people.owner.pk, [1440, 60], False)
    assert HandoffNote.objects.get().load == 3


def test_who_learns_along_is_listed_and_managed(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        url = f"/oncall/schedules/{schedule.pk}/shadows/"
        forms = {
            name: 'name="follows"' in html(people, name, url)
            for name in ("owner", "teammate", "support", "stranger")
        }
        assert forms == {"owner": True, "teammate": True, "support": False, "stranger": False}
        people.browser("owner").post(url, {**TODAY, "user": people.stranger.pk})
        row = Shadow.objects.get()
        remove = f"{url}{row.pk}/remove/"
        assert people.browser("teammate").post(remove).status_code == 403
        assert remove in html(people, "stranger", url)
        people.browser("stranger").post(remove)
    assert Shadow.objects.count() == 0
