"""Restricting an incident: who loses sight of it, where, and who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import NotAllowed
from core.models import LiveEntry
from incidents import actions
from incidents.live import scope_allows
from incidents.models import Incident, IncidentUserPermission
from incidents.sentences import sentence
from notifications.models import Delivery
from tests.factories import actor_of, api_client, make_membership, make_user, signed_in
from tests.incidents.support import declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
PEOPLE = ("ada", "bo", "scribe", "expert", "sam", "zoe", "root")


@pytest.fixture
def cast(drain: Drain) -> tuple[World, Incident, dict[str, Any]]:
    """Declared by Root, with a scribe of the team and an expert from outside."""
    world = make_world()
    people = {name: getattr(world, name) for name in ("ada", "bo", "sam", "zoe", "root")}
    people["scribe"], people["expert"] = make_user("Scribe"), make_user("Expert")
    make_membership(people["scribe"], world.team)
    incident = declare(world, "root", title="Break-in")
    for role in ("scribe", "expert"):
        actions.assign_role(
            actor=world.actor("root"), number=incident.number, role=role, user_id=people[role].pk
        )
    drain()
    return world, incident, people


def seen(incident: Incident, user: Any) -> dict[str, bool]:
    """Where the person meets the incident."""
    number, browser, api = incident.number, signed_in(user), api_client(user)
    found = {
        path: browser.get(path).status_code == 200
        for path in (f"/incidents/{number}/", f"/incidents/{number}/timeline/")
    }
    found["api"] = api.get(f"/api/v1/incidents/{number}/").status_code == 200
    found["api timeline"] = api.get(f"/api/v1/incidents/{number}/timeline/").status_code == 200
    found["api list"] = len(api.get("/api/v1/incidents/").json()["results"]) == 1
    for path in ("/incidents/", "/search/?q=Break", "/feed/", "/"):
        found[path] = "Break-in" in browser.get(path).content.decode()
    actor = actor_of(user)
    rows = LiveEntry.objects.filter(data__title="Break-in")
    assert rows.exists()
    allowed = {scope_allows(actor, row.scope) for row in rows}
    assert len(allowed) == 1
    found["feed rows"] = allowed.pop()
    return found


def test_those_without_a_part_lose_it_everywhere_and_get_it_back(
    cast: tuple[World, Incident, dict[str, Any]], drain: Drain
) -> None:
    world, incident, people = cast
    assert {name: set(seen(incident, user).values()) for name, user in people.items()} == {
        name: {True} for name in people
    }
    answer = api_client(world.ada).post(
        f"/api/v1/incidents/{incident.number}/set-visibility/",
        {"visibility": "restricted", "reason": "Security"},
        format="json",
    )
    assert (answer.status_code, answer.json()["visibility"]) == (200, "restricted")
    kept = {"ada", "scribe", "expert", "root"}
    for moment in ("at once", "when the feed has heard of it"):
        found = {name: set(seen(incident, user).values()) for name, user in people.items()}
        assert found == {name: {name in kept} for name in people}, moment
        drain()
    last = Incident.objects.get().timeline.order_by("-seq").first()
    assert (last.kind, last.text, sentence(last)) == (
        "visibility",
        "Security",
        "Restricted: only people who were invited see this incident",
    )
    actions.set_visibility(actor=world.actor("ada"), number=incident.number, visibility="open")
    found = {name: set(seen(incident, user).values()) for name, user in people.items()}
    assert found == {name: {True} for name in people}
    rows = IncidentUserPermission.objects.filter(content_object=incident)
    assert list(rows.values_list("user__name", flat=True)) == ["Expert"]


def test_the_feed_says_that_something_changed_and_nothing_more(
    cast: tuple[World, Incident, dict[str, Any]], drain: Drain
) -> None:
    world, incident, _people = cast
    actions.set_visibility(actor=world.actor("ada"), number=incident.number, visibility="restricted")
    drain()
    row = LiveEntry.objects.get(event="incident.visibility", topic_id="feed")
    assert (row.data, row.html) == ({"number": incident.number, "what": "visibility"}, "")
    assert scope_allows(world.actor("zoe"), row.scope)
    actions.add_note(actor=world.actor("ada"), number=incident.number, text="Secret")
    actions.set_severity(actor=world.actor("ada"), number=incident.number, severity=1)
    drain()
    after = LiveEntry.objects.filter(event="incident.severity", topic_id="feed").get()
    assert not scope_allows(world.actor("zoe"), after.scope)
    assert scope_allows(world.actor("ada"), after.scope)


def test_whoever_was_paged_keeps_it_and_whoever_is_paged_gets_it(drain: Drain) -> None:
    world = make_world()
    number = declare(world, "root", page=True).number
    drain()
    assert Delivery.objects.filter(status="sent", user=world.ada).exists()
    actions.set_visibility(actor=world.actor("root"), number=number, visibility="restricted")
    visible = Incident.objects.visible_to
    assert [visible(world.actor(name)).exists() for name in ("ada", "bo")] == [True, False]
    actions.page(actor=world.actor("ada"), number=number, user_ids=[world.bo.pk])
    assert visible(world.actor("bo")).exists()
    assert actions.acknowledge(actor=world.actor("bo"), number=number).changed


@pytest.mark.parametrize("status", ["investigating", "resolved"])
def test_who_may(status: str) -> None:
    found = {}
    world = make_world()
    for name in ("ada", "bo", "sam", "zoe", "root"):
        incident = declare(world)
        if status == "resolved":
            actions.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Over")
        url = f"/api/v1/incidents/{incident.number}/set-visibility/"
        answer = api_client(getattr(world, name)).post(url, {"visibility": "restricted"}, format="json")
        found[name] = (answer.status_code, Incident.objects.get(pk=incident.pk).visibility)
    done, refused = (200, "restricted"), (403, "open")
    assert found == {"ada": done, "bo": refused, "sam": refused, "zoe": refused, "root": done}


def test_wrong_values_and_the_present_one() -> None:
    world = make_world()
    number = declare(world).number
    url = f"/api/v1/incidents/{number}/set-visibility/"
    api = api_client(world.ada)
    for body, field in (({}, "visibility"), ({"visibility": "secret"}, "visibility"), ({"x": 1}, "x")):
        answer = api.post(url, body, format="json")
        assert (answer.status_code, field in answer.json()["errors"]) == (400, True)
    assert api.post(url, {"visibility": "open"}, format="json").status_code == 200
    assert Incident.objects.get().timeline.count() == 1
    bound = api_client(world.ada, team=world.team)
    assert bound.post(url, {"visibility": "restricted"}, format="json").status_code == 403
    assert Incident.objects.get().visibility == "open"
    stranger = api_client(world.zoe)
    actions.set_visibility(actor=world.actor("ada"), number=number, visibility="restricted")
    assert stranger.post(url, {"visibility": "open"}, format="json").status_code == 404
    with pytest.raises(NotAllowed):
        who = make_user("Guest")
        actions.assign_role(actor=world.actor("ada"), number=number, role="expert", user_id=who.pk)
        actions.set_visibility(actor=actor_of(who), number=number, visibility="open")


def test_by_page() -> None:
    world = make_world()
    number = declare(world).number
    base = f"/incidents/{number}/"
    offered = {
        name: f'href="{base}visibility/"' in signed_in(getattr(world, name)).get(base).content.decode()
        for name in ("ada", "bo", "sam", "zoe", "root")
    }
    assert offered == {"ada": True, "bo": False, "sam": False, "zoe": False, "root": True}
    browser = signed_in(world.ada)
    assert "Who sees it" in browser.get(f"{base}visibility/").content.decode()
    assert browser.post(f"{base}visibility/", {"visibility": "restricted"})["Location"] == base
    assert "banner-private" in browser.get(base).content.decode()
    assert signed_in(world.bo).get(base).status_code == 404
    assert signed_in(world.bo).post(f"{base}visibility/", {"visibility": "open"}).status_code == 404
