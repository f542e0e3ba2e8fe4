"""Open on-call pages hear of every change: who is told on which topic, and what the pages listen to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from core import relay
from core.live import topics
from core.models import LiveEntry
from oncall.actions import handoff, leave, overrides, policies, requests, rotations, schedules
from oncall.actions.external import add_calendar, remove_calendar
from oncall.models import Rotation, Schedule
from tests.factories import People
from tests.oncall.support import START, make_rotation, make_schedule
from tests.oncall.test_calendar_reading import calendar

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def schedule(people: People) -> Schedule:
    """The owner today, the teammate tomorrow, and so on."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    return schedule


def told(topic: str) -> list[tuple[str, dict[str, Any]]]:
    relay.drain()
    return list(LiveEntry.objects.filter(topic_id=topic).order_by("seq").values_list("event", "data"))


def _override(people: People, schedule: Schedule) -> None:
    overrides.add_override(
        actor=people.actor("owner"),
        schedule_id=schedule.pk,
        starts_at=START,
        ends_at=START + HOUR,
        user_id=people.teammate.pk,
    )


def _no_override(people: People, schedule: Schedule) -> None:
    _override(people, schedule)
    overrides.delete_override(actor=people.actor("owner"), override_id=schedule.overrides.get().pk)


def _rotation(people: People, schedule: Schedule) -> None:
    row = Rotation.objects.get()
    values = {**rotations.stored(row), "name": "Other"}
    rotations.update_rotation(actor=people.actor("owner"), rotation_id=row.pk, values=values)


def _schedule(people: People, schedule: Schedule) -> None:
    schedules.update_schedule(actor=people.actor("owner"), schedule_id=schedule.pk, name="Other")


def _shadow(people: People, schedule: Schedule) -> None:
    handoff.add_shadow(
        actor=people.actor("owner"),
        schedule_id=schedule.pk,
        user_id=people.support.pk,
        starts_at=START,
        ends_at=START + HOUR,
        now=START,
    )


def _taken(people: People, schedule: Schedule) -> None:
    requests.take_now(
        actor=people.actor("teammate"), schedule_id=schedule.pk, user_id=people.owner.pk, now=START
    )


def _calendar(people: People, schedule: Schedule) -> None:
    line = f"DTSTART:{START + HOUR:%Y%m%dT%H%M%SZ} | DTEND:{START + 2 * HOUR:%Y%m%dT%H%M%SZ} | SUMMARY:Olga Owner"
    row = add_calendar(
        actor=people.actor("owner"), name="Old", schedule_id=schedule.pk, content=calendar(line), now=START
    )
    remove_calendar(actor=people.actor("owner"), calendar_id=row.pk, now=START)


CHANGES: tuple[tuple[Callable[[People, Schedule], None], list[str]], ...] = (
    (_override, ["override added"]),
    (_no_override, ["override added", "override removed"]),
    (_rotation, ["rotation changed"]),
    (_schedule, ["changed"]),
    (_shadow, ["shadow added"]),
    (_taken, ["shift request taken"]),
    (_calendar, ["calendar added", "calendar removed"]),
)


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[change.__name__ for change, _said in CHANGES])
def test_every_change_of_a_schedule_is_told_and_counted(
    people: People, schedule: Schedule, change: Callable[[People, Schedule], None], said: list[str]
) -> None:
    with time_machine.travel(START, tick=False):
        change(people, schedule)
        assert told("team:payments") == [
            ("oncall.changed", {"schedule": schedule.pk, "what": what}) for what in said
        ]
    schedule.refresh_from_db()
    assert (schedule.revision, schedule.changed_at) == (len(said), START)


def test_leave_is_told_where_the_person_serves_and_to_the_person(people: People, schedule: Schedule) -> None:
    make_schedule(people.team, "Not theirs")
    with time_machine.travel(START, tick=False):
        leave.add_leave(
            actor=people.actor("owner"),
            user_id=people.owner.pk,
            starts_at=START + HOUR,
            ends_at=START + 2 * HOUR,
            now=START,
        )
        assert told("team:payments") == [("oncall.changed", {"schedule": schedule.pk, "what": "leave"})]
    assert [event for event, _data in told(f"user:{people.owner.pk}")][:1] == ["oncall.changed"]
    schedule.refresh_from_db()
    assert schedule.revision == 0


def test_both_people_of_a_request_are_told(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        row = requests.ask(
            actor=people.actor("owner"),
            schedule_id=schedule.pk,
            user_id=people.owner.pk,
            window=(START + HOUR, START + 2 * HOUR),
            offered_to_id=people.teammate.pk,
            now=START,
        )
        requests.accept(actor=people.actor("teammate"), request_id=row.pk, now=START)
        for user in (people.owner, people.teammate):
            events = [data["what"] for event, data in told(f"user:{user.pk}") if event == "oncall.request"]
            assert events == ["asked", "accepted"]
    assert not [event for event, _data in told(f"user:{people.support.pk}") if event == "oncall.request"]


def test_a_changed_policy_is_told(people: People, schedule: Schedule) -> None:
    policies.create_policy(
        actor=people.actor("owner"),
        team_id=people.team.pk,
        name="Nights",
        repeat=0,
        steps=[policies.StepInput(5, [policies.TargetInput("schedule", schedule.pk)])],
    )
    assert told("team:payments") == [("oncall.changed", {"schedule": None, "what": "policy created"})]


def test_only_who_sees_the_team_is_told(private_people: People) -> None:
    people = private_people
    schedule = make_schedule(people.team)
    with time_machine.travel(START, tick=False):
        _shadow(people, schedule)
        told("team:payments")
    parsed = topics.parse("team:payments")
    assert parsed is not None
    scope = LiveEntry.objects.get(topic_id="team:payments").scope
    heard = {
        who: (
            parsed[0].may_listen(people.actor(who), parsed[1]),
            parsed[0].may_receive(people.actor(who), scope),
        )
        for who in ("owner", "teammate", "support", "stranger", "admin")
    }
    member, other = (True, True), (False, False)
    assert heard == {
        "owner": member,
        "teammate": member,
        "support": other,
        "stranger": other,
        "admin": member,
    }


def test_pages_listen_and_know_when_they_are_out_of_date(people: People, schedule: Schedule) -> None:
    policy = policies.create_policy(
        actor=people.actor("owner"),
        team_id=people.team.pk,
        name="Nights",
        repeat=0,
        steps=[policies.StepInput(5, [policies.TargetInput("schedule", schedule.pk)])],
    )
    for path in ("/", "/oncall/", "/oncall/me/", schedule.get_absolute_url(), policy.get_absolute_url()):
        with time_machine.travel(START, tick=False):
            html = people.browser("owner").get(path).content.decode()
        assert 'topics="team:payments"' in html, path
        assert 'data-live-until="2026-11-21T00:00:00+00:00"' in html, path
