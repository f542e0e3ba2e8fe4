"""Row 19: somebody who is deactivated is neither paged nor waited for, anywhere, and nobody is forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine

from core import clock, relay
from core.errors import InvalidInput
from incidents.actions import declare_incident
from incidents.models import Incident
from notifications.models import Delivery
from oncall.actions.external import add_calendar, update_calendar
from oncall.actions.handoff import add_shadow
from oncall.actions.leave import add_leave
from oncall.actions.requests import ask
from oncall.calendars.mirroring import fetch_due
from oncall.escalation import engine
from oncall.models import (
    ExternalCalendar,
    ImportedShift,
    Leave,
    PolicyStep,
    PolicyTarget,
    RunPage,
    Schedule,
    Shadow,
    ShiftRequest,
)
from oncall.notices import tell_about_shifts, warn_about_leave
from teams.actions.deactivation import deactivate_user, reactivate_user
from teams.hooks import HandoverItem, held_by
from teams.models import User
from tests.factories import make_membership, make_user, signed_in
from tests.oncall.support import START, make_rotation, make_schedule
from tests.oncall.test_calendar_reading import calendar
from tests.world import World, make_policy, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield make_world()


@pytest.fixture
def cy(world: World) -> User:
    """A third member of the team, who takes over."""
    user = make_user("Cy")
    make_membership(user, world.team)
    return user


def leaves(world: World, user: User, successor: User | None = None) -> None:
    kinds = held_by(user.pk)
    assert successor is not None or not kinds
    successors = dict.fromkeys(kinds, successor.pk) if successor else {}
    deactivate_user(actor=world.actor("root"), user_id=user.pk, successors=successors, now=clock.now())
    relay.drain()


def paged() -> list[tuple[int, str, bool]]:
    rows = RunPage.objects.order_by("pk").values_list("step", "user__name", "reached")
    return list(rows)


def tick() -> None:
    relay.drain()
    engine.tick(by="test")
    relay.drain()


def test_row_19_a_running_escalation_moves_on_at_once_and_says_so(world: World, cy: User) -> None:
    policy = make_policy(world.team, (30, [world.bo]), (30, [cy]), name="Long")
    world.service.escalation_policy = policy
    world.service.save()
    declare_incident(actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk])
    tick()
    assert paged() == [(0, "Bo", True)]
    leaves(world, world.bo, world.ada)
    tick()
    assert paged() == [(0, "Bo", True), (1, "Cy", True)]
    assert not Delivery.objects.filter(user=world.bo, status__in=["pending", "sending"]).exists()
    said = Incident.objects.get().timeline.filter(kind="escalated").order_by("seq")
    assert {"left": True, "declined": "Bo", "user": world.bo.pk, "moved_on": True} in [
        row.data for row in said
    ]


def test_row_19_others_who_were_paged_are_still_waited_for(world: World, cy: User) -> None:
    policy = make_policy(world.team, (30, [world.bo, world.ada]), (30, [cy]), name="Both")
    world.service.escalation_policy = policy
    world.service.save()
    declare_incident(actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk])
    tick()
    leaves(world, world.bo, world.ada)
    tick()
    assert paged() == [(0, "Bo", True), (0, "Ada", True)]


def test_row_19_the_backup_of_a_step_is_handed_over(world: World, cy: User) -> None:
    PolicyStep.objects.filter(policy=world.policy, position=0).update(backup=world.bo, backup_after_minutes=2)
    name = world.policy.name
    assert held_by(world.bo.pk)["escalations"] == [
        HandoverItem("escalations", f"Steps of the policy {name}", 2)
    ]
    leaves(world, world.bo, cy)
    assert held_by(world.bo.pk) == {}
    assert list(PolicyStep.objects.filter(policy=world.policy).values_list("backup__name", flat=True)) == [
        "Cy",
        None,
    ]
    assert not PolicyTarget.objects.filter(user=world.bo).exists()


def test_row_19_a_backup_alone_needs_a_successor(world: World, cy: User) -> None:
    PolicyStep.objects.filter(policy=world.policy).update(backup=cy)
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(actor=world.actor("root"), user_id=cy.pk, successors={}, now=START)
    assert list(refused.value.fields) == ["escalations"]
    cy.refresh_from_db()
    assert cy.is_active


def rota(world: World) -> Schedule:
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk], [world.bo.pk]], unit="day")
    return schedule


def test_row_19_open_requests_of_and_to_the_person_are_closed_and_the_others_told(
    world: World, cy: User
) -> None:
    schedule = rota(world)
    ada, bo = world.actor("ada"), world.actor("bo")
    # Ada serves until midnight of even days, Bo of odd ones.
    shift = {user: _next(schedule, user) for user in (world.ada, world.bo)}
    to_bo = ask(
        actor=ada,
        schedule_id=schedule.pk,
        user_id=world.ada.pk,
        window=shift[world.ada],
        offered_to_id=world.bo.pk,
        now=START,
    )
    of_bo = ask(
        actor=bo,
        schedule_id=schedule.pk,
        user_id=world.bo.pk,
        window=shift[world.bo],
        offered_to_id=cy.pk,
        now=START,
    )
    later = (shift[world.ada][0] + 96 * HOUR, shift[world.ada][1] + 96 * HOUR)
    to_cy = ask(
        actor=ada,
        schedule_id=schedule.pk,
        user_id=world.ada.pk,
        window=later,
        offered_to_id=cy.pk,
        now=START,
    )
    relay.drain()
    Delivery.objects.all().delete()
    leaves(world, world.bo, cy)
    states = {row.pk: (row.status, row.answered_by) for row in ShiftRequest.objects.all()}
    assert states == {
        to_bo.pk: ("declined", world.bo),
        of_bo.pk: ("cancelled", None),
        to_cy.pk: ("open", None),
    }
    rows = Delivery.objects.filter(key__startswith="shift-request/").order_by("user__name")
    assert list(rows.values_list("user__name", "title")) == [
        ("Ada", "Bo cannot take the shift of Ada: Primary"),
        ("Cy", "No longer needed: cover for Bo, Primary"),
    ]


def _next(schedule: Schedule, user: User) -> tuple[dt.datetime, dt.datetime]:
    from oncall.shift_times import served

    return next(
        (row.start, row.end)
        for row in served([schedule], START + HOUR, START + 96 * HOUR)
        if row.user_id == user.pk and row.start > START
    )


def test_row_19_who_learns_along_stops_or_follows_the_successor(world: World, cy: User) -> None:
    schedule = rota(world)
    dee, eli = make_user("Dee"), make_user("Eli")

    def shadow(user: User, start: int, end: int, follows: User | None = None) -> Shadow:
        return add_shadow(
            actor=world.actor("ada"),
            schedule_id=schedule.pk,
            user_id=user.pk,
            follows_id=follows.pk if follows else None,
            starts_at=START + start * HOUR,
            ends_at=START + end * HOUR,
            now=START,
        )

    running, coming = shadow(world.bo, -2, 2), shadow(world.bo, 5, 9)
    follower, own = shadow(dee, -2, 9, world.bo), shadow(cy, 1, 9, world.bo)
    other = shadow(eli, 1, 9, world.ada)
    leaves(world, world.bo, cy)
    found = {row.pk: (row.ends_at, row.follows) for row in Shadow.objects.all()}
    assert found == {
        running.pk: (START, None),
        follower.pk: (START + 9 * HOUR, cy),
        other.pk: (START + 9 * HOUR, world.ada),
    }
    assert {coming.pk, own.pk} & set(found) == set()


def events(*who: str) -> bytes:
    """For each a stretch of four hours, the first of which began two hours before START."""
    texts = []
    for number, name in enumerate(who):
        start = START + (4 * number - 2) * HOUR
        texts.append(f"UID:{number} | DTSTART:{start:%Y%m%dT%H%M%SZ} | DURATION:PT4H | SUMMARY:{name}")
    return calendar(*texts)


def stretches() -> list[tuple[str, float, float]]:
    rows = ImportedShift.objects.order_by("starts_at", "pk").select_related("user")
    return [(row.user.name, (row.starts_at - START) / HOUR, (row.ends_at - START) / HOUR) for row in rows]


def test_row_19_shifts_of_a_calendar_go_to_the_successor_and_stay_there(world: World, cy: User) -> None:
    schedule = make_schedule(world.team)
    PolicyTarget.objects.filter(user=world.bo).delete()
    row = add_calendar(
        actor=world.actor("ada"),
        name="Old tool",
        schedule_id=schedule.pk,
        content=events("Bo", "Ada", "B. Berg", "Bo"),
        people={"B. Berg": world.bo.pk},
    )
    assert held_by(world.bo.pk) == {"shifts": [HandoverItem("shifts", "Turns in Primary", 3)]}
    leaves(world, world.bo, cy)
    expected = [("Bo", -2, 0), ("Cy", 0, 2), ("Ada", 2, 6), ("Cy", 6, 10), ("Cy", 10, 14)]
    assert (stretches(), held_by(world.bo.pk)) == (expected, {})
    row.refresh_from_db()
    assert row.people == {"B. Berg": cy.pk, "Bo": cy.pk, world.bo.email: cy.pk}
    # The next reading of the same text finds the same people, and the owner can still change the calendar.
    ExternalCalendar.objects.update(next_fetch_at=START)
    assert fetch_due() == 1
    row.refresh_from_db()
    assert (stretches(), row.failure, row.unmatched) == (expected, "", [])
    update_calendar(actor=world.actor("ada"), calendar_id=row.pk, people=row.people, now=START)


def test_row_19_a_name_that_means_the_person_and_serves_nothing_is_forgotten(world: World, cy: User) -> None:
    schedule = make_schedule(world.team)
    PolicyTarget.objects.filter(user=world.bo).delete()
    row = add_calendar(
        actor=world.actor("ada"),
        name="Old tool",
        schedule_id=schedule.pk,
        content=events("Ada"),
        people={"B. Berg": world.bo.pk, "C.": cy.pk},
    )
    leaves(world, world.bo)
    row.refresh_from_db()
    assert row.people == {"C.": cy.pk}


def test_row_19_leave_of_the_person_warns_nobody_and_its_calendar_rests_until_they_are_back(
    world: World, cy: User
) -> None:
    schedule = rota(world)
    add_leave(
        actor=world.actor("bo"),
        user_id=world.bo.pk,
        starts_at=START + HOUR,
        ends_at=START + 99 * HOUR,
        now=START,
    )
    row = add_calendar(
        actor=world.actor("bo"), name="Mine", user_id=world.bo.pk, url="https://example.com/bo.ics", now=START
    )
    relay.drain()
    Delivery.objects.all().delete()
    leaves(world, world.bo, cy)
    tell_about_shifts(START)
    assert (warn_about_leave(START), fetch_due()) == (0, 0)
    row.refresh_from_db()
    assert (row.next_fetch_at, Leave.objects.count()) == (None, 1)
    assert not Delivery.objects.filter(user=world.bo).exists()
    reactivate_user(actor=world.actor("root"), user_id=world.bo.pk)
    relay.drain()
    row.refresh_from_db()
    assert row.next_fetch_at == START
    assert schedule.rotations.count() == 2


def test_row_19_nobody_is_deleted_in_django_admin(world: World, cy: User) -> None:
    rota(world)
    admin = signed_in(world.root)
    page = f"/admin/teams/user/{world.bo.pk}/"
    assert admin.get(f"{page}change/").status_code == 200
    assert admin.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    admin.post(
        "/admin/teams/user/", {"action": "delete_selected", "_selected_action": [world.bo.pk], "post": "yes"}
    )
    admin.post(f"{page}change/", {"name": "Bo", "email": world.bo.email, "time_zone": "UTC"})
    assert User.objects.filter(pk=world.bo.pk, is_active=True).exists()


def test_row_19_a_late_fact_about_somebody_who_is_back_changes_nothing(world: World, cy: User) -> None:
    schedule = rota(world)
    actor: Callable[[str], object] = world.actor
    deactivate_user(
        actor=world.actor("root"),
        user_id=cy.pk,
        successors={},
        now=START,
    )
    reactivate_user(actor=world.actor("root"), user_id=cy.pk)
    row = add_shadow(
        actor=actor("ada"),
        schedule_id=schedule.pk,
        user_id=cy.pk,
        starts_at=START + HOUR,
        ends_at=START + 2 * HOUR,
        now=START,
    )
    relay.drain()
    assert Shadow.objects.filter(pk=row.pk).exists()
