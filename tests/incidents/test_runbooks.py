"""Runbooks in the library: written, published, reviewed, shown to whoever may see them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents import actions
from incidents.handover import Runbooks
from incidents.models import IncidentType, Runbook, RunbookVersion
from teams.choices import TeamVisibility
from teams.models import AuditEntry
from tests.factories import api_client, make_team, make_user, signed_in
from tests.incidents.support import START
from tests.incidents.test_lists import count
from tests.world import World, make_service, make_world

BODY = "# Pool\n\n- [ ] Look at {{ service }}\n- [ ] Restart"


@pytest.fixture
def world(db: None) -> World:
    Runbook.objects.all().delete()
    return make_world()


def make(world: World, who: str = "ada", **fields: Any) -> Runbook:
    values: dict[str, Any] = {"name": "Pool full", "team_id": world.team.pk, "body": BODY, **fields}
    return actions.create_runbook(actor=world.actor(who), **values)


def form(**fields: Any) -> dict[str, Any]:
    return {"name": "Pool full", "body": BODY, "review_every_days": "180", **fields}


def test_a_changed_text_is_a_version_and_the_same_text_is_none(world: World) -> None:
    runbook = make(world, note="First")
    ada = world.actor("ada")
    again = actions.publish_runbook(actor=ada, runbook_id=runbook.pk, body=f"{BODY}\r\n")
    assert (again.number, runbook.version) == (1, 1)
    second = actions.publish_runbook(actor=ada, runbook_id=runbook.pk, body=f"{BODY}\n- [ ] Verify")
    assert [step["text"] for step in second.steps] == ["Look at {{ service }}", "Restart", "Verify"]
    third = actions.restore_runbook(actor=ada, runbook_id=runbook.pk, number=1)
    assert (third.number, third.body, third.note) == (3, BODY, "As version 1")
    runbook.refresh_from_db()
    assert runbook.version == 3
    verbs = AuditEntry.objects.filter(object_type="runbook", object_id=str(runbook.pk)).values_list(
        "verb", flat=True
    )
    assert sorted(verbs) == ["created", "published", "published", "published"]


def test_who_wrote_meanwhile_is_not_overwritten(world: World) -> None:
    runbook = make(world)
    ada = world.actor("ada")
    actions.publish_runbook(actor=ada, runbook_id=runbook.pk, body="Two", base=1)
    with pytest.raises(Conflict, match="Ada has published version 2"):
        actions.publish_runbook(actor=ada, runbook_id=runbook.pk, body="Three", base=1)
    page = signed_in(world.ada).post(f"/runbooks/{runbook.pk}/edit/", form(body="Three", base="1"))
    assert page.status_code == 422
    assert "has published version 2 meanwhile" in page.content.decode()
    assert 'name="base" value="2"' in page.content.decode()
    assert "Three" in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": " "}, "name"),
        ({"body": ""}, "body"),
        ({"body": "x" * 50_001}, "body"),
        ({"body": "{{ sevice }}"}, "body"),
        ({"body": "- [ ] x\n" * 201}, "body"),
        ({"review_every_days": -1}, "review_every_days"),
        ({"review_every_days": 4000}, "review_every_days"),
        ({"matchers": ["{alertname="]}, "matchers"),
        ({"matchers": ["{}"]}, "matchers"),
        ({"matchers": {"a": "b"}}, "matchers"),
        ({"matchers": ['{alertname=~"("}']}, "matchers"),
        ({"matchers": ['{a="b"}'] * 21}, "matchers"),
        ({"service_ids": [999_999]}, "services"),
        ({"type_ids": [999_999]}, "types"),
        ({"owner_id": 999_999}, "owner"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_every_mistake_is_named(world: World, fields: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(world, **fields)
    assert list(refused.value.fields) == [name]
    assert not Runbook.objects.exists()


def test_unknown_variables_are_named_on_saving(world: World) -> None:
    page = signed_in(world.ada).post(
        "/runbooks/new/", form(team=world.team.pk, body="See {{ sevice }} and {{ link.board }}")
    )
    assert page.status_code == 422
    assert "No such variable: {{ sevice }}, {{ link.board }}." in page.content.decode().replace("&#x27;", "'")


def test_an_owner_belongs_to_the_team(world: World) -> None:
    with pytest.raises(InvalidInput):
        make(world, owner_id=world.zoe.pk)
    assert make(world, owner_id=world.bo.pk).owner_id == world.bo.pk
    assert make(world, who="root", team_id=None, owner_id=world.zoe.pk).owner_id == world.zoe.pk


def test_services_the_editor_does_not_see_stay(world: World) -> None:
    secret = make_service(make_team(visibility=TeamVisibility.MEMBERS), "secret")
    runbook = make(world, who="root", service_ids=[world.service.pk, secret.pk])
    actions.edit_runbook(actor=world.actor("ada"), runbook_id=runbook.pk, service_ids=[])
    assert list(runbook.services.values_list("slug", flat=True)) == ["secret"]
    with pytest.raises(InvalidInput):
        actions.edit_runbook(actor=world.actor("ada"), runbook_id=runbook.pk, service_ids=[secret.pk])


def test_it_is_stale_when_its_review_is_due(world: World) -> None:
    with time_machine.travel(START, tick=False) as clock:
        runbook = make(world, review_every_days=30)
        never = make(world, name="Never", review_every_days=0)
        clock.shift(dt.timedelta(days=30, seconds=-1))
        assert not _fresh(runbook).is_stale(START + dt.timedelta(days=30, seconds=-1))
        clock.shift(dt.timedelta(seconds=1))
        now = START + dt.timedelta(days=30)
        assert _fresh(runbook).is_stale(now) and not _fresh(never).is_stale(now)
        assert list(Runbook.objects.all().stale(now)) == [runbook]
        browser = signed_in(world.bo)
        assert "Stale" in browser.get("/runbooks/").content.decode()
        assert "Never" not in browser.get("/runbooks/?stale=1").content.decode()
        assert browser.post(f"/runbooks/{runbook.pk}/review/").status_code == 302
        assert not _fresh(runbook).is_stale(now)
        assert _fresh(runbook).last_reviewed_by_id == world.bo.pk
        assert "Stale" not in browser.get("/runbooks/").content.decode()
        clock.shift(dt.timedelta(days=31))
        actions.publish_runbook(actor=world.actor("ada"), runbook_id=runbook.pk, body="New")
        assert not _fresh(runbook).is_stale(now + dt.timedelta(days=31))
        actions.edit_runbook(actor=world.actor("ada"), runbook_id=runbook.pk, review_every_days=0)
        assert _fresh(runbook).review_due_at is None


def _fresh(runbook: Runbook) -> Runbook:
    return Runbook.objects.get(pk=runbook.pk)


def test_who_may_what(world: World) -> None:
    runbook = make(world)
    whole = make(world, who="root", team_id=None, name="House", owner_id=world.sam.pk)
    for who in ("bo", "sam", "zoe"):
        actor = world.actor(who)
        with pytest.raises(NotAllowed):
            make(world, who=who)
        with pytest.raises(NotAllowed):
            actions.edit_runbook(actor=actor, runbook_id=runbook.pk, name="Mine")
        with pytest.raises(NotAllowed):
            actions.publish_runbook(actor=actor, runbook_id=runbook.pk, body="Mine")
        with pytest.raises(NotAllowed):
            actions.restore_runbook(actor=actor, runbook_id=runbook.pk, number=1)
    for who in ("sam", "zoe"):
        with pytest.raises(NotAllowed):
            actions.review_runbook(actor=world.actor(who), runbook_id=runbook.pk)
    with pytest.raises(NotAllowed):
        actions.review_runbook(actor=world.actor("ada"), runbook_id=whole.pk)
    assert actions.review_runbook(actor=world.actor("sam"), runbook_id=whole.pk).last_reviewed_at
    with pytest.raises(NotAllowed):
        actions.edit_runbook(actor=world.actor("ada"), runbook_id=whole.pk, name="Mine")


GETS = ("", "?version=1", "versions/", "versions/?from=1&to=1")
POSTS = ("review/", "retire/", "restore/")


@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe", "root"])
def test_the_pages_of_an_open_team(world: World, who: str) -> None:
    runbook = make(world)
    browser = signed_in(getattr(world, who))
    manages = who in ("ada", "root")
    for path in GETS:
        assert browser.get(f"/runbooks/{runbook.pk}/{path}").status_code == 200
    assert browser.get("/runbooks/").status_code == 200
    assert browser.get(f"/runbooks/{runbook.pk}/edit/").status_code == (200 if manages else 403)
    assert browser.get("/runbooks/new/").status_code == (200 if manages else 403)
    assert browser.post("/runbooks/preview/", {"body": BODY}).status_code == 200
    page = browser.get(f"/runbooks/{runbook.pk}/").content.decode()
    assert ("Mark as reviewed" in page) == (who in ("ada", "bo", "root"))
    expected = {"review/": who in ("ada", "bo", "root"), "retire/": manages, "restore/": manages}
    for path, may in expected.items():
        code = browser.post(f"/runbooks/{runbook.pk}/{path}", {"version": "1"}).status_code
        assert code == (302 if may else 403), path
    assert RunbookVersion.objects.count() == 1


def test_a_closed_team_keeps_its_runbooks_to_itself(db: None) -> None:
    Runbook.objects.all().delete()
    world = make_world(visibility=TeamVisibility.MEMBERS)
    runbook = make(world, service_ids=[world.service.pk])
    for who in ("sam", "zoe"):
        browser, api = signed_in(getattr(world, who)), api_client(getattr(world, who))
        for path in (*GETS, "edit/"):
            assert browser.get(f"/runbooks/{runbook.pk}/{path}").status_code == 404
        for path in POSTS:
            assert browser.post(f"/runbooks/{runbook.pk}/{path}").status_code == 404
        assert "Pool full" not in browser.get("/runbooks/").content.decode()
        assert browser.get(f"/runbooks/panel/service/{world.service.pk}/").status_code == 404
        assert api.get(f"/api/v1/runbooks/{runbook.pk}/").status_code == 404
        assert (
            api.post(f"/api/v1/runbooks/{runbook.pk}/versions/", {"body": "x"}, format="json").status_code
            == 404
        )
        with pytest.raises(NotVisible):
            actions.review_runbook(actor=world.actor(who), runbook_id=runbook.pk)
    assert signed_in(world.bo).get(f"/runbooks/{runbook.pk}/").status_code == 200
    assert signed_in(None).get(f"/runbooks/{runbook.pk}/").status_code == 302


def test_writing_one_on_its_page(world: World) -> None:
    browser = signed_in(world.ada)
    kind = IncidentType.objects.get(key="outage")
    example = browser.get("/runbooks/new/?example=connection-pool").content.decode()
    assert "pg_stat_activity" in example
    assert browser.get("/runbooks/new/?example=none").status_code == 200
    sent = form(
        team=world.team.pk,
        purpose="When it is full",
        owner=world.bo.pk,
        services=[world.service.pk],
        types=[kind.pk],
        matchers='alertname=PoolFull\n{job="db"}\n',
        note="First",
    )
    preview = browser.post("/runbooks/new/", sent | {"op": "preview"})
    assert preview.status_code == 200 and not Runbook.objects.exists()
    assert 'class="step"' in preview.content.decode()
    assert browser.post("/runbooks/new/", sent).status_code == 302
    runbook = Runbook.objects.get()
    assert runbook.matchers == ['{alertname="PoolFull"}', '{job="db"}']
    assert list(runbook.services.all()) == [world.service] and list(runbook.types.all()) == [kind]
    assert (runbook.owner, runbook.version) == (world.bo, 1)
    page = browser.get(f"/runbooks/{runbook.pk}/edit/").content.decode()
    assert "PoolFull" in page and "When it is full" in page
    changed = browser.post(f"/runbooks/{runbook.pk}/edit/", form(body="New text", base="1"))
    assert changed.status_code == 302
    diff = browser.get(f"/runbooks/{runbook.pk}/versions/?from=1&to=2").content.decode()
    assert "<ins>" in diff and "Restore version 1" in diff
    assert browser.post(f"/runbooks/{runbook.pk}/restore/", {"version": "x"}).status_code in (400, 422)
    for bad in ("services", "types", "owner", "review_every_days", "team"):
        assert browser.post("/runbooks/new/", form(**{bad: "x"})).status_code == 422


def test_filters_and_pages_of_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incidents.views.runbooks.LIST_ROWS", 2)
    make(world, name="Alpha", service_ids=[world.service.pk])
    make(world, name="Beta", purpose="disks")
    make(world, who="root", team_id=None, name="Gamma")
    gone = make(world, name="Delta")
    actions.edit_runbook(actor=world.actor("ada"), runbook_id=gone.pk, active=False)
    browser = signed_in(world.zoe)

    def names(query: str) -> set[str]:
        text = browser.get(f"/runbooks/{query}").content.decode()
        return {
            name
            for name in ("Alpha", "Beta", "Gamma", "Delta")
            if 'strong" href' in text and f">{name}<" in text
        }

    assert names("") == {"Gamma", "Beta"}
    older = browser.get("/runbooks/").context["page"].older
    assert names(f"?cursor={older}") == {"Alpha"}
    assert names("?service=checkout") == {"Alpha"}
    assert names("?team=organisation") == {"Gamma"}
    assert names(f"?team={world.team.slug}&q=DISK") == {"Beta"}
    assert names("?active=0") == {"Delta", "Gamma"}
    assert "No runbook matches" in browser.get("/runbooks/?q=%00nothing").content.decode()
    for name in ("team", "service"):
        assert "No runbook matches" in browser.get(f"/runbooks/?{name}=%00nothing").content.decode()
    Runbook.objects.all().delete()
    assert "No runbook yet" in browser.get("/runbooks/").content.decode()


def test_the_panel_of_a_service(world: World) -> None:
    world.service.links.create(kind="runbook", title="Wiki page", url="https://wiki.example/x")
    runbook = make(world, service_ids=[world.service.pk])
    path = f"/runbooks/panel/service/{world.service.pk}/"
    page = signed_in(world.zoe).get(path, headers={"HX-Request": "true"}).content.decode()
    assert runbook.get_absolute_url() in page and "https://wiki.example/x" in page
    assert signed_in(world.zoe).get(path).headers["Location"] == "/runbooks/?service=checkout"
    assert path in signed_in(world.zoe).get("/services/checkout/").content.decode()


def test_somebody_who_leaves_hands_their_runbooks_over(world: World) -> None:
    runbook = make(world, owner_id=world.bo.pk)
    provider = Runbooks()
    assert [item.label for item in provider.list(world.bo.pk)] == ["Pool full"]
    provider.hand_over(world.bo.pk, world.ada.pk, world.actor("root"), START)
    assert _fresh(runbook).owner_id == world.ada.pk


@pytest.mark.parametrize("path", ["/runbooks/", "/api/v1/runbooks/"])
def test_the_number_of_statements_does_not_grow(world: World, path: str) -> None:
    client = api_client(world.root) if path.startswith("/api/") else signed_in(world.root)
    kinds = list(IncidentType.objects.values_list("pk", flat=True)[:2])

    def more() -> None:
        person = make_user()
        make(
            world,
            who="root",
            team_id=None,
            owner_id=person.pk,
            service_ids=[world.service.pk],
            type_ids=kinds,
        )
        make(world, name="Team's", owner_id=world.bo.pk, service_ids=[world.service.pk])

    more()
    one = count(client, path)
    more()
    more()
    assert count(client, path) == one
