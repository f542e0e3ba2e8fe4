"""Reminders, handoffs with a note, leave that meets a shift, copies for who learns: each told once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents.actions import declare_incident
from notifications.models import Delivery
from oncall.actions.handoff import add_shadow, remove_shadow, set_preference, write_note
from oncall.actions.leave import add_leave, remove_leave
from oncall.escalation import engine
from oncall.models import HandoffNote, Leave, PolicyTarget, Schedule, Shadow, ShiftNotice
from oncall.notices import leave_meets_shifts, stale_notices, tell_about_shifts, warn_about_leave
from tests.factories import actor_of, make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
MIDNIGHT = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def schedule(world: World) -> Schedule:
    """Ada until midnight, then Bo for a day, and so on."""
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk], [world.bo.pk]])
    return schedule


def told(category: str = "reminder") -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(category=category).select_related("user").order_by("pk")
    return [(row.user.name, row.title) for row in rows if row.user]


def test_a_reminder_comes_at_its_time_and_once(world: World, schedule: Schedule) -> None:
    set_preference(actor=actor_of(world.ada), remind_minutes=[], handoff_notices=False)
    set_preference(actor=actor_of(world.bo), remind_minutes=[60], handoff_notices=False)
    assert tell_about_shifts(MIDNIGHT - HOUR - MINUTE) == 0
    assert tell_about_shifts(MIDNIGHT - HOUR) == 1
    assert tell_about_shifts(MIDNIGHT - HOUR + MINUTE) == 0
    assert told() == [("Bo", "On call from Sat 21 Nov 00:00 (UTC): Primary")]


def test_who_was_put_on_call_late_gets_one_reminder_and_not_all_at_once(
    world: World, schedule: Schedule
) -> None:
    set_preference(actor=actor_of(world.ada), remind_minutes=[], handoff_notices=False)
    set_preference(actor=actor_of(world.bo), remind_minutes=[1440, 600, 60], handoff_notices=False)
    assert tell_about_shifts(MIDNIGHT - 30 * MINUTE) == 1


def test_at_the_handoff_both_are_told_and_the_next_one_gets_the_note(
    world: World, schedule: Schedule
) -> None:
    for person in (world.ada, world.bo):
        set_preference(actor=actor_of(person), remind_minutes=[], handoff_notices=True)
    tell_about_shifts(START)  # Ada's shift began long ago: nothing to say
    assert told() == []
    write_note(actor=actor_of(world.ada), schedule_id=schedule.pk, text="Watch the queue.", load=4, now=START)
    tell_about_shifts(MIDNIGHT + MINUTE)
    tell_about_shifts(MIDNIGHT + 2 * MINUTE)
    assert sorted(told()) == [
        ("Ada", "Your shift is over: Primary"),
        ("Bo", "You are on call now: Primary"),
    ]
    body = Delivery.objects.get(user=world.bo, category="reminder").body
    assert body == "Until Sun 22 Nov 00:00 (UTC).\n\nAda hands over:\nWatch the queue."


def test_an_hour_off_work_is_nothing_to_tell_about(world: World, schedule: Schedule) -> None:
    """A worker that was down longer than half an hour tells nobody that a shift has just begun."""
    for person in (world.ada, world.bo):
        set_preference(actor=actor_of(person), remind_minutes=[], handoff_notices=True)
    assert tell_about_shifts(MIDNIGHT + HOUR) == 0


def test_times_are_those_of_the_reader(world: World, schedule: Schedule) -> None:
    world.bo.time_zone, world.bo.clock_24h = "America/New_York", False
    world.bo.save()
    set_preference(actor=actor_of(world.bo), remind_minutes=[60], handoff_notices=False)
    tell_about_shifts(MIDNIGHT - HOUR)
    assert ("Bo", "On call from Fri 20 Nov 7:00 PM (America/New_York): Primary") in told()


def test_a_note_is_of_ones_own_shift_and_can_be_rewritten(world: World, schedule: Schedule) -> None:
    write_note(actor=actor_of(world.ada), schedule_id=schedule.pk, text="One", now=START)
    note = write_note(actor=actor_of(world.ada), schedule_id=schedule.pk, text="Two", load=2, now=START)
    assert list(HandoffNote.objects.values_list("text", "load", "shift_ends_at")) == [("Two", 2, MIDNIGHT)]
    assert note.author_id == world.ada.pk
    late = MIDNIGHT + 23 * HOUR
    assert write_note(actor=actor_of(world.ada), schedule_id=schedule.pk, text="3", now=late).pk == note.pk
    with pytest.raises(Conflict):
        write_note(actor=world.actor("zoe"), schedule_id=schedule.pk, text="x", now=START)
    for text, load, field in ((" ", None, "text"), ("x" * 10_001, None, "text"), ("x", 6, "load")):
        with pytest.raises(InvalidInput) as refused:
            write_note(actor=actor_of(world.ada), schedule_id=schedule.pk, text=text, load=load, now=START)
        assert list(refused.value.fields) == [field]


def test_leave_that_meets_a_shift_is_told_to_managers_and_never_to_the_absent(
    world: World, schedule: Schedule, drain: Callable[[], None]
) -> None:
    with time_machine.travel(START, tick=False):
        add_leave(
            actor=actor_of(world.bo),
            user_id=world.bo.pk,
            starts_at=MIDNIGHT + 6 * HOUR,
            ends_at=MIDNIGHT + 30 * HOUR,
            now=START,
        )
        drain()
        assert told() == [("Ada", "Bo is away while on call: Primary")]
        assert warn_about_leave(START + HOUR) == 0
    meetings = leave_meets_shifts(START)
    assert [(row.start, row.end) for row in meetings] == [(MIDNIGHT + 6 * HOUR, MIDNIGHT + DAY)]


def test_a_manager_who_is_away_is_not_told_about_it_but_the_other_managers_are(
    world: World, schedule: Schedule
) -> None:
    world.bo.memberships.update(role="manager")
    Leave.objects.create(user=world.ada, starts_at=START, ends_at=START + HOUR)
    warn_about_leave(START)
    assert told() == [("Bo", "Ada is away while on call: Primary")]


LEAVE_WRITERS = [("bo", True), ("ada", True), ("root", True), ("sam", False), ("zoe", False)]


@pytest.mark.parametrize(("who", "allowed"), LEAVE_WRITERS)
def test_leave_is_written_by_the_person_and_their_managers(world: World, who: str, allowed: bool) -> None:
    actor = world.actor(who)
    window = {"starts_at": START, "ends_at": START + DAY, "now": START}
    if allowed:
        leave = add_leave(actor=actor, user_id=world.bo.pk, **window)  # type: ignore[arg-type]  # a dict
        remove_leave(actor=actor, leave_id=leave.pk)
        assert Leave.objects.count() == 0
        return
    with pytest.raises(NotAllowed):
        add_leave(actor=actor, user_id=world.bo.pk, **window)  # type: ignore[arg-type]  # a dict
    leave = Leave.objects.create(user=world.bo, starts_at=START, ends_at=START + DAY)
    with pytest.raises(NotVisible):
        remove_leave(actor=actor, leave_id=leave.pk)


def test_who_learns_along_gets_a_copy_and_is_not_paged(
    world: World, schedule: Schedule, drain: Callable[[], None]
) -> None:
    cy = make_user("Cy")
    PolicyTarget.objects.filter(step__policy=world.policy).update(
        type="schedule", schedule=schedule, user=None
    )
    with time_machine.travel(START, tick=False):
        add_shadow(
            actor=actor_of(world.ada),
            schedule_id=schedule.pk,
            user_id=cy.pk,
            starts_at=START,
            ends_at=START + DAY,
            now=START,
        )
        Shadow.objects.create(
            schedule=schedule, user=world.zoe, follows=world.bo, starts_at=START, ends_at=START + DAY
        )
        declare_incident(actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk])
        engine.tick()
        drain()
        drain()
    assert told("update") == [("Cy", "You learn along: #1 Slow")]
    assert {name for name, _title in told("page")} == {"Ada"}


SHADOW_WRITERS = [("ada", None), ("root", None), ("bo", None), ("sam", NotAllowed), ("zoe", NotAllowed)]


@pytest.mark.parametrize(("who", "refusal"), SHADOW_WRITERS)
def test_who_may_shadow(world: World, schedule: Schedule, who: str, refusal: type[Exception] | None) -> None:
    actor = world.actor(who)
    window = {"starts_at": START, "ends_at": START + DAY, "now": START}
    if refusal is not None:
        with pytest.raises(refusal):
            add_shadow(actor=actor, schedule_id=schedule.pk, user_id=actor.user_id or 0, **window)  # type: ignore[arg-type]  # a dict
        return
    row = add_shadow(actor=actor, schedule_id=schedule.pk, user_id=actor.user_id or 0, **window)  # type: ignore[arg-type]  # a dict
    remove_shadow(actor=actor, shadow_id=row.pk, now=START + HOUR)
    row.refresh_from_db()
    assert row.ends_at == START + HOUR


def test_receipts_are_kept_long_enough_and_then_go(world: World, schedule: Schedule) -> None:
    old = ShiftNotice.objects.create(
        user=world.ada, schedule=schedule, kind="begins", mark="x", sent_at=START - 121 * DAY
    )
    ShiftNotice.objects.create(
        user=world.ada, schedule=schedule, kind="begins", mark="y", sent_at=START - 100 * DAY
    )
    assert list(stale_notices(START)) == [old]
