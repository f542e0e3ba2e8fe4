"""Roles: starter tasks, who fills them, who is missing, joining and leaving, their settings."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed
from incidents import actions
from incidents.models import Incident, IncidentTask, RoleAssignment, RoleDefinition
from incidents.sentences import sentence
from incidents.tasklists import missing_roles
from oncall.models import EscalationRun, Leave, Schedule
from teams.actions.deactivation import deactivate_user
from teams.hooks import held_by
from tests.factories import api_client, make_team, make_user, signed_in
from tests.incidents.support import declare
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def give(world: World, number: int, role: str, who: str | None, by: str = "ada") -> None:
    user = getattr(world, who) if who else None
    actions.assign_role(actor=world.actor(by), number=number, role=role, user_id=user.pk if user else None)


def tasks(number: int) -> list[tuple[str, str | None]]:
    rows = IncidentTask.objects.filter(incident__number=number).order_by("position")
    return list(rows.values_list("title", "owner__name"))


def test_a_role_brings_its_starter_tasks_once_and_they_go_with_it(world: World) -> None:
    number = declare(world).number
    give(world, number, "communications", "bo")
    expected = ["Send the first internal update", "Tell support what to say"]
    assert tasks(number) == [(title, "Bo") for title in expected]
    done = IncidentTask.objects.order_by("position").first()
    actions.finish_task(actor=world.actor("bo"), number=number, task_id=done.pk)
    give(world, number, "communications", "zoe")
    assert tasks(number) == [(expected[0], "Bo"), (expected[1], "Zoe")]
    give(world, number, "communications", None)
    assert tasks(number)[1] == (expected[1], None)
    give(world, number, "communications", "bo")
    assert len(tasks(number)) == 2
    give(world, number, "communications", "bo")
    assert RoleAssignment.objects.filter(ended_at=None).count() == 1


def test_a_role_of_many_brings_them_to_each_and_light_incidents_none(world: World) -> None:
    RoleDefinition.objects.filter(pk="expert").update(starter_tasks=["Say what you see"])
    number = declare(world).number
    for who in ("ada", "bo", "ada"):
        give(world, number, "expert", who)
    assert tasks(number) == [("Say what you see", "Ada"), ("Say what you see", "Bo")]
    light = declare(world, severity=3).number
    give(world, light, "commander", "bo")
    assert tasks(light) == []


@pytest.mark.parametrize(
    ("away", "chosen", "note"),
    [
        ([], "Bo", "On call in Primary"),
        (["bo"], "Zoe", "On call in Backup as backup; Bo: on leave"),
        (["bo", "zoe"], "Ada", "Next on call in Primary; Bo: on leave"),
        (["bo", "zoe", "ada"], None, "Everybody on call there is on leave: Bo."),
    ],
)
def test_people_on_leave_are_passed_over_and_the_note_says_why(
    world: World, away: list[str], chosen: str | None, note: str
) -> None:
    first, spare = make_schedule(world.team, "Primary"), make_schedule(world.team, "Backup")
    make_rotation(first, [[world.bo.pk], [world.ada.pk]])
    make_rotation(spare, [[world.zoe.pk]])
    RoleDefinition.objects.filter(pk="scribe").update(schedule=first, backup_schedule=spare)
    for who in away:
        Leave.objects.create(
            user=getattr(world, who), starts_at=START, ends_at=START.replace(year=START.year + 1)
        )
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        if chosen is None:
            with pytest.raises(InvalidInput) as refused:
                actions.fill_role(
                    actor=world.actor("ada"), number=number, role="scribe", schedule_id=first.pk
                )
            assert refused.value.fields == {"schedule": [note]}
            return
        actions.fill_role(actor=world.actor("ada"), number=number, role="scribe", schedule_id=first.pk)
    row = RoleAssignment.objects.get(role="scribe")
    assert (row.user.name, row.note) == (chosen, note)


def test_calling_a_role_fills_it_and_pages(world: World) -> None:
    schedule = make_schedule(world.team, "Comms")
    make_rotation(schedule, [[world.bo.pk]])
    RoleDefinition.objects.filter(pk="communications").update(schedule=schedule)
    with time_machine.travel(START, tick=False):
        number = declare(world, severity=1).number
        page = signed_in(world.ada)
        shown = page.get(f"/incidents/{number}/").content.decode()
        assert "Page whoever is on call in Comms" in shown
        assert page.post(f"/incidents/{number}/roles/communications/call/").status_code == 302
        run = EscalationRun.objects.get()
        assert run.snapshot["steps"][0]["targets"][0]["id"] == world.bo.pk
        assert RoleAssignment.objects.get(role="communications").user == world.bo
        with pytest.raises(InvalidInput):
            actions.call_role(actor=world.actor("ada"), number=number, role="scribe")


def test_a_hidden_schedules_name_is_not_shown(world: World) -> None:
    hidden = make_schedule(make_team("Hidden", visibility="members", manager=make_user()), "Secret")
    RoleDefinition.objects.filter(pk="commander").update(schedule=hidden)
    number = declare(world, severity=0).number
    assert "Secret" not in signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    assert "Secret" in signed_in(world.root).get(f"/incidents/{number}/").content.decode()
    rows = {name: api_client(getattr(world, name)).get("/api/v1/roles/") for name in ("bo", "root")}
    seen = {name: row.json()["results"][0]["schedule"] for name, row in rows.items()}
    assert seen == {"bo": None, "root": hidden.pk}


@pytest.mark.parametrize(
    ("severity", "missing"),
    [(0, ["commander", "communications"]), (1, ["commander", "communications"]), (2, [])],
)
def test_who_is_missing(world: World, severity: int, missing: list[str]) -> None:
    incident = declare(world, severity=severity)
    assert [row.key for row in missing_roles(incident, [])] == missing
    page = signed_in(world.bo).get(f"/incidents/{incident.number}/fragment/roles/").content.decode()
    assert page.count("Needed") == len(missing)
    give(world, incident.number, "commander", "ada")
    rows = list(RoleAssignment.objects.all())
    assert [row.key for row in missing_roles(incident, rows)] == missing[1:]


def test_leading_and_repairing_at_once_is_warned_of(world: World) -> None:
    number = declare(world, severity=1).number
    for role in ("commander", "expert"):
        give(world, number, role, "ada")
    address = f"/incidents/{number}/fragment/roles/"
    assert "Ada leads and repairs at once" in signed_in(world.bo).get(address).content.decode()
    actions.set_severity(actor=world.actor("ada"), number=number, severity=2)
    assert "leads and repairs" not in signed_in(world.bo).get(address).content.decode()


def test_joining_looking_on_and_leaving(world: World) -> None:
    number = declare(world).number
    bo, sam = world.actor("bo"), world.actor("sam")
    for _again in range(2):
        actions.join(actor=bo, number=number, role="observer")
        actions.join(actor=sam, number=number, role="observer")
    actions.join(actor=bo, number=number)
    with pytest.raises(NotAllowed):
        actions.join(actor=sam, number=number)
    with pytest.raises(InvalidInput):
        actions.join(actor=bo, number=number, role="commander")
    assert not Incident.objects.allowing(sam, "edit_tasks").exists()
    held = RoleAssignment.objects.filter(ended_at=None).order_by("pk").values_list("user__name", "role")
    assert list(held) == [("Sam", "observer"), ("Bo", "responder")]
    for _again in range(2):
        actions.leave(actor=bo, number=number)
    said = [sentence(row) for row in Incident.objects.get().timeline.filter(kind__in=["joined", "left"])]
    assert said == [
        "Bo joined: Observer",
        "Sam joined: Observer",
        "Bo joined: Responder",
        "Bo left: Responder",
    ]
    give(world, number, "commander", "bo")
    with pytest.raises(Conflict) as refused:
        actions.leave(actor=bo, number=number)
    assert refused.value.code == "hand_over_first"
    page = signed_in(world.ada)
    assert page.post(f"/incidents/{number}/join/responder/").status_code == 302
    answer = page.post(f"/incidents/{number}/leave/", HTTP_HX_REQUEST="true")
    assert (answer.status_code, 'id="incident-roles"' in answer.content.decode()) == (200, True)
    api = api_client(world.ada)
    assert api.post(f"/api/v1/incidents/{number}/join/").status_code == 200
    assert api.post(f"/api/v1/incidents/{number}/leave/").status_code == 200
    assert signed_in(world.bo).post(f"/incidents/{number}/leave/").status_code == 409


def test_tasks_and_playbooks_of_somebody_who_leaves(world: World) -> None:
    number = declare(world).number
    ada = world.actor("ada")
    give(world, number, "communications", "bo")
    own = actions.add_task(actor=ada, number=number, title="Own", owner=world.bo.pk, backup=world.zoe.pk)
    backed = actions.add_task(
        actor=ada, number=number, title="Backed", owner=world.ada.pk, backup=world.bo.pk
    )
    book = actions.create_playbook(actor=ada, team_id=world.team.pk, name="Outage", tasks=[{"title": "Look"}])
    actions.mark_tested(actor=ada, playbook_id=book.pk)
    book.refresh_from_db()
    book.tested_by = world.bo
    book.save()
    held = {
        kind: [(item.label, item.count) for item in items] for kind, items in held_by(world.bo.pk).items()
    }
    assert held["incident_tasks"] == [(f"Tasks of #{number} Checkout down", 2)]
    assert held["playbook_tests"] == [("Outage", 1)]
    kinds = dict.fromkeys(held, world.zoe.pk)
    deactivate_user(actor=world.actor("root"), user_id=world.bo.pk, successors=kinds)
    assert held_by(world.bo.pk) == {}
    own.refresh_from_db()
    backed.refresh_from_db()
    book.refresh_from_db()
    assert (own.owner, own.backup, backed.owner, backed.backup) == (world.zoe, None, world.ada, world.zoe)
    assert book.tested_by == world.zoe
    assert {row.owner for row in IncidentTask.objects.filter(role="communications")} == {world.zoe}


FORM: dict[str, Any] = {
    "key": "vendor",
    "name": "Vendor contact",
    "card": "Call them",
    "starter_tasks": "Call\n\nAsk",
}


def test_settings_of_roles(world: World) -> None:
    page = signed_in(world.root)
    for path in ("/settings/roles/", "/settings/roles/new/", "/settings/roles/commander/"):
        assert page.get(path).status_code == 200, path
        assert signed_in(world.ada).get(path).status_code == 404, path
    assert page.post("/settings/roles/new/", FORM | {"key": "commander"}).status_code == 422
    assert page.post("/settings/roles/new/", FORM | {"key": "Ä"}).status_code == 422
    assert page.post("/settings/roles/new/", FORM).status_code == 302
    row = RoleDefinition.objects.get(pk="vendor")
    assert (row.starter_tasks, row.single, row.shipped) == (["Call", "Ask"], False, False)
    assert page.post("/settings/roles/vendor/", FORM | {"name": "Vendors"}).status_code == 302
    number = declare(world).number
    give(world, number, "vendor", "bo")
    assert tasks(number) == [("Call", "Bo"), ("Ask", "Bo")]
    assert page.post("/settings/roles/vendor/", {"delete": "1"}).status_code == 409
    assert page.post("/settings/roles/commander/", {"delete": "1"}).status_code == 409
    IncidentTask.objects.all().delete()
    RoleAssignment.objects.all().delete()
    assert page.post("/settings/roles/vendor/", {"delete": "1"}).status_code == 302
    assert not RoleDefinition.objects.filter(pk="vendor").exists()
    assert page.get("/settings/roles/gone/").status_code == 404


def test_roles_by_api(world: World) -> None:
    root, url = api_client(world.root), "/api/v1/roles/"
    schedule: Schedule = make_schedule(world.team, "Desk")
    body = {"key": "vendor", "name": "Vendor", "schedule": schedule.pk, "starter_tasks": ["Call"]}
    assert root.post(url, body, format="json").status_code == 201
    assert root.patch(f"{url}vendor/", {"required_to_rank": 0}, format="json").json()["required_to_rank"] == 0
    assert root.patch(f"{url}commander/", {"single": False}, format="json").status_code == 400
    assert root.delete(f"{url}commander/").status_code == 409
    assert root.delete(f"{url}vendor/").status_code == 204
    for who in (world.ada, world.bo, world.sam, world.zoe):
        api = api_client(who)
        assert api.get(url).status_code == 200
        assert api.post(url, body, format="json").status_code == 403
        assert api.patch(f"{url}scribe/", {"name": "x"}, format="json").status_code == 403
    number = declare(world).number
    answer = root.post(
        f"/api/v1/incidents/{number}/assign-role/", {"role": "odd", "user": world.bo.pk}, format="json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["role"])
