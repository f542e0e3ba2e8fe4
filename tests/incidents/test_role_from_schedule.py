"""A role filled by whoever is on call."""

from __future__ import annotations

import pytest
import time_machine

from core.errors import InvalidInput
from incidents.actions import declare_incident, fill_role
from incidents.models import RoleAssignment
from oncall.models import Schedule
from tests.factories import api_client, make_team, make_user, signed_in
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def schedule(world: World) -> Schedule:
    """Ada and Bo together today."""
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk, world.bo.pk]])
    return schedule


def roles(number: int) -> list[tuple[str, str]]:
    rows = RoleAssignment.objects.filter(incident__number=number, ended_at=None).order_by("pk")
    return list(rows.values_list("role", "user__name"))


def test_whoever_is_on_call_gets_it(world: World, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        number = declare_incident(actor=world.actor("ada"), title="x", service_ids=[world.service.pk]).number
        fill_role(actor=world.actor("ada"), number=number, role="communications", schedule_id=schedule.pk)
        fill_role(actor=world.actor("ada"), number=number, role="expert", schedule_id=schedule.pk)
    assert roles(number) == [("communications", "Ada"), ("expert", "Ada"), ("expert", "Bo")]


def test_by_api_and_by_the_form(world: World, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        number = declare_incident(actor=world.actor("ada"), title="x", service_ids=[world.service.pk]).number
        url = f"/api/v1/incidents/{number}/assign-role/"
        answer = api_client(world.bo).post(url, {"role": "scribe", "schedule": schedule.pk})
        assert answer.status_code == 200
        form = signed_in(world.bo).get(f"/incidents/{number}/role/").content.decode()
        assert "Or whoever is on call in" in form
        signed_in(world.bo).post(f"/incidents/{number}/role/", {"role": "deputy", "schedule": schedule.pk})
        missing = api_client(world.bo).post(url, {"role": "scribe"})
        assert (missing.status_code, list(missing.json()["errors"])) == (400, ["user"])
        assert api_client(world.sam).post(url, {"role": "scribe", "schedule": schedule.pk}).status_code == 403
    assert roles(number) == [("scribe", "Ada"), ("deputy", "Ada")]


def test_nobody_there_both_given_and_hidden_schedules_are_refused(world: World, schedule: Schedule) -> None:
    empty = make_schedule(world.team, "Empty")
    hidden = make_schedule(make_team("Hidden", visibility="members", manager=make_user()), "Secret")
    with time_machine.travel(START, tick=False):
        number = declare_incident(actor=world.actor("ada"), title="x", service_ids=[world.service.pk]).number
        for schedule_id, user_id in ((empty.pk, None), (hidden.pk, None), (schedule.pk, world.bo.pk)):
            with pytest.raises(InvalidInput) as refused:
                fill_role(
                    actor=world.actor("ada"),
                    number=number,
                    role="expert",
                    schedule_id=schedule_id,
                    user_id=user_id,
                )
            assert list(refused.value.fields) == ["schedule"]
    assert roles(number) == []
