"""Tasks: written, given, begun, blocked, done; what waits for what; two people at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotVisible
from incidents import actions
from incidents.errors import ChangedMeanwhile
from incidents.models import Incident, IncidentTask, TimelineEntry
from incidents.sentences import sentence
from incidents.tasklists import lanes, my_tasks, task_rows, tasks_in_the_way
from incidents.tasks import run_timers
from incidents.timers.tasks import TIMERS
from notifications.models import Delivery
from tests.factories import api_client, signed_in
from tests.incidents.support import START, at_once, declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def add(world: World, number: int, title: str = "Look", who: str = "ada", **fields: Any) -> IncidentTask:
    return actions.add_task(actor=world.actor(who), number=number, title=title, **fields)


def said(number: int) -> list[str]:
    rows = TimelineEntry.objects.filter(incident__number=number, kind="task").order_by("seq")
    return [sentence(row) for row in rows]


def test_the_life_of_a_task_and_what_the_timeline_says(world: World) -> None:
    number = declare(world).number
    bo = world.actor("bo")
    task = add(world, number, "Read the logs", owner=world.bo.pk, due_at=START)
    actions.start_task(actor=bo, number=number, task_id=task.pk)
    actions.block_task(actor=bo, number=number, task_id=task.pk, reason="No access")
    actions.reopen_task(actor=bo, number=number, task_id=task.pk)
    actions.finish_task(actor=bo, number=number, task_id=task.pk)
    actions.finish_task(actor=world.actor("ada"), number=number, task_id=task.pk)
    task.refresh_from_db()
    assert (task.state, task.ended_by, task.owner, task.reason) == ("done", world.bo, world.bo, "")
    assert said(number) == [
        "New task for Bo: Read the logs",
        "Started: Read the logs",
        "Blocked: Read the logs",
        "Open again: Read the logs",
        "Done: Read the logs",
    ]
    rows = TimelineEntry.objects.filter(incident__number=number, kind="task").order_by("seq")
    assert [row.data.get("quiet", False) for row in rows] == [False, True, False, True, False]
    with pytest.raises(Conflict) as refused:
        actions.skip_task(actor=bo, number=number, task_id=task.pk, reason="x")
    assert refused.value.code == "task_over"


def test_whoever_begins_a_task_of_nobody_owns_it(world: World) -> None:
    number = declare(world).number
    task = add(world, number)
    actions.start_task(actor=world.actor("bo"), number=number, task_id=task.pk)
    assert IncidentTask.objects.get().owner == world.bo


def test_a_task_that_waits_names_what_it_waits_for(world: World) -> None:
    number = declare(world).number
    ada = world.actor("ada")
    faq = add(world, number, "Write the FAQ")
    mail = add(world, number, "Mail the customers", waits_for=[faq.pk])
    for move in (actions.start_task, actions.finish_task):
        with pytest.raises(Conflict) as refused:
            move(actor=ada, number=number, task_id=mail.pk)
        assert (refused.value.code, refused.value.fields) == ("task_waits", {"waits_for": ["Write the FAQ"]})
        assert "Write the FAQ" in refused.value.sentence
    actions.skip_task(actor=ada, number=number, task_id=faq.pk, reason="Is there")
    actions.finish_task(actor=ada, number=number, task_id=mail.pk)
    third = add(world, number, "Third", waits_for=[add(world, number, "Open").pk])
    actions.skip_task(actor=ada, number=number, task_id=third.pk, reason="Skipping needs nobody")
    assert IncidentTask.objects.get(pk=third.pk).state == "skipped"


def test_what_is_hidden_blocks_nobody(world: World) -> None:
    number = declare(world).number
    first = add(world, number, "First")
    second = add(world, number, "Second", waits_for=[first.pk])
    IncidentTask.objects.filter(pk=first.pk).update(shown=False, needed_before="resolved")
    actions.finish_task(actor=world.actor("ada"), number=number, task_id=second.pk)
    incident = Incident.objects.get(number=number)
    assert tasks_in_the_way(incident, "resolved") == []
    assert [row.task for row in task_rows(incident, [], None, START)] == [
        IncidentTask.objects.get(pk=second.pk)
    ]


def test_circles_and_tasks_of_elsewhere_are_refused(world: World) -> None:
    number, other = declare(world).number, declare(world).number
    ada = world.actor("ada")
    a, b, far = add(world, number, "A"), add(world, number, "B"), add(world, other, "Far")
    actions.edit_task(actor=ada, number=number, task_id=b.pk, changes={"waits_for": [a.pk]})
    for wanted in ([b.pk], [a.pk], [far.pk]):
        with pytest.raises(InvalidInput) as refused:
            actions.edit_task(actor=ada, number=number, task_id=a.pk, changes={"waits_for": wanted})
        assert list(refused.value.fields) == ["waits_for"]
    assert list(IncidentTask.objects.get(pk=a.pk).waits_for.all()) == []
    with pytest.raises(NotVisible):
        actions.finish_task(actor=ada, number=number, task_id=far.pk)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title": " "}, "title"),
        ({"owner": 10**9}, "owner"),
        ({"kind": "odd"}, "kind"),
        ({"role": "nobody"}, "role"),
        ({"control": "odd"}, "control"),
        ({"needed_before": "odd"}, "needed_before"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_input_names_its_field(world: World, fields: dict[str, Any], name: str) -> None:
    number = declare(world).number
    with pytest.raises(InvalidInput) as refused:
        actions.add_task(actor=world.actor("ada"), number=number, **{"title": "x", **fields})
    assert list(refused.value.fields) == [name]


def test_two_editors_lose_no_words(world: World) -> None:
    number = declare(world).number
    task = add(world, number, "Look", detail="old")
    base = {"title": "Look", "detail": "old", "owner": None}
    ada, bo = world.actor("ada"), world.actor("bo")
    edit = {"number": number, "task_id": task.pk, "base": base}
    actions.edit_task(actor=ada, changes={"title": "Look", "detail": "ada's"}, **edit)
    actions.edit_task(actor=bo, changes={"title": "Look", "detail": "old", "owner": world.bo.pk}, **edit)
    task.refresh_from_db()
    assert (task.detail, task.owner) == ("ada's", world.bo)
    with pytest.raises(ChangedMeanwhile) as refused:
        actions.edit_task(actor=bo, changes={"title": "New", "detail": "bo's"}, **edit)
    assert (refused.value.code, refused.value.fields) == ("changed_meanwhile", {"detail": ["ada's"]})
    task.refresh_from_db()
    assert (task.title, task.detail) == ("Look", "ada's")
    actions.edit_task(actor=bo, changes={"detail": "ada's"}, **edit)  # what is stored is no clash


def test_the_dialog_shows_both_texts_and_the_second_save_decides(world: World) -> None:
    number = declare(world).number
    task = add(world, number, "Look")
    page = signed_in(world.bo)
    address = f"/incidents/{number}/edit-task/?task={task.pk}"
    form = page.get(address).context["form"]
    sent = {"task": task.pk, "title": "Bo's", "kind": "diagnose", "base": form.initial["base"]}
    actions.edit_task(actor=world.actor("ada"), number=number, task_id=task.pk, changes={"title": "Ada's"})
    refused = page.post(f"/incidents/{number}/edit-task/", sent)
    assert refused.status_code == 409 and "Ada&#x27;s" in refused.content.decode()
    again = sent | {"base": refused.context["form"].data["base"]}
    assert page.post(f"/incidents/{number}/edit-task/", again).status_code == 302
    assert IncidentTask.objects.get().title == "Bo's"
    for odd in ("[]", "{", '{"due_at": "x"}', '{"due_at": "0001-01-01T00:00+14:00"}', '{"waits_for": ["x"]}'):
        assert page.post(f"/incidents/{number}/edit-task/", sent | {"base": odd}).status_code in (302, 409)


def test_giving_a_task_lets_in_and_a_backup_is_another(world: World) -> None:
    number = declare(world).number
    ada = world.actor("ada")
    task = add(world, number)
    actions.assign_task(
        actor=ada, number=number, task_id=task.pk, owner_id=world.zoe.pk, backup_id=world.bo.pk
    )
    assert Incident.objects.allowing(world.actor("zoe"), "edit_tasks").exists()
    with pytest.raises(InvalidInput) as refused:
        actions.set_task_backup(actor=ada, number=number, task_id=task.pk, backup_id=world.zoe.pk)
    assert list(refused.value.fields) == ["backup"]
    actions.assign_task(actor=ada, number=number, task_id=task.pk, owner_id=world.bo.pk, keep_backup=True)
    task.refresh_from_db()
    assert (task.owner, task.backup) == (world.bo, None)


def test_order(world: World) -> None:
    number = declare(world).number
    ids = [add(world, number, f"T{n}").pk for n in range(4)]
    ada = world.actor("ada")
    actions.reorder_tasks(actor=ada, number=number, task_ids=[ids[2], ids[0]])
    assert list(IncidentTask.objects.values_list("pk", flat=True)) == [ids[2], ids[0], ids[1], ids[3]]
    for wrong in ([ids[0], ids[0]], [10**9]):
        with pytest.raises(InvalidInput):
            actions.reorder_tasks(actor=ada, number=number, task_ids=wrong)


@pytest.mark.parametrize("status", ["closed", "declined", "merged"])
def test_what_is_over_keeps_its_tasks(world: World, status: str) -> None:
    incident = declare(world)
    declare(world)
    task = add(world, incident.number)
    put(incident, status)
    with pytest.raises(Conflict) as refused:
        actions.finish_task(actor=world.actor("ada"), number=incident.number, task_id=task.pk)
    assert refused.value.code == "not_active"


def test_a_reminder_once_at_the_due_time_to_whoever_has_it(world: World) -> None:
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        ada = world.actor("ada")
        actions.assign_role(actor=ada, number=number, role="commander", user_id=world.ada.pk)
        actions.assign_role(actor=ada, number=number, role="scribe", user_id=world.bo.pk)
        IncidentTask.objects.all().delete()
        due = START + dt.timedelta(minutes=10)
        add(world, number, "Own", owner=world.bo.pk, due_at=due)
        add(world, number, "By role", role="scribe", due_at=due)
        add(world, number, "Nobody's", due_at=due)
        done = add(world, number, "Done", owner=world.bo.pk, due_at=due)
        actions.finish_task(actor=ada, number=number, task_id=done.pk)
    for minutes in (9, 10, 11):
        for timer in TIMERS:
            timer(START + dt.timedelta(minutes=minutes))
        count = Delivery.objects.filter(category="reminder").count()
        assert count == (0 if minutes == 9 else 3)
    told = Delivery.objects.filter(category="reminder").order_by("pk").values_list("user__name", "title")
    assert sorted(told) == [
        ("Ada", f"#{number}: due now: Nobody's"),
        ("Bo", f"#{number}: due now: By role"),
        ("Bo", f"#{number}: due now: Own"),
    ]


def test_the_title_of_a_restricted_incidents_task_stays_inside(world: World) -> None:
    incident = declare(world)
    add(world, incident.number, "Rotate the leaked key", owner=world.ada.pk, due_at=START)
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted", code_name="Heron")
    run_timers()
    row = Delivery.objects.get(category="reminder")
    assert row.title == f"#{incident.number} Heron: a task is due"
    assert "leaked" not in row.title + row.body
    assert my_tasks(world.actor("sam"), START) == []
    assert Incident.objects.get().timeline.filter(kind="task").count() == 1


def test_mine_on_now_are_own_and_those_of_my_roles(world: World) -> None:
    number = declare(world).number
    ada = world.actor("ada")
    add(world, number, "Own", owner=world.bo.pk)
    add(world, number, "By role", role="scribe")
    add(world, number, "Somebody's", owner=world.ada.pk)
    actions.assign_role(actor=ada, number=number, role="scribe", user_id=world.bo.pk)
    assert [row.title for row in my_tasks(world.actor("bo"), START)] == ["Own", "By role"]
    page = signed_in(world.bo).get("/").content.decode()
    assert "My tasks" in page and "By role" in page and "Somebody&#x27;s" not in page
    Incident.objects.update(visibility="restricted")
    Incident.objects.get().user_grants.all().delete()
    assert my_tasks(world.actor("bo"), START) == []


def test_lanes_by_person_role_and_nobody(world: World) -> None:
    incident = declare(world)
    number = incident.number
    add(world, number, "Later", owner=world.bo.pk, stage="resolution")
    add(world, number, "First", owner=world.bo.pk, stage="alerting")
    add(world, number, "Scribe's", role="scribe")
    add(world, number, "Free")
    found = lanes(task_rows(incident, [], world.bo.pk, START), [], {"scribe": "Scribe"})
    assert [(lane.label, [row.task.title for row in lane.rows]) for lane in found] == [
        ("Bo", ["First", "Later"]),
        ("Scribe", ["Scribe's"]),
        ("Nobody yet", ["Free"]),
    ]


@pytest.mark.django_db(transaction=True)
def test_two_people_finish_the_same_task_and_one_entry_is_written() -> None:
    world = make_world()
    number = declare(world).number
    task = add(world, number)
    people = [world.actor(name) for name in ("ada", "bo", "ada", "bo")]
    results = at_once(
        [lambda a=a: actions.finish_task(actor=a, number=number, task_id=task.pk) for a in people]
    )
    assert all(isinstance(row, IncidentTask) and row.state == "done" for row in results)
    assert said(number) == ["New task: Look", "Done: Look"]


def test_by_api(world: World) -> None:
    number = declare(world).number
    api = api_client(world.bo)
    url = f"/api/v1/incidents/{number}/tasks/"
    made = api.post(url, {"title": "Look", "due_at": "2026-11-20T04:00:00Z"}, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "open")
    pk = made.json()["id"]
    second = api.post(url, {"title": "Then", "waits_for": [pk]}, format="json").json()
    assert second["waits_for"] == [pk]
    waits = api.post(f"{url}{second['id']}/finish/")
    assert (waits.status_code, waits.json()["code"]) == (409, "task_waits")
    changed = api.patch(f"{url}{pk}/", {"title": "New", "base": {"title": "Look"}}, format="json")
    assert (changed.status_code, changed.json()["title"]) == (200, "New")
    clash = api.patch(f"{url}{pk}/", {"title": "Newer", "base": {"title": "Look"}}, format="json")
    assert (clash.status_code, clash.json()["errors"]) == (409, {"title": ["New"]})
    assert api.post(f"{url}{pk}/skip/", {}, format="json").status_code == 400
    for move, body in (("start", {}), ("block", {"reason": "x"}), ("reopen", {}), ("finish", {})):
        assert api.post(f"{url}{pk}/{move}/", body, format="json").status_code == 200, move
    assert api.post(f"{url}order/", {"tasks": [second["id"]]}, format="json").status_code == 200
    assert [row["title"] for row in api.get(url).json()["results"]] == ["Then", "New"]
    assert api.patch(f"{url}{pk}/", {"colour": 1}, format="json").status_code == 400
    assert api_client(world.sam).get(url).status_code == 200
    assert api_client(world.sam).post(url, {"title": "x"}, format="json").status_code == 403
    assert api.post(f"{url}999999/finish/").status_code == 404


def test_pages(world: World) -> None:
    incident = declare(world)
    base = f"/incidents/{incident.number}/"
    page = signed_in(world.bo)
    first = add(world, incident.number, "Write the FAQ")
    add(world, incident.number, "Mail the customers", waits_for=[first.pk], control="update_public")
    for path in ("", "tasks/", "fragment/tasks/", "task/", f"edit-task/?task={first.pk}", "playbook/"):
        assert page.get(f"{base}{path}").status_code == 200, path
    lanes_html = page.get(f"{base}tasks/").content.decode()
    assert "waits for: Write the FAQ" in " ".join(lanes_html.replace("</span>", "").split())
    assert "update/?audience=public" in lanes_html
    for path in (f"skip-task/?task={first.pk + 99}", "edit-task/", "tasks/999/finish/x/"):
        assert page.get(f"{base}{path}").status_code == 404, path
    assert page.post(f"{base}tasks/new/", {"title": ""}).status_code == 422
    assert page.post(f"{base}skip-task/", {"task": first.pk, "reason": ""}).status_code == 422
    htmx = {"HTTP_HX_REQUEST": "true"}
    answer = page.post(f"{base}tasks/{first.pk}/finish/", **htmx)
    assert (answer.status_code, answer.content.decode().count('id="incident-tasks"')) == (200, 1)
    answer = page.post(f"{base}tasks/{first.pk}/reopen/?view=lanes", **htmx)
    assert 'id="incident-lanes"' in answer.content.decode()
    assert page.post(f"{base}tasks/{first.pk}/take/").status_code == 302
    assert IncidentTask.objects.get(pk=first.pk).owner == world.bo
    stranger = signed_in(world.zoe)
    assert stranger.post(f"{base}tasks/{first.pk}/finish/").status_code == 403
    assert "tasks/new/" not in stranger.get(base).content.decode()
