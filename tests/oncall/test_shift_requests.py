"""Cover and swaps: who may ask and answer, what it does to the rota, and how it is taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotVisible
from notifications.models import Delivery
from oncall.actions.requests import accept, ask, cancel, decline, expire_requests, take_now, undo
from oncall.loading import load
from oncall.models import Override, Schedule, ShiftRequest
from teams.choices import TeamVisibility
from teams.models import User
from tests.factories import actor_of, make_membership, make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Turns of a day from Monday on; 20 November (today, noon) is turn 4: Ada. Tomorrow Bo, then Cy.
TODAY = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def cy(world: World) -> User:
    cy = make_user("Cy")
    make_membership(cy, world.team)
    return cy


@pytest.fixture
def schedule(world: World, cy: User) -> Schedule:
    schedule = make_schedule(world.team)
    # 16 Nov is turn 0; 20 Nov is turn 4 = members[1].
    make_rotation(schedule, [[cy.pk], [world.ada.pk], [world.bo.pk]])
    return schedule


def day(number: int) -> tuple[dt.datetime, dt.datetime]:
    """The whole day so many days from today."""
    return TODAY + number * DAY, TODAY + (number + 1) * DAY


def names(schedule: Schedule, number: int = 0, days: int = 1) -> list[tuple[str, int]]:
    """(who, hours) of what is served from midnight of that day."""
    start, end = TODAY + number * DAY, TODAY + (number + days) * DAY
    people = dict(User.objects.values_list("pk", "name"))
    rows = load([schedule], start=start, end=end)[schedule.pk].shifts(start, end)
    return [("+".join(people[pk] for pk in row.users), int((row.end - row.start) / HOUR)) for row in rows]


def asked(world: World, schedule: Schedule, **fields: Any) -> ShiftRequest:
    """Ada asks for cover of today's shift."""
    values = {"actor": actor_of(world.ada), "user_id": world.ada.pk, "window": day(0), "now": START}
    return ask(schedule_id=schedule.pk, **{**values, **fields})


def test_nothing_changes_until_somebody_accepts_and_what_was_served_stays(
    world: World, schedule: Schedule
) -> None:
    request = asked(world, schedule)
    assert names(schedule) == [("Ada", 24)]
    later = START + 2 * HOUR
    done = accept(actor=actor_of(world.bo), request_id=request.pk, now=later)
    assert (done.status, done.offered_to_id, done.answered_by_id) == ("accepted", world.bo.pk, world.bo.pk)
    assert names(schedule) == [("Ada", 14), ("Bo", 10)]


def test_a_swap_gives_and_takes(world: World, schedule: Schedule) -> None:
    request = asked(world, schedule, offered_to_id=world.bo.pk, back=day(1), window=day(3))
    assert names(schedule, 1, 3) == [("Bo", 24), ("Cy", 24), ("Ada", 24)]
    accept(actor=actor_of(world.bo), request_id=request.pk, now=START)
    assert names(schedule, 1, 3) == [("Ada", 24), ("Cy", 24), ("Bo", 24)]


def test_an_accepted_swap_can_be_undone_by_either_as_far_as_it_is_to_come(
    world: World, schedule: Schedule
) -> None:
    request = asked(world, schedule, offered_to_id=world.bo.pk, back=day(1), window=day(3))
    accept(actor=actor_of(world.bo), request_id=request.pk, now=START)
    half = TODAY + DAY + 6 * HOUR
    undo(actor=actor_of(world.ada), request_id=request.pk, now=half)
    assert names(schedule, 1, 3) == [("Ada", 6), ("Bo", 18), ("Cy", 24), ("Ada", 24)]
    request.refresh_from_db()
    assert (request.status, Override.objects.filter(request=request).count()) == ("undone", 1)
    with pytest.raises(Conflict):
        undo(actor=actor_of(world.bo), request_id=request.pk, now=half)


def test_a_shift_is_taken_this_minute_until_it_would_have_ended(world: World, schedule: Schedule) -> None:
    request = take_now(actor=actor_of(world.bo), schedule_id=schedule.pk, user_id=world.ada.pk, now=START)
    assert names(schedule) == [("Ada", 12), ("Bo", 12)]
    assert (request.status, request.ends_at) == ("accepted", TODAY + DAY)
    undo(actor=actor_of(world.ada), request_id=request.pk, now=START + HOUR)
    assert names(schedule) == [("Ada", 12), ("Bo", 1), ("Ada", 11)]


def test_only_somebody_who_serves_can_be_relieved(world: World, schedule: Schedule, cy: User) -> None:
    with pytest.raises(Conflict) as refused:
        take_now(actor=actor_of(world.bo), schedule_id=schedule.pk, user_id=cy.pk, now=START)
    assert refused.value.code == "not_on_call"


OUTSIDERS = [("bo", None), ("sam", NotAllowed), ("zoe", NotAllowed), ("root", None)]


@pytest.mark.parametrize(("who", "refusal"), OUTSIDERS)
def test_on_behalf_of_somebody_is_for_the_team(
    world: World, schedule: Schedule, who: str, refusal: type[DomainError] | None
) -> None:
    actor = world.actor(who)
    if refusal is None:
        request = asked(world, schedule, actor=actor)
        assert (request.user_id, request.created_by_id) == (world.ada.pk, actor.user_id)
    else:
        with pytest.raises(refusal):
            asked(world, schedule, actor=actor)


