"""Suspected causes: their states, who may change them, what the record says, and two people on one text."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import InvalidInput, NotVisible
from incidents import actions
from incidents.errors import ChangedMeanwhile
from incidents.models import Incident, IncidentUserPermission, SuspectedCause, TimelineEntry
from incidents.permissions import TABLE
from incidents.sentences import sentence
from incidents.versions import check, differences
from tests.factories import api_client, make_user, signed_in
from tests.incidents.support import START, declare
from tests.incidents.test_access import STANDINGS, may, person
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def suspect(world: World, number: int, text: str = "The deploy", **fields: Any) -> SuspectedCause:
    return actions.add_cause(actor=world.actor("bo"), number=number, text=text, **fields)


def said(number: int) -> list[str]:
    rows = TimelineEntry.objects.filter(incident__number=number, kind="hypothesis").order_by("seq")
    return [sentence(row) for row in rows]


def test_a_cause_through_all_its_states(world: World) -> None:
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        cause = suspect(world, number, evidence="Errors begin after it", owner_id=world.ada.pk)
        assert (cause.state, cause.owner, actions.has_confirmed_cause(Incident.objects.get())) == (
            "suspected",
            world.ada,
            False,
        )
        for state in ("testing", "ruled_out", "suspected", "confirmed", "confirmed"):
            travel.shift(60)
            actions.set_cause_state(actor=bo, number=number, cause_id=cause.pk, state=state)
        incident = Incident.objects.get()
        assert actions.has_confirmed_cause(incident)
        assert incident.cause_known_at is not None
        assert (incident.cause_known_at - START).total_seconds() == 240
        assert said(number) == [
            "Suspected: The deploy",
            "Being tested: The deploy",
            "Ruled out: The deploy",
            "Suspected again: The deploy",
            "Confirmed: The deploy",
        ]
        travel.shift(60)
        again = suspect(world, number, "Another")
        actions.set_cause_state(actor=bo, number=number, cause_id=again.pk, state="confirmed")
        assert Incident.objects.get().cause_known_at == incident.cause_known_at


def test_every_change_is_written_down_once(world: World) -> None:
    bo = world.actor("bo")
    number = declare(world).number
    cause = suspect(world, number)

    def edit(**fields: Any) -> None:
        actions.edit_cause(actor=bo, number=number, cause_id=cause.pk, **fields)

    edit(text="The deploy of checkout")
    edit(text="The deploy of checkout", state="suspected", evidence="", owner_id=None)
    edit(owner_id=world.ada.pk)
    edit(owner_id=None)
    edit(evidence="Graph", evidence_link="https://graphs.example.com/1")
    assert said(number)[1:] == [
        "Suspected cause reworded: The deploy of checkout",
        "Ada looks into: The deploy of checkout",
        "Nobody looks into it any more: The deploy of checkout",
        "More is known about: The deploy of checkout",
    ]
    entry = TimelineEntry.objects.order_by("-seq")[0]
    assert (entry.text, entry.evidence_link) == ("Graph", "https://graphs.example.com/1")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"text": "  "}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"state": "maybe"}, "state"),
        ({"owner_id": 10**9}, "owner"),
        ({"evidence_link": "javascript:alert(1)"}, "evidence_link"),
        ({"evidence": "x" * 5001}, "evidence"),
    ],
)
def test_what_is_refused(world: World, fields: dict[str, Any], name: str) -> None:
    number = declare(world).number
    cause = suspect(world, number)
    with pytest.raises(InvalidInput) as refused:
        actions.edit_cause(actor=world.actor("bo"), number=number, cause_id=cause.pk, **fields)
    assert list(refused.value.fields) == [name]
    cause.refresh_from_db()
    assert (cause.text, cause.state) == ("The deploy", "suspected")


def test_somebody_from_outside_who_looks_into_it_may_see_the_incident(world: World) -> None:
    number = declare(world).number
    suspect(world, number, owner_id=world.zoe.pk)
    assert IncidentUserPermission.objects.filter(user=world.zoe).exists()
    gone = make_user("Gone", is_active=False)
    with pytest.raises(InvalidInput):
        suspect(world, number, owner_id=gone.pk)


@pytest.mark.parametrize("standing", STANDINGS)
def test_who_may(world: World, standing: str) -> None:
    incident = declare(world)
    cause = suspect(world, incident.number)
    user = person(world, standing, [incident])
    allowed = may(standing, "edit_causes")
    api, browser = api_client(user), signed_in(user)
    base = f"/api/v1/incidents/{incident.number}/causes/"
    page = f"/incidents/{incident.number}/causes/{cause.pk}/"
    found = {
        "list": api.get(base).status_code,
        "add": api.post(base, {"text": "x"}, format="json").status_code,
        "change": api.patch(f"{base}{cause.pk}/", {"state": "testing"}, format="json").status_code,
        "tap": browser.post(f"{page}state/", {"state": "ruled_out"}).status_code,
        "decision": api.post(
            f"/api/v1/incidents/{incident.number}/add-decision/", {"choice": "x"}, format="json"
        ).status_code,
    }
    assert found == {
        "list": 200,
        "add": 201 if allowed else 403,
        "change": 200 if allowed else 403,
        "tap": 302 if allowed else 403,
        "decision": 201 if allowed else 403,
    }
    assert "edit_causes" in TABLE


def test_outside_nothing_is_there() -> None:
    world = make_world("members")
    number = declare(world).number
    cause = suspect(world, number)
    other = declare(world).number
    with pytest.raises(NotVisible):
        actions.set_cause_state(actor=world.actor("zoe"), number=number, cause_id=cause.pk, state="testing")
    with pytest.raises(NotVisible):
        actions.set_cause_state(actor=world.actor("bo"), number=other, cause_id=cause.pk, state="testing")
    stranger = api_client(world.zoe)
    assert stranger.get(f"/api/v1/incidents/{number}/causes/").status_code == 404
    assert signed_in(world.zoe).get(f"/incidents/{number}/causes/{cause.pk}/").status_code == 404


def test_the_cards(world: World) -> None:
    number = declare(world).number
    bo = world.actor("bo")
    for text, state in (("Vendor", "ruled_out"), ("<b>Pool</b>", "suspected"), ("Deploy", "confirmed")):
        cause = suspect(world, number, text)
        actions.set_cause_state(actor=bo, number=number, cause_id=cause.pk, state=state)
    html = signed_in(world.bo).get(f"/incidents/{number}/fragment/causes/").content.decode()
    assert (
        html.index("Deploy") < html.index("&lt;b&gt;Pool") < html.index("1 ruled out") < html.index("Vendor")
    )
    assert "<b>Pool" not in html
    assert html.count("/state/") == 6
    reader = signed_in(world.zoe).get(f"/incidents/{number}/fragment/causes/").content.decode()
    assert "/state/" not in reader


def test_the_cards_cost_one_statement(world: World) -> None:
    number = declare(world).number
    browser = signed_in(world.bo)
    url = f"/incidents/{number}/fragment/causes/"
    counts = []
    for _time in range(3):
        suspect(world, number, owner_id=world.ada.pk)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1


@pytest.mark.parametrize(
    ("current", "base", "new", "refused"),
    [
        ("a", None, "b", False),
        ("a", "a", "b", False),
        ("a\nb", "a\r\nb", "c", False),
        ("b", "a", "b", False),
        ("b", "a", "c", True),
        ("", "a", "c", True),
    ],
)
def test_when_words_would_be_lost(current: str, base: str | None, new: str, refused: bool) -> None:
    if not refused:
        check("text", current, base, new)
        return
    with pytest.raises(ChangedMeanwhile) as error:
        check("text", current, base, new)
    assert error.value.fields == {"text": [current]}


def test_differences_word_by_word() -> None:
    found = differences("The pool is full.", "The pool was nearly full.")
    assert [tuple(piece) for piece in found] == [
        ("same", "The pool "),
        ("gone", "is"),
        ("new", "was nearly"),
        ("same", " full."),
    ]
    assert [tuple(piece) for piece in differences("", "x")] == [("new", "x")]
    long = "word " * 5000
    assert len(differences(long, long + "more")) == 2


def test_two_people_on_one_cause_lose_no_words(world: World) -> None:
    number = declare(world).number
    cause = suspect(world, number, "Pool")
    url = f"/incidents/{number}/causes/{cause.pk}/"
    ada, bo = signed_in(world.ada), signed_in(world.bo)
    first = {
        "text": "Pool of the database",
        "base": "Pool",
        "evidence": "",
        "evidence_base": "",
        "state": "testing",
    }
    second = first | {"text": "Pool <of> the cache", "state": "suspected"}
    assert ada.post(url, first).status_code == 302
    answer = bo.post(url, second)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Pool of the database" in html
    assert "Pool &lt;of&gt; the cache" in html
    assert 'name="base" value="Pool of the database"' in html
    cause.refresh_from_db()
    assert (cause.text, cause.state) == ("Pool of the database", "testing")
    merged = second | {"text": "Pool of the database and the cache", "base": "Pool of the database"}
    assert bo.post(url, merged).status_code == 302
    cause.refresh_from_db()
    assert cause.text == "Pool of the database and the cache"
    api = api_client(world.bo)
    refused = api.patch(f"/api/v1{url}", {"text": "x", "base": "Pool"}, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["errors"]) == (
        409,
        "changed_meanwhile",
        {"text": ["Pool of the database and the cache"]},
    )


def test_two_people_on_one_note_lose_no_words(world: World) -> None:
    number = declare(world).number
    note = actions.add_note(actor=world.actor("bo"), number=number, text="Pool full")
    url = f"/incidents/{number}/timeline/{note.seq}/edit/"
    ada, bo = signed_in(world.ada), signed_in(world.bo)
    assert ada.post(url, {"text": "Pool full since 3", "base": "Pool full"}).status_code == 302
    answer = bo.post(url, {"text": "Pool nearly full", "base": "Pool full"})
    assert answer.status_code == 409
    html = answer.content.decode()
    assert 'name="base" value="Pool full since 3"' in html
    assert "Pool nearly full</textarea>" in html
    note.refresh_from_db()
    assert note.text == "Pool full since 3"
    both = {"text": "Pool nearly full since 3", "base": "Pool full since 3"}
    assert bo.post(url, both).status_code == 302
    assert [row.text for row in note.revisions.order_by("id")] == ["Pool full", "Pool full since 3"]


def test_two_people_on_the_impact_lose_no_words(world: World) -> None:
    number = declare(world).number
    url = f"/incidents/{number}/impact/"
    ada, bo = signed_in(world.ada), signed_in(world.bo)
    services = {"services": [world.service.pk]}
    assert ada.post(url, {"impact": "All", "base": "", **services}).status_code == 302
    answer = bo.post(url, {"impact": "Some", "base": "", **services})
    assert answer.status_code == 409
    assert 'name="base" value="All"' in answer.content.decode()
    assert Incident.objects.get().impact == "All"
    assert bo.post(url, {"impact": "Some", "base": "All", **services}).status_code == 302
    assert Incident.objects.get().impact == "Some"
