"""The page of a schedule: what each person sees and may do there, and the overview at another time."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall import board
from oncall.models import HandoffNote, Leave, Override, Schedule, Shadow, ShiftRequest
from tests.factories import People, make_membership, make_user
from tests.oncall.support import START, make_rotation, make_schedule

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
MIDNIGHT = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
EVERYBODY = ("owner", "teammate", "support", "stranger", "admin")


@pytest.fixture
def schedule(people: People) -> Schedule:
    """The owner today, the teammate tomorrow, and so on."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    return schedule


def page(people: People, who: str, schedule: Schedule, query: str = "") -> str:
    with time_machine.travel(START, tick=False):
        answer = people.browser(who).get(f"{schedule.get_absolute_url()}{query}")
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def picture(schedule: Schedule, **extras: Any) -> board.Board:
    start, end, _first = board.window(schedule, "fortnight", "", START)
    return board.build(schedule, start, end, START, board.Extras(**extras))


def test_shifts_are_listed_with_their_true_ends(people: People) -> None:
    """The picture begins with today; the shift that serves now began before."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]], unit="week")
    final = picture(schedule).rows[0].blocks
    monday = MIDNIGHT - 5 * DAY
    assert [(block.start, block.end) for block in final] == [
        (monday + number * 7 * DAY, monday + (number + 1) * 7 * DAY) for number in range(3)
    ]
    assert (final[0].left, final[-1].left.endswith("%")) == ("0.000%", True)
    assert sum(float(block.width[:-1]) for block in final) == pytest.approx(100, abs=0.01)


def test_an_override_hides_what_shows_above_its_torn_edge(people: People, schedule: Schedule) -> None:
    Override.objects.create(
        schedule=schedule, user=people.stranger, starts_at=MIDNIGHT - 6 * HOUR, ends_at=MIDNIGHT + 6 * HOUR
    )
    final = picture(schedule).rows[0]
    assert [(block.names, block.start, block.end) for block in final.beneath] == [
        ("Olga Owner", MIDNIGHT - 6 * HOUR, MIDNIGHT),
        ("Tom Teammate", MIDNIGHT, MIDNIGHT + 6 * HOUR),
    ]
    over = [block for block in final.blocks if block.override]
    assert [(block.names, block.instead_names) for block in over] == [
        ("Sam Stranger", "Olga Owner, Tom Teammate")
    ]
    seen = page(people, "support", schedule)
    assert ("url(#board-torn)" in seen, "Sam Stranger instead of Olga Owner, Tom Teammate" in seen) == (
        True,
        True,
    )


def test_lanes_hold_what_overlaps_apart(people: People, schedule: Schedule) -> None:
    away = [
        Leave(user=people.owner, starts_at=MIDNIGHT, ends_at=MIDNIGHT + 2 * DAY),
        Leave(user=people.teammate, starts_at=MIDNIGHT + DAY, ends_at=MIDNIGHT + 3 * DAY),
        Leave(user=people.owner, starts_at=MIDNIGHT + 2 * DAY, ends_at=MIDNIGHT + 3 * DAY),
        Leave(user=people.owner, starts_at=MIDNIGHT + 40 * DAY, ends_at=MIDNIGHT + 41 * DAY),
    ]
    asked = ShiftRequest(
        schedule=schedule,
        user=people.owner,
        offered_to=people.teammate,
        kind="swap",
        starts_at=MIDNIGHT + DAY,
        ends_at=MIDNIGHT + 2 * DAY,
        back_starts_at=MIDNIGHT + 2 * DAY,
        back_ends_at=MIDNIGHT + 3 * DAY,
    )
    anybody = ShiftRequest(
        schedule=schedule, user=people.teammate, starts_at=MIDNIGHT, ends_at=MIDNIGHT + DAY
    )
    learns = Shadow(
        user=people.stranger,
        follows=people.owner,
        starts_at=MIDNIGHT,
        ends_at=MIDNIGHT + DAY,
        schedule=schedule,
    )
    rows = picture(schedule, leave=away, requests=[asked, anybody], shadows=[learns]).rows
    shown = {row.kind: [(block.names, block.text, block.lane) for block in row.blocks] for row in rows[1:4]}
    assert shown == {
        "request": [("Tom Teammate", "→ ?", 0), ("Olga Owner", "→ TT", 0), ("Tom Teammate", "→ OO", 0)],
        "leave": [("Olga Owner", "", 0), ("Tom Teammate", "", 1), ("Olga Owner", "", 0)],
        "shadow": [("Sam Stranger", "with OO", 0)],
    }
    assert [row.height for row in rows] == [60, 32, 64, 32, 32]


def test_who_may_do_what_with_a_shift(people: People, schedule: Schedule) -> None:
    base = schedule.get_absolute_url()
    seen = {who: page(people, who, schedule) for who in EVERYBODY}
    words = {
        "cover": f"{base}cover/?starts_at=",
        "ask for the owner": f"{base}ask/?user={people.owner.pk}",
        "ask for the teammate": f"{base}ask/?user={people.teammate.pk}",
        "relieve": f'action="{base}relieve/"',
        "drag": "data-cover-url",
        "details": 'href="#shift-1"',
    }
    found = {who: [name for name, text in words.items() if text in html] for who, html in seen.items()}
    everything = list(words)
    assert found == {
        "owner": [name for name in everything if name != "relieve"],
        "teammate": everything,
        "support": ["details"],
        "stranger": ["details"],
        "admin": everything,
    }
    assert re.findall(r'data-back="([^"]+)" data-who="Tom Teammate"', seen["owner"])[0] == (
        f"{people.teammate.pk}|20261121T0000|20261122T0000"
    )
    assert "Relieve Olga Owner now" in seen["teammate"]
    assert "My next shift in <strong>12 h 0 min</strong>" in seen["teammate"]
    assert "My next shift" not in seen["stranger"]


def test_somebody_outside_the_team_asks_for_their_own_shift(people: People, schedule: Schedule) -> None:
    make_rotation(schedule, [[people.stranger.pk]], layer=1, starts_at="2026-11-22T00:00")
    seen = page(people, "stranger", schedule)
    asks = set(re.findall(r"ask/\?user=(\d+)", seen))
    assert (asks, "data-cover-url" in seen) == ({str(people.stranger.pk)}, False)


def test_a_gap_is_covered_by_a_link_and_planned_hours_are_none(people: People) -> None:
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk]], ends_at="2026-11-22T00:00")
    assert "data-gap" in page(people, "teammate", schedule)
    assert "data-gap" not in page(people, "support", schedule)
    schedule.unstaffed_hours = [{"from": "00:00", "to": "00:00"}]
    schedule.save()
    seen = page(people, "teammate", schedule)
    assert ("data-gap" in seen, "board__planned" in seen) == (False, True)


def test_leave_is_shown_to_the_team_and_admins_alone(people: People, schedule: Schedule) -> None:
    Leave.objects.create(user=people.owner, starts_at=MIDNIGHT, ends_at=MIDNIGHT + HOUR, note="Clinic")
    # Shares another team with the owner, but not this one.
    other = people.stranger
    from tests.factories import make_team

    make_team("Elsewhere", manager=other, members=[people.owner])
    seen = {who: page(people, who, schedule) for who in EVERYBODY}
    assert {who: "board__block-leave" in html for who, html in seen.items()} == {
        "owner": True,
        "teammate": True,
        "support": False,
        "stranger": False,
        "admin": True,
    }
    assert {who: 'id="leave"' in html for who, html in seen.items()} == {
        "owner": True,
        "teammate": True,
        "support": False,
        "stranger": False,
        "admin": True,
    }
    assert not any("Clinic" in html for html in seen.values())


def test_leave_that_meets_a_shift_names_the_best_candidate(people: People, schedule: Schedule) -> None:
    away = MIDNIGHT + DAY
    Leave.objects.create(user=people.owner, starts_at=away + 9 * HOUR, ends_at=away + 17 * HOUR)
    seen = {who: page(people, who, schedule) for who in EVERYBODY}
    sentence = "ask Tom Teammate (free, serves least)"
    assert {who: sentence in html for who, html in seen.items()} == {
        "owner": True,
        "teammate": True,
        "support": False,
        "stranger": False,
        "admin": True,
    }
    link = re.search(r'href="([^"]+offered_to=\d+)"', seen["owner"])
    assert link is not None
    with time_machine.travel(START, tick=False):
        form = people.browser("owner").get(link.group(1)).content.decode()
    assert 'value="2026-11-22T09:00"' in form
    assert f'<option value="{people.teammate.pk}" selected' in form


def test_what_is_asked_noted_and_learnt_is_on_the_page_and_escaped(
    people: People, schedule: Schedule
) -> None:
    ShiftRequest.objects.create(
        schedule=schedule, user=people.owner, starts_at=START, ends_at=START + HOUR, note="<b>Concert</b>"
    )
    HandoffNote.objects.create(
        schedule=schedule, author=people.owner, shift_ends_at=START - DAY, text="<script>x</script>", load=3
    )
    evil = make_user("<img src=x>")
    Shadow.objects.create(schedule=schedule, user=evil, starts_at=START, ends_at=START + DAY)
    with time_machine.travel(START, tick=False):
        raw = {
            who: people.browser(who).get(schedule.get_absolute_url()).content.decode()
            for who in ("teammate", "support")
        }
    for text in ("&lt;b&gt;Concert", "&lt;script&gt;x", "&lt;img src=x&gt;", "Load 3 of 5"):
        assert text in raw["teammate"], text
    assert not any(text in raw["teammate"] for text in ("<b>Concert", "<script>x", "<img src=x"))
    accept = f"/oncall/requests/{ShiftRequest.objects.get().pk}/accept/"
    assert {who: accept in html for who, html in raw.items()} == {"teammate": True, "support": False}


def test_the_cover_form_comes_as_a_dialog_for_scripts(people: People, schedule: Schedule) -> None:
    url = f"{schedule.get_absolute_url()}cover/?starts_at=2026-11-25T08:15:00Z&ends_at=2026-11-25T09:00:00Z"
    dialog = people.browser("teammate").get(url, headers={"HX-Request": "true"}).content.decode()
    assert ("<wb-dialog auto>" in dialog, "<html" in dialog, 'value="2026-11-25T08:15"' in dialog) == (
        True,
        False,
        True,
    )
    assert people.browser("support").get(url, headers={"HX-Request": "true"}).status_code == 403


def test_a_swap_dropped_on_the_picture_is_chosen_in_the_form(people: People, schedule: Schedule) -> None:
    back = f"{people.teammate.pk}|20261121T0000|20261122T0000"
    with time_machine.travel(START, tick=False):
        form = (
            people.browser("owner").get(f"{schedule.get_absolute_url()}ask/", {"back": back}).content.decode()
        )
        wrong = people.browser("owner").get(
            f"{schedule.get_absolute_url()}ask/", {"back": "\0", "offered_to": "x"}
        )
    assert f'<option value="{back}" selected' in form
    assert wrong.status_code == 200


def test_members_only_schedules_stay_hidden(private_people: People) -> None:
    schedule = make_schedule(private_people.team)
    codes = {
        who: private_people.browser(who).get(schedule.get_absolute_url()).status_code for who in EVERYBODY
    }
    assert codes == {"owner": 200, "teammate": 200, "support": 404, "stranger": 404, "admin": 200}


def crowded(people: People, count: int) -> Schedule:
    """`count` of everything that has a row on the page."""
    schedule = make_schedule(people.team, f"Crowd {count}")
    for number in range(count):
        user = make_user(f"Person {count}/{number}")
        make_membership(user, people.team)
        make_rotation(schedule, [[user.pk], [people.owner.pk]], layer=number, name=f"R{number}")
        span = {"starts_at": MIDNIGHT + number * DAY, "ends_at": MIDNIGHT + number * DAY + HOUR}
        for who in (user, people.owner):
            Leave.objects.create(user=who, **span)
        Override.objects.create(schedule=schedule, user=user, **span)
        ShiftRequest.objects.create(schedule=schedule, user=people.owner, **span)
        Shadow.objects.create(schedule=schedule, user=user, follows=people.owner, **span)
        HandoffNote.objects.create(
            schedule=schedule, author=user, shift_ends_at=START - (number + 1) * DAY, text="x"
        )
    return schedule


def test_the_page_costs_the_same_for_one_and_three(people: People) -> None:
    counts = []
    browser = people.browser("owner")
    for count in (1, 3):
        schedule = crowded(people, count)
        with time_machine.travel(START, tick=False):
            browser.get(schedule.get_absolute_url())
            with CaptureQueriesContext(
                connection,
            ) as statements:
                answer = browser.get(schedule.get_absolute_url())
        assert answer.status_code == 200
        counts.append(len(statements))
        Leave.objects.all().delete()
        schedule.delete()
    assert counts[0] == counts[1], counts


def test_the_overview_of_another_time(people: People, schedule: Schedule) -> None:
    browser = people.browser("support")
    with time_machine.travel(START, tick=False):
        now = browser.get("/oncall/").content.decode()
        later = browser.get("/oncall/", {"at": "2026-11-21T12:00", "team": people.team.slug}).content.decode()
        answers = [
            browser.get("/oncall/", {"at": text}).status_code
            for text in (
                "soon",
                "9999-12-31T00:00",
                "0001-01-01T00:00",
                "2199-06-01T00:00",
                "\0",
                "1972-01-01T00:00",
            )
        ]
    assert ("Olga Owner" in now.split("Next")[0], "Not now" in now) == (True, False)
    assert ("Tom Teammate" in later.split("Next")[0], "Not now" in later, "Back to now" in later) == (
        True,
        True,
        True,
    )
    assert 'value="2026-11-21T12:00"' in later
    assert answers == [422, 422, 422, 422, 422, 200]
