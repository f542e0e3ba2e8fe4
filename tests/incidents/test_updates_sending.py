"""Telling audiences: one, several from the same facts, drafts, no change, words for support."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotVisible
from incidents import actions
from incidents.models import IncidentUpdate, TimelineEntry, UpdatePromise
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import make_world

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def test_one_update_keeps_its_promise_and_stands_in_the_record() -> None:
    world = make_world()
    number = declare(world).number
    with time_machine.travel(START, tick=False):
        row = actions.post_update(
            actor=world.actor("bo"),
            number=number,
            audience="internal",
            text="  On it  ",
            next_update_in_minutes=20,
        )
    row.refresh_from_db()
    assert (row.state, row.text, row.sent_at, row.next_update_due_at) == (
        "sent",
        "On it",
        START,
        START + 20 * MINUTE,
    )
    entry = TimelineEntry.objects.get(kind="update_sent")
    assert (entry.text, entry.data["audience"], entry.data["update"], entry.audience) == (
        "On it",
        "internal",
        row.pk,
        "support",
    )
    row.incident.refresh_from_db()
    assert row.incident.next_update_due_at == START + 20 * MINUTE
    assert row.incident.first_internal_update_at == START


def test_several_go_out_at_once_or_none() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    with pytest.raises(InvalidInput) as refused:
        actions.post_updates(actor=bo, number=number, texts={"internal": "Yes", "public": "  "})
    assert refused.value.fields == {"text_public": ["Write something."]}
    assert not IncidentUpdate.objects.exists()
    rows = actions.post_updates(
        actor=bo,
        number=number,
        texts={"internal": "In", "executive": "Exec", "support": "Sup", "public": "Pub"},
        facts=actions.Facts(impact="Cards fail", needs="A decision"),
        next_update_in_minutes=30,
    )
    assert [(row.audience, row.state, row.impact) for row in rows] == [
        (name, "sent", "Cards fail") for name in ("internal", "executive", "support", "public")
    ]
    assert len({row.batch for row in rows}) == 1
    assert set(UpdatePromise.objects.values_list("audience", flat=True)) == {
        "internal",
        "executive",
        "support",
        "public",
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"audience": "everybody", "text": "x"}, "audience"),
        ({"audience": "public", "text": "x", "next_update_in_minutes": 10_081}, "next_update_in_minutes"),
        ({"audience": "public", "text": "x", "next_update_in_minutes": -1}, "next_update_in_minutes"),
        ({"audience": "public", "text": "x" * 20_001}, "text"),
    ],
)
def test_what_cannot_be_said_is_refused_by_field(values: dict[str, Any], field: str) -> None:
    world = make_world()
    number = declare(world).number
    with pytest.raises(InvalidInput) as refused:
        actions.post_update(actor=world.actor("bo"), number=number, **values)
    assert list(refused.value.fields) == [field]


def test_a_draft_is_kept_picked_up_by_a_colleague_and_sent() -> None:
    world = make_world()
    number = declare(world).number
    batch = actions.save_draft(
        actor=world.actor("bo"),
        number=number,
        texts={"internal": "Half a sent", "public": ""},
        facts=actions.Facts(impact="Cards fail"),
    )
    again = actions.save_draft(
        actor=world.actor("bo"), number=number, texts={"internal": "Half a sentence"}, batch=batch
    )
    assert again == batch
    page = signed_in(world.ada).get(f"/incidents/{number}/update/?draft={batch}").content.decode()
    assert "Half a sentence" in page
    assert signed_in(world.ada).get(f"/incidents/{number}/update/?draft={uuid.uuid4()}").status_code == 404
    assert signed_in(world.ada).get(f"/incidents/{number}/update/?draft=x").status_code == 404
    rows = actions.post_updates(
        actor=world.actor("ada"), number=number, texts={"internal": "A sentence"}, batch=batch
    )
    assert [(row.state, row.author_label) for row in IncidentUpdate.objects.all()] == [("sent", "Ada")]
    assert rows[0].batch == batch
    with pytest.raises(NotVisible):
        actions.discard_draft(actor=world.actor("ada"), number=number, batch=batch)


def test_drafts_are_not_told_to_readers_of_the_api() -> None:
    world = make_world()
    number = declare(world).number
    actions.save_draft(actor=world.actor("bo"), number=number, texts={"public": "Secret draft"})
    url = f"/api/v1/incidents/{number}/updates/"
    assert [row["state"] for row in api_client(world.bo).get(url).json()["results"]] == ["draft"]
    assert api_client(world.sam).get(url).json()["results"] == []
    assert "Go on writing" in signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    assert "Secret draft" not in signed_in(world.sam).get(f"/incidents/{number}/").content.decode()


def test_no_change_in_one_tap() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        with pytest.raises(Conflict):
            actions.no_change(actor=bo, number=number, audience="public")
        actions.post_update(
            actor=bo, number=number, audience="public", text="Broken", next_update_in_minutes=25
        )
        clock.shift(24 * MINUTE)
        page = signed_in(world.bo).post(f"/incidents/{number}/no-change/", {"audience": "public"})
        assert page.status_code == 302
    row = IncidentUpdate.objects.get(no_change=True)
    assert row.text == "No change since 03:00 UTC. We are still working on it. Next update at 03:49 UTC."
    assert row.next_update_due_at == START + 49 * MINUTE


def test_no_change_follows_the_rhythm_of_the_severity() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        actions.set_severity(actor=bo, number=number, severity=1)
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=90)
        clock.shift(10 * MINUTE)
        row = actions.no_change(actor=bo, number=number, audience="internal")
    assert row.next_update_due_at == START + 40 * MINUTE


def test_words_for_support_leave_its_promise_alone() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False):
        actions.set_severity(actor=bo, number=number, severity=0)
        actions.post_update(actor=bo, number=number, audience="support", text="x", next_update_in_minutes=60)
        row = actions.set_support_words(
            actor=bo, number=number, say="We know", do_not_say="Hackers", workaround="Pay by invoice"
        )
    assert (row.text, row.say, row.do_not_say, row.workaround) == (
        "We know",
        "We know",
        "Hackers",
        "Pay by invoice",
    )
    assert UpdatePromise.objects.get(audience="support").due_at == START + 60 * MINUTE


def test_the_api_takes_facts_once_and_composes_what_is_empty() -> None:
    world = make_world()
    number = declare(world).number
    answer = api_client(world.bo).post(
        f"/api/v1/incidents/{number}/post-updates/",
        {
            "impact": "Cards fail",
            "doing": "Rolling back",
            "audiences": {"internal": "", "public": "Own words"},
            "next_update_in_minutes": 30,
        },
        format="json",
    )
    assert answer.status_code == 201
    found = {row["audience"]: row for row in answer.json()["results"]}
    assert "Cards fail" in found["internal"]["text"]
    assert "What we do: Rolling back" in found["internal"]["text"]
    assert "{{" not in found["internal"]["text"]
    assert found["public"]["text"] == "Own words"
    url = f"/api/v1/incidents/{number}/post-updates/"
    for body in (
        {},
        {"audiences": {}},
        {"audiences": {"cat": "x"}},
        {"audiences": {"public": "x"}, "odd": 1},
    ):
        assert api_client(world.bo).post(url, body, format="json").status_code == 400
    plain = api_client(world.bo).post(
        f"/api/v1/incidents/{number}/post-update/", {"audience": "support", "text": "Say so"}, format="json"
    )
    assert (plain.status_code, plain.json()["state"], plain.json()["text"]) == (201, "sent", "Say so")


def test_the_composer_works_in_two_steps_without_script() -> None:
    world = make_world()
    number = declare(world, impact="Cards fail").number
    browser = signed_in(world.bo)
    url = f"/incidents/{number}/update/"
    first = browser.get(url, {"audience": "public"})
    assert first.status_code == 200
    assert "Cards fail" in first.content.decode()
    asked = {"audiences": ["internal", "public"], "impact": "Cards fail badly", "doing": "Rolling back"}
    second = browser.post(url, {**asked, "op": "compose"})
    text = second.content.decode()
    assert second.status_code == 200
    assert "Cards fail badly" in text
    assert not IncidentUpdate.objects.exists()
    sent = browser.post(url, {**asked, "text_internal": "For us", "text_public": "For all", "op": "send"})
    assert (sent.status_code, sent["Location"]) == (302, f"/incidents/{number}/")
    assert set(IncidentUpdate.objects.values_list("audience", "text", "doing")) == {
        ("internal", "For us", "Rolling back"),
        ("public", "For all", "Rolling back"),
    }
    empty = browser.post(url, {"audiences": ["public"], "text_public": " ", "op": "send"})
    assert empty.status_code == 422
    assert "Write something." in empty.content.decode()
    assert browser.post(url, {"op": "send"}).status_code == 422


def test_an_edited_text_survives_when_the_facts_change() -> None:
    world = make_world()
    number = declare(world).number
    browser = signed_in(world.bo)
    posted = {
        "audiences": ["internal", "support"],
        "impact": "New impact",
        "text_internal": "My own words",
        "made_internal": "What was made",
        "text_support": "Untouched",
        "made_support": "Untouched",
        "op": "compose",
        "part": "texts",
    }
    text = browser.post(f"/incidents/{number}/update/", posted, HTTP_HX_REQUEST="true").content.decode()
    assert "My own words" in text
    assert "Untouched" not in text
    assert "New impact" in text


def test_only_those_who_may_write_reach_the_composer() -> None:
    world = make_world()
    number = declare(world).number
    found = {
        name: signed_in(getattr(world, name)).get(f"/incidents/{number}/update/").status_code
        for name in ("ada", "bo", "sam", "zoe", "root")
    }
    assert found == {"ada": 200, "bo": 200, "sam": 403, "zoe": 403, "root": 200}


def test_the_executive_card_is_made_of_facts() -> None:
    world = make_world()
    number = declare(world, impact="Cards fail").number
    actions.post_updates(
        actor=world.actor("bo"),
        number=number,
        texts={"executive": "x"},
        facts=actions.Facts(doing="Rolling back", needs="May we switch the processor?"),
    )
    text = signed_in(world.zoe).get(f"/incidents/{number}/executive/").content.decode()
    for words in ("Cards fail", "Rolling back", "May we switch the processor?"):
        assert words in text


def test_nobody_else_sees_the_executive_card() -> None:
    world = make_world("members")
    number = declare(world).number
    assert signed_in(world.zoe).get(f"/incidents/{number}/executive/").status_code == 404
    assert signed_in(world.bo).get(f"/incidents/{number}/executive/").status_code == 200
