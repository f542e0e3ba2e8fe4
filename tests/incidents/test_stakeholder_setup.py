"""Stakeholder lists, following and templates: who may change them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput, NotAllowed, NotVisible
from incidents import actions, wording
from incidents.actions.update_templates import choices_for, compose
from incidents.models import Follow, Incident, StakeholderList, UpdateTemplate
from tests.factories import api_client, make_team, make_user, signed_in
from tests.incidents.support import declare
from tests.world import make_world

pytestmark = pytest.mark.django_db
NAMES = ("ada", "bo", "sam", "zoe", "root")


def test_wording_fills_what_it_knows_and_leaves_empty_lines_out() -> None:
    text = "{{ severity }}: {{impact}}\n\n\n\nMeanwhile: {{ workaround }}\nEnd {{ next_update }}"
    values = {"severity": "Sev-1", "impact": "Cards {{ number }} fail", "next_update": "14:00 UTC"}
    assert wording.fill(text, values) == "Sev-1: Cards {{ number }} fail\n\nEnd 14:00 UTC"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{{ password }}", "password"),
        ("{{ impact|safe }}", "impact|safe"),
        ("{{ incident.team }}", "incident.team"),
        ("{{ name }}", "name"),
        ("{% load x %}", "{%"),
        ("{{ impact", "{{"),
        ("}}", "}}"),
    ],
)
def test_anything_else_between_braces_is_refused_at_saving(text: str, word: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        actions.save_template(actor=world.actor("root"), name="T", audience="internal", body=text)
    assert word in refused.value.fields["body"][0]
    answer = api_client(world.root).post(
        "/api/v1/update-templates/", {"name": "T", "audience": "internal", "body": text}, format="json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["body"])
    assert wording.faults("{{ name }} {{ impact }}", customers=True) == []


def test_shipped_templates_are_sound_and_cover_each_audience_and_moment() -> None:
    rows = UpdateTemplate.objects.all()
    for row in rows:
        assert wording.faults(row.subject + row.body, customers=row.customers) == [], row.name
    moments = {"investigating", "identified", "monitoring", "resolved"}
    found = set(rows.filter(customers=False).values_list("audience", "status"))
    assert found == {(a, m) for a in ("internal", "executive", "support", "public") for m in moments}
    assert set(rows.filter(customers=True).values_list("status", flat=True)) == {"investigating", "resolved"}


def test_the_most_fitting_template_is_offered_first() -> None:
    world = make_world()
    incident = declare(world, impact="Cards fail")
    UpdateTemplate.objects.all().delete()
    common = {"audience": "internal"}
    plain = UpdateTemplate.objects.create(name="Plain", body="Plain {{ impact }}", **common)
    state = UpdateTemplate.objects.create(name="State", body="x", status="investigating", **common)
    team = UpdateTemplate.objects.create(name="Team", body="Team {{ impact }}", team=world.team, **common)
    UpdateTemplate.objects.create(name="Other", body="x", team=make_team("Other"), **common)
    over = UpdateTemplate.objects.create(name="Over", body="x", status="resolved", **common)
    assert choices_for(incident, "internal") == [team, state, plain, over]
    assert compose(incident, "internal", facts={}) == "Team Cards fail"


def test_who_may_change_what_of_a_template() -> None:
    world = make_world()
    own = UpdateTemplate.objects.create(name="Own", audience="internal", body="x", team=world.team)
    shared = UpdateTemplate.objects.create(name="All", audience="internal", body="x")
    found = {
        (name, row.name): api_client(getattr(world, name))
        .patch(f"/api/v1/update-templates/{row.pk}/", {"name": row.name}, format="json")
        .status_code
        for name in NAMES
        for row in (own, shared)
    }
    assert {key for key, code in found.items() if code == 200} == {
        ("ada", "Own"),
        ("root", "Own"),
        ("root", "All"),
    }
    assert set(found.values()) == {200, 403}
    pages = {n: signed_in(getattr(world, n)).get("/settings/update-templates/").status_code for n in NAMES}
    assert pages == {"ada": 200, "bo": 404, "sam": 404, "zoe": 404, "root": 200}
    with pytest.raises(NotAllowed):
        actions.save_template(actor=world.actor("ada"), template_id=own.pk, team_id=None)
    browser = signed_in(world.ada)
    url = f"/settings/update-templates/{own.pk}/"
    bad = browser.post(url, {"name": "Own", "audience": "internal", "team": world.team.pk, "body": "{{ x }}"})
    assert bad.status_code == 422
    good = browser.post(
        url, {"name": "Mine", "audience": "public", "team": world.team.pk, "body": "{{ impact }}"}
    )
    assert good.status_code == 302
    own.refresh_from_db()
    assert (own.name, own.audience) == ("Mine", "public")
    assert browser.post(url, {"op": "delete"}).status_code == 302
    assert not UpdateTemplate.objects.filter(pk=own.pk).exists()


def test_lists_belong_to_managers_of_their_team() -> None:
    world = make_world()
    body = {
        "name": "Heads",
        "team": world.team.slug,
        "to_rank": 1,
        "executive": True,
        "people": [{"user": world.zoe.pk, "channel": "sms"}, {"address": "A@b.example", "name": "Ann"}],
    }
    codes = {
        name: api_client(getattr(world, name))
        .post("/api/v1/stakeholder-lists/", body, format="json")
        .status_code
        for name in NAMES
    }
    assert codes == {"ada": 201, "bo": 403, "sam": 403, "zoe": 403, "root": 201}
    row = StakeholderList.objects.order_by("pk").first()
    assert row is not None
    shown = api_client(world.ada).get(f"/api/v1/stakeholder-lists/{row.pk}/").json()
    assert shown["people"] == [
        {"user": world.zoe.pk, "address": "", "name": "", "channel": "sms"},
        {"user": None, "address": "a@b.example", "name": "Ann", "channel": "email"},
    ]
    url = f"/api/v1/stakeholder-lists/{row.pk}/"
    assert {n: api_client(getattr(world, n)).get(url).status_code for n in NAMES} == {
        "ada": 200,
        "bo": 404,
        "sam": 404,
        "zoe": 404,
        "root": 200,
    }
    assert api_client(world.ada).patch(url, {"people": []}, format="json").json()["people"] == []
    other = {**body, "team": None}
    assert api_client(world.ada).post("/api/v1/stakeholder-lists/", other, format="json").status_code == 403
    assert api_client(world.ada).delete(url).status_code == 204


@pytest.mark.parametrize(
    ("people", "field"),
    [
        ([{}], "people.0"),
        ([{"user_id": 0, "address": ""}], "people.0"),
        ([{"user_id": 999_999}], "people.0"),
        ([{"address": "no address"}], "people.0"),
        ([{"address": "a@b.example", "channel": "sms"}], "people.0"),
        ([{"address": "a@b.example"}, {"address": "A@B.example"}], "people.1"),
        ([{"address": "a@b.example", "channel": "voice"}], "people.0"),
    ],
)
def test_who_cannot_be_on_a_list_is_told_by_place(people: list[dict[str, Any]], field: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        actions.save_list(actor=world.actor("root"), name="L", people=people)
    assert list(refused.value.fields) == [field]
    assert not StakeholderList.objects.exists()


def test_a_list_is_filled_on_its_page() -> None:
    world = make_world()
    browser = signed_in(world.ada)
    made = browser.post(
        "/settings/stakeholders/", {"name": "Heads", "team": world.team.pk, "to_rank": "", "internal": "on"}
    )
    url = made["Location"]
    assert browser.post(url, {"op": "add", "user": world.zoe.pk, "channel": "email"}).status_code == 302
    assert browser.post(url, {"op": "add", "address": "a@b.example", "channel": "email"}).status_code == 302
    assert browser.post(url, {"op": "add", "channel": "email"}).status_code == 422
    text = browser.get(url).content.decode()
    assert "Zoe" in text
    assert "a@b.example" in text
    row = StakeholderList.objects.get()
    first = row.people.order_by("pk").first()
    assert first is not None
    browser.post(url, {"op": "remove", "person": first.pk})
    assert [one.address for one in row.people.all()] == ["a@b.example"]
    assert signed_in(world.bo).get(url).status_code == 404
    assert browser.post(url, {"op": "delete"}).status_code == 302
    assert not StakeholderList.objects.exists()


def test_following_what_one_sees_and_no_more() -> None:
    world = make_world("members")
    number = declare(world).number
    bo, zoe = world.actor("bo"), world.actor("zoe")
    row = actions.follow(actor=bo, number=number)
    assert actions.follow(actor=bo, number=number) == row
    for target in ({"number": number}, {"service_id": world.service.pk}, {"team_id": world.team.pk}):
        with pytest.raises(NotVisible):
            actions.follow(actor=zoe, **target)
    with pytest.raises(InvalidInput):
        actions.follow(actor=bo, number=number, team_id=world.team.pk)
    with pytest.raises(InvalidInput):
        actions.follow(actor=bo)
    with pytest.raises(NotVisible):
        actions.unfollow(actor=world.actor("ada"), follow_id=row.pk)
    actions.unfollow(actor=bo, follow_id=row.pk)
    assert not Follow.objects.exists()


def test_the_button_on_incident_service_and_team() -> None:
    world = make_world()
    number = declare(world).number
    browser = signed_in(world.zoe)
    for kind, pk, page in (
        ("incident", number, f"/incidents/{number}/"),
        ("service", world.service.pk, f"/services/{world.service.slug}/"),
        ("team", world.team.pk, f"/settings/teams/{world.team.slug}/"),
    ):
        assert "follow/" in browser.get(page).content.decode(), kind
        done = browser.post(f"/follow/{kind}/{pk}/", {"back": page})
        assert (done.status_code, done["Location"]) == (302, page)
    assert Follow.objects.filter(user=world.zoe).count() == 3
    panel = browser.get(f"/follow/panel/service/{world.service.pk}/").content.decode()
    assert 'aria-pressed="true"' in panel
    text = browser.get("/settings/following/").content.decode()
    assert f"#{number}" in text
    assert browser.post(f"/follow/incident/{number}/", {"back": "//evil.example"})["Location"] == (
        "/settings/following/"
    )
    assert Follow.objects.filter(user=world.zoe).count() == 2
    other = make_world_stranger()
    assert signed_in(other).get("/settings/following/").status_code == 200


def make_world_stranger() -> Any:
    return make_user("Nobody")


def test_follows_in_the_api_are_ones_own() -> None:
    world = make_world()
    incident = declare(world)
    api = api_client(world.zoe)
    made = api.post("/api/v1/follows/", {"incident": incident.number}, format="json")
    assert (made.status_code, made.json()["incident"]) == (201, incident.number)
    assert api.post("/api/v1/follows/", {"service": world.service.slug}, format="json").status_code == 201
    assert api.post("/api/v1/follows/", {}, format="json").status_code == 400
    assert api.post("/api/v1/follows/", {"incident": 999}, format="json").status_code == 404
    assert len(api.get("/api/v1/follows/").json()["results"]) == 2
    url = f"/api/v1/follows/{made.json()['id']}/"
    assert api_client(world.bo).delete(url).status_code == 404
    Incident.objects.update(visibility="restricted")
    assert len(api.get("/api/v1/follows/").json()["results"]) == 1
    Incident.objects.update(visibility="open")
    assert api.delete(url).status_code == 204
