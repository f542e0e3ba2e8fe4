"""Playbooks: reading, versions, starting by hand and by themselves, what is shown when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents import actions, playbooks, shipped
from incidents.actions.playbooks import start_matching
from incidents.models import Incident, IncidentTask, IncidentType, Playbook, PlaybookRun
from incidents.playbooks import Facts, condition_text, difference, find_cycle, holds, parse, read_condition
from incidents.tasklists import is_stale
from teams.actor import system_actor
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import World, make_world

PLAN = [
    {"key": "faq", "title": "Write the FAQ", "due_minutes": 30, "role": "scribe"},
    {"key": "mail", "title": "Mail", "waits_for": ["faq"], "needed_before": "resolved", "critical": True},
    {"key": "grave", "title": "Tell the board", "shown_when": {"max_rank": 0}},
]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def make(world: World, who: str = "ada", **fields: Any) -> Playbook:
    values: dict[str, Any] = {"name": "Outage", "team_id": world.team.pk, "tasks": PLAN, **fields}
    return actions.create_playbook(actor=world.actor(who), **values)


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        ("x", ["tasks"]),
        ([], ["tasks"]),
        ([{"title": "x"}] * 101, ["tasks"]),
        ([7], ["tasks.0"]),
        ([{"title": ""}], ["tasks.0.title"]),
        ([{"title": "x" * 201}], ["tasks.0.title"]),
        ([{"title": "x", "colour": 1}], ["tasks.0.colour"]),
        ([{"title": "x", "key": "Ä"}], ["tasks.0.key"]),
        ([{"title": "x"}, {"title": "x"}], ["tasks.1.key"]),
        ([{"title": "x", "kind": "odd"}], ["tasks.0.kind"]),
        ([{"title": "x", "kind": ["a"]}], ["tasks.0.kind"]),
        ([{"title": "x", "stage": "odd"}], ["tasks.0.stage"]),
        ([{"title": "x", "role": "nobody"}], ["tasks.0.role"]),
        ([{"title": "x", "due_minutes": "5"}], ["tasks.0.due_minutes"]),
        ([{"title": "x", "due_minutes": True}], ["tasks.0.due_minutes"]),
        ([{"title": "x", "due_minutes": -1}], ["tasks.0.due_minutes"]),
        ([{"title": "x", "waits_for": "y"}], ["tasks.0.waits_for"]),
        ([{"title": "x", "waits_for": ["y"]}], ["tasks.0.waits_for"]),
        ([{"title": "x", "key": "x", "waits_for": ["x"]}], ["tasks.0.waits_for"]),
        (
            [{"title": "a", "key": "a", "waits_for": ["b"]}, {"title": "b", "key": "b", "waits_for": ["a"]}],
            ["tasks.0.waits_for"],
        ),
        ([{"title": "x", "control": "odd"}], ["tasks.0.control"]),
        ([{"title": "x", "needed_before": "odd"}], ["tasks.0.needed_before"]),
        ([{"title": "x", "critical": "yes"}], ["tasks.0.critical"]),
        ([{"title": "x", "shown_when": {"rank": 1}}], ["tasks.0.shown_when"]),
        ([{"title": "x", "shown_when": {"max_rank": 5}}], ["tasks.0.shown_when"]),
        ([{"title": "x", "shown_when": {"status": ["odd"]}}], ["tasks.0.shown_when"]),
        ([{"title": "x", "shown_when": {"task": "y", "state": ["done"]}}], ["tasks.0.shown_when"]),
        ([{"title": "x", "shown_when": {"all": []}}], ["tasks.0.shown_when"]),
        (
            [{"title": "x", "shown_when": {"all": [{"all": [{"all": [{"max_rank": 1}]}]}]}}],
            ["tasks.0.shown_when"],
        ),
        (
            [{"title": "", "kind": "odd"}, {"title": "x", "due_minutes": 1.5}],
            ["tasks.0.title", "tasks.0.kind", "tasks.1.due_minutes"],
        ),
    ],
)
def test_every_mistake_is_named_by_row_and_field(rows: Any, fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(rows, {"scribe"})
    assert list(refused.value.fields) == fields


def test_what_is_read_is_what_is_stored() -> None:
    plans = parse([{"title": "Write the FAQ", "due_minutes": 0}, *PLAN[:0]], {"scribe"})
    assert plans[0].key == "write-the-faq"
    assert plans[0].as_row() == {
        "key": "write-the-faq",
        "title": "Write the FAQ",
        "kind": "diagnose",
        "due_minutes": 0,
    }
    assert [plan.as_row() for plan in parse([plan.as_row() for plan in parse(PLAN)])] == [
        plan.as_row() for plan in parse(PLAN)
    ]


FACTS = Facts(
    rank=1,
    status="monitoring",
    type="security",
    fields={"kind": ["A", "B"], "on": True, "n": 3},
    tasks={"a": "done"},
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"max_rank": 1}, True),
        ({"max_rank": 0}, False),
        ({"status": ["monitoring", "resolved"]}, True),
        ({"status": ["resolved"]}, False),
        ({"type": ["security"]}, True),
        ({"type": ["data"]}, False),
        ({"field": "kind", "is": ["B"]}, True),
        ({"field": "kind", "is": ["C"]}, False),
        ({"field": "on", "is": ["yes"]}, True),
        ({"field": "n", "is": ["3"]}, True),
        ({"field": "gone", "is": ["x"]}, False),
        ({"task": "a", "state": ["done"]}, True),
        ({"task": "a", "state": ["open"]}, False),
        ({"task": "b", "state": ["open"]}, False),
        ({"all": [{"max_rank": 1}, {"type": ["security"]}]}, True),
        ({"all": [{"max_rank": 1}, {"type": ["data"]}]}, False),
        ({"odd": 1}, False),
    ],
)
def test_conditions(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition, FACTS) is expected
    assert holds({"max_rank": 4}, Facts()) is False
    if condition and "odd" not in condition:
        assert read_condition(condition_text(condition)) == condition


@pytest.mark.parametrize("text", ["rank x", "colour red", "status", "task", "field a", "rank 9"])
def test_a_line_that_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_condition(text)


def test_circles_and_differences() -> None:
    assert find_cycle({1: [2], 2: [3], 3: []}) == []
    assert find_cycle({1: [2], 2: [3], 3: [1]}) == [1, 2, 3, 1]
    assert find_cycle({n: [n + 1] for n in range(5000)}) == []
    new = [{**PLAN[0], "title": "FAQ"}, PLAN[1], {"key": "n", "title": "New"}]
    assert difference(PLAN, new) == playbooks.Difference(["New"], ["Tell the board"], ["FAQ"])


def test_versions_are_published_never_changed(world: World) -> None:
    book = make(world)
    ada = world.actor("ada")
    same = actions.publish_version(actor=ada, playbook_id=book.pk, tasks=PLAN)
    assert same.number == 1
    second = actions.publish_version(actor=ada, playbook_id=book.pk, tasks=PLAN[:1], note="Short")
    assert (second.number, second.note, book.versions.count()) == (2, "Short", 2)
    assert [row["key"] for row in book.versions.get(number=1).tasks] == ["faq", "mail", "grave"]


@pytest.mark.parametrize(
    ("who", "own", "organisation"),
    [
        ("ada", "done", NotAllowed),
        ("bo", NotAllowed, NotAllowed),
        ("sam", NotAllowed, NotAllowed),
        ("root", "done", "done"),
    ],
)
def test_who_writes_playbooks(world: World, who: str, own: Any, organisation: Any) -> None:
    for team, expected in ((world.team.pk, own), (None, organisation)):
        if expected == "done":
            book = make(world, who, team_id=team)
        else:
            with pytest.raises(expected):
                make(world, who, team_id=team)
            book = make(world, "root", team_id=team)
        known: dict[str, Any] = {"actor": world.actor(who), "playbook_id": book.pk}
        for act, more in (
            (actions.edit_playbook, {"name": "New"}),
            (actions.publish_version, {"tasks": PLAN[:1]}),
            (actions.mark_tested, {}),
            (actions.retire_playbook, {}),
        ):
            if expected == "done":
                act(**known, **more)
            else:
                with pytest.raises(expected):
                    act(**known, **more)


@pytest.mark.django_db
def test_a_members_only_teams_playbook_is_not_there_for_others() -> None:
    world = make_world("members")
    book = make(world)
    with pytest.raises(NotVisible):
        actions.edit_playbook(actor=world.actor("zoe"), playbook_id=book.pk, name="x")
    number = actions.declare_incident(actor=world.actor("zoe"), title="Mine", page=False).number
    with pytest.raises(InvalidInput):
        actions.start_playbook(actor=world.actor("zoe"), number=number, playbook_id=book.pk)


def test_starting_makes_the_tasks_once(world: World) -> None:
    book = make(world)
    with time_machine.travel(START, tick=False):
        incident = declare(world, severity=2)
        bo = world.actor("bo")
        run = actions.start_playbook(actor=bo, number=incident.number, playbook_id=book.pk)
        again = actions.start_playbook(actor=bo, number=incident.number, playbook_id=book.pk)
    assert (again.pk, run.version.number) == (run.pk, 1)
    rows = {row.key: row for row in IncidentTask.objects.filter(incident=incident)}
    assert list(rows) == ["faq", "mail", "grave"]
    assert rows["faq"].due_at == START + dt.timedelta(minutes=30)
    assert [row.key for row in rows["mail"].waits_for.all()] == ["faq"]
    assert [row.shown for row in rows.values()] == [True, True, False]
    kinds = list(Incident.objects.get().timeline.values_list("kind", flat=True))
    assert kinds.count("playbook") == 1 and "task" not in kinds
    actions.retire_playbook(actor=world.actor("ada"), playbook_id=book.pk)
    with pytest.raises(Conflict):
        actions.start_playbook(actor=bo, number=declare(world).number, playbook_id=book.pk)


def test_what_hangs_on_the_rank_comes_and_goes(world: World, drain: Callable[[], None]) -> None:
    book = make(world)
    number = declare(world, severity=2).number
    ada = world.actor("ada")
    actions.start_playbook(actor=ada, number=number, playbook_id=book.pk)
    shown = lambda: IncidentTask.objects.get(key="grave").shown  # noqa: E731 - asked three times
    for rank, expected in ((0, True), (2, False), (0, True)):
        actions.set_severity(actor=ada, number=number, severity=rank)
        drain()
        assert shown() is expected
    IncidentTask.objects.filter(key="grave").update(shown_when={"task": "faq", "state": ["done"]})
    actions.finish_task(actor=ada, number=number, task_id=IncidentTask.objects.get(key="faq").pk)
    assert shown()
    actions.reopen_task(actor=ada, number=number, task_id=IncidentTask.objects.get(key="faq").pk)
    assert not shown()


@pytest.mark.parametrize(
    ("fields", "severity", "starts"),
    [
        ({}, 1, True),
        ({}, None, True),
        ({"to_rank": 1}, 1, True),
        ({"to_rank": 1}, 2, False),
        ({"to_rank": 1}, None, False),
        ({"from_rank": 1, "to_rank": 2}, 0, False),
        ({"from_rank": 2}, 3, True),
        ({"starts_by_itself": False}, 1, False),
        ({"active": False}, 1, False),
        ({"tasks": None}, 1, False),
        ({"type": "outage"}, 1, True),
        ({"type": "security"}, 1, False),
        ({"team": "other"}, 1, False),
    ],
)
def test_which_start_by_themselves(
    world: World, fields: dict[str, Any], severity: int | None, starts: bool
) -> None:
    Playbook.objects.all().delete()
    values: dict[str, Any] = {"starts_by_itself": True, "team_id": None, **fields}
    if "type" in values:
        values["type_id"] = IncidentType.objects.get(key=values.pop("type")).pk
    if values.pop("team", None):
        from tests.factories import make_team

        values["team_id"] = make_team("Other").pk
    make(world, "root", **values)
    incident = declare(world, severity=severity)
    incident.type = IncidentType.objects.get(key="outage")
    found = start_matching(incident, START, system_actor())
    assert (len(found) == 1) is starts
    assert start_matching(incident, START, system_actor()) == []


@pytest.mark.parametrize(
    ("kind", "starts"), [("real", True), ("drill", True), ("backfilled", False), ("maintenance", False)]
)
def test_only_what_is_happening_starts_them(
    world: World, drain: Callable[[], None], kind: str, starts: bool
) -> None:
    declare(world, severity=0, kind=kind)
    drain()
    names = set(PlaybookRun.objects.values_list("name", flat=True))
    assert names == ({"Alerting", "Triage"} if starts else set())
    drain()
    assert PlaybookRun.objects.count() == len(names)


def test_setting_a_grave_severity_starts_the_shipped_ones_and_sees_what_is_done(
    world: World, drain: Callable[[], None]
) -> None:
    number = declare(world).number
    drain()
    assert not PlaybookRun.objects.exists()
    actions.assign_role(actor=world.actor("ada"), number=number, role="commander", user_id=world.ada.pk)
    actions.set_severity(actor=world.actor("ada"), number=number, severity=1)
    drain()
    done = IncidentTask.objects.filter(state="done", run__isnull=False).values_list("key", flat=True)
    assert set(done) == {"command", "severity"}


def test_the_shipped_ones_are_sound_and_come_once(world: World) -> None:
    from django.apps import apps

    assert {row["name"]: len(row["tasks"]) for row in shipped.plans()} == {
        "Alerting": 6,
        "Triage": 9,
        "Investigation": 7,
        "Resolution": 10,
        "Retrospective": 7,
        "Microservice outage": 15,
    }
    roles = {row["key"] for row in shipped.read("setup")["roles"]}
    for row in shipped.plans():
        parse(row["tasks"], roles)
    before = Playbook.objects.count()
    shipped.fill(apps)
    assert Playbook.objects.count() == before == 6
    itself = Playbook.objects.filter(starts_by_itself=True).values_list("name", "to_rank")
    assert set(itself) == {("Alerting", 1), ("Triage", 1)}


def test_stale_after_half_a_year(world: World) -> None:
    book = make(world)
    assert is_stale(book, START)
    book = actions.mark_tested(actor=world.actor("ada"), playbook_id=book.pk, now=START)
    assert not is_stale(book, START + dt.timedelta(days=180))
    assert is_stale(book, START + dt.timedelta(days=181))


def test_by_api(world: World) -> None:
    api, url = api_client(world.ada), "/api/v1/playbooks/"
    made = api.post(
        url, {"name": "Outage", "team": world.team.slug, "tasks": PLAN, "type": "outage"}, format="json"
    )
    assert made.status_code == 201, made.json()
    book = made.json()
    assert (book["version"], book["type"], len(book["tasks"])) == (1, "outage", 3)
    wrong = api.post(f"{url}{book['id']}/versions/", {"tasks": [{"title": ""}]}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["tasks.0.title"])
    again = api.post(f"{url}{book['id']}/versions/", {"tasks": PLAN[:1]}, format="json")
    assert (again.status_code, again.json()["number"]) == (201, 2)
    assert [row["number"] for row in api.get(f"{url}{book['id']}/versions/").json()["results"]] == [2, 1]
    assert api.patch(f"{url}{book['id']}/", {"to_rank": 2}, format="json").json()["to_rank"] == 2
    assert api.post(f"{url}{book['id']}/tested/").json()["tested_by"]["name"] == "Ada"
    number = declare(world).number
    start = f"/api/v1/incidents/{number}/start-playbook/"
    assert api.post(start, {"playbook": book["id"]}, format="json").status_code == 201
    assert api.post(start, {"playbook": 10**9}, format="json").status_code == 400
    assert api.delete(f"{url}{book['id']}/").status_code == 204
    assert api.get(f"{url}{book['id']}/").json()["active"] is False
    assert api_client(world.bo).patch(f"{url}{book['id']}/", {"name": "x"}, format="json").status_code == 403
    assert api.post(url, {"name": "All", "tasks": PLAN}, format="json").status_code == 403


def test_pages(world: World) -> None:
    book = make(world)
    actions.publish_version(actor=world.actor("ada"), playbook_id=book.pk, tasks=PLAN[:2])
    page, address = signed_in(world.ada), f"/playbooks/{book.pk}/"
    for path in ("/playbooks/", address, "/playbooks/new/", f"{address}edit/"):
        assert page.get(path).status_code == 200, path
    assert "Tell the board" in page.get(address).content.decode()
    bo = signed_in(world.bo)
    assert [bo.get(path).status_code for path in (address, f"{address}edit/", "/playbooks/new/")] == [
        200,
        403,
        403,
    ]
    form = {"team": world.team.pk, "name": "Typed", "row": ["0", "1"], "title-0": "One", "title-1": "Two"}
    more = page.post("/playbooks/new/", form | {"op": "add"})
    assert more.status_code == 200 and len(more.context["rows"]) == 5
    assert len(page.post("/playbooks/new/", form | {"op": "remove-0"}).context["rows"]) == 1
    moved = page.post("/playbooks/new/", form | {"op": "up-1"}).context["rows"]
    assert [row["title"] for row, _errors in moved] == ["Two", "One"]
    wrong = page.post("/playbooks/new/", form | {"waits_for-1": "three", "due_minutes-0": "x"})
    assert (wrong.status_code, wrong.context["rows"][0][1]) == (422, ["Whole minutes."])
    wrong = page.post("/playbooks/new/", form | {"waits_for-1": "three"})
    assert wrong.context["rows"][1][1] == ["There is no task “three”."]
    saved = page.post("/playbooks/new/", form | {"waits_for-1": "one", "shown_when-1": "rank 1"})
    assert saved.status_code == 302
    tasks = Playbook.objects.get(name="Typed").versions.get().tasks
    assert tasks[1] == {
        "key": "two",
        "title": "Two",
        "kind": "diagnose",
        "waits_for": ["one"],
        "shown_when": {"max_rank": 1},
    }
    assert page.post(f"{address}tested/").status_code == 302
    number = declare(world).number
    assert page.post(f"{address}start/", {"incident": number}).url == f"/incidents/{number}/tasks/"
    assert page.post(f"{address}start/", {"incident": "x"}).status_code == 404
    assert page.post(f"{address}retire/").status_code == 302
    assert not Playbook.objects.get(pk=book.pk).active
    assert page.get("/playbooks/999999/").status_code == 404
    bare = make(world, tasks=None)
    assert page.get(f"/playbooks/{bare.pk}/").status_code == 200