@pytest.mark.parametrize(("who", "refusal"), [*OUTSIDERS, ("ada", Conflict)])
def test_who_may_accept_what_was_offered_to_anybody(
    world: World, schedule: Schedule, who: str, refusal: type[DomainError] | None
) -> None:
    request = asked(world, schedule)
    if refusal is None:
        assert accept(actor=world.actor(who), request_id=request.pk, now=START).status == "accepted"
    else:
        with pytest.raises(refusal):
            accept(actor=world.actor(who), request_id=request.pk, now=START)
        assert names(schedule) == [("Ada", 24)]


def test_what_was_offered_to_one_is_answered_by_them_or_a_manager(
    world: World, schedule: Schedule, cy: User
) -> None:
    request = asked(world, schedule, offered_to_id=world.bo.pk)
    with pytest.raises(NotAllowed):
        accept(actor=actor_of(cy), request_id=request.pk, now=START)
    with pytest.raises(NotAllowed):
        decline(actor=actor_of(cy), request_id=request.pk, now=START)
    with pytest.raises(NotAllowed):
        cancel(actor=actor_of(world.bo), request_id=request.pk, now=START)
    done = accept(actor=actor_of(world.root), request_id=request.pk, now=START)
    assert (done.offered_to_id, done.answered_by_id) == (world.bo.pk, world.root.pk)
    assert names(schedule) == [("Ada", 12), ("Bo", 12)]


def test_a_closed_request_stays_closed(world: World, schedule: Schedule) -> None:
    request = asked(world, schedule, offered_to_id=world.bo.pk)
    decline(actor=actor_of(world.bo), request_id=request.pk, now=START)
    with pytest.raises(Conflict) as refused:
        accept(actor=actor_of(world.bo), request_id=request.pk, now=START)
    assert refused.value.sentence == "This request is closed: declined (Bo)."
    again = asked(world, schedule)
    cancel(actor=actor_of(world.ada), request_id=again.pk, now=START)
    last = asked(world, schedule)
    assert expire_requests(now=TODAY + DAY) == 1
    last.refresh_from_db()
    assert last.status == "expired"
    with pytest.raises(Conflict):
        accept(actor=actor_of(world.bo), request_id=last.pk, now=TODAY + DAY)
    assert names(schedule) == [("Ada", 24)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"window": day(1)}, "starts_at"),
        ({"window": day(-1)}, "ends_at"),
        ({"window": (START + HOUR, START)}, "ends_at"),
        ({"window": (START, START + 93 * DAY)}, "ends_at"),
        ({"back": day(1)}, "offered_to"),
        ({"offered_to_id": 987654}, "offered_to"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_field(
    world: World, schedule: Schedule, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        asked(world, schedule, **fields)
    assert list(refused.value.fields) == [field]


def test_a_swap_must_be_about_the_others_own_and_another_time(world: World, schedule: Schedule) -> None:
    with pytest.raises(InvalidInput) as refused:
        asked(world, schedule, offered_to_id=world.bo.pk, back=day(2))
    assert list(refused.value.fields) == ["back_starts_at"]
    Override.objects.create(
        schedule=schedule, kind="add", user=world.bo, starts_at=day(0)[0], ends_at=day(0)[1]
    )
    with pytest.raises(InvalidInput) as overlapping:
        asked(world, schedule, offered_to_id=world.bo.pk, back=day(0))
    assert "overlap" in overlapping.value.sentence


def test_one_open_question_for_one_time(world: World, schedule: Schedule) -> None:
    asked(world, schedule)
    with pytest.raises(Conflict) as refused:
        asked(world, schedule)
    assert refused.value.code == "asked_already"


def test_a_members_only_schedule_does_not_exist_for_others() -> None:
    world = make_world(TeamVisibility.MEMBERS)
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk]])
    request = ask(
        actor=actor_of(world.ada), schedule_id=schedule.pk, user_id=world.ada.pk, window=day(0), now=START
    )
    for who in ("zoe", "sam"):
        for verb in (accept, decline, cancel, undo):
            with pytest.raises(NotVisible):
                verb(actor=world.actor(who), request_id=request.pk, now=START)
        with pytest.raises(NotVisible):
            take_now(actor=world.actor(who), schedule_id=schedule.pk, user_id=world.ada.pk, now=START)


def test_those_concerned_are_written_to_and_not_the_one_who_did_it(
    world: World, schedule: Schedule, cy: User, drain: Callable[[], None]
) -> None:
    with time_machine.travel(START, tick=False):
        request = asked(world, schedule)
        drain()
        assert written() == [("Bo", "Ada asks for cover: Primary"), ("Cy", "Ada asks for cover: Primary")]
        accept(actor=actor_of(world.bo), request_id=request.pk, now=START)
        undo(actor=actor_of(world.bo), request_id=request.pk, now=START)
        drain()
    assert written()[2:] == [
        ("Ada", "Bo serves instead of Ada: Primary"),
        ("Ada", "Undone: Ada serves again, Primary"),
    ]


def written() -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(category="update").order_by("pk")
    return [(row.user.name, row.title) for row in rows.select_related("user") if row.user]
