"""Slash commands: every command, every refusal, and that each is the action of that name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidInput, NotAllowed, NotVisible
from incidents import actions
from incidents.actions.commands import find_person
from incidents.commands import HELP, Command, is_command, parse
from incidents.models import Incident, TimelineEntry
from tests.factories import make_user, signed_in
from tests.incidents.support import declare
from tests.world import World, make_world

JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/sev 1", Command("sev", {"severity": 1})),
        ("/sev sev-0", Command("sev", {"severity": 0})),
        ("/severity 4", Command("sev", {"severity": 4})),
        ("/status monitoring", Command("status", {"status": "monitoring"})),
        ("/status mon", Command("status", {"status": "monitoring"})),
        ("/state in review", Command("status", {"status": "in_review"})),
        ("/role commander @bo", Command("role", {"role": "commander"}, "bo")),
        ("/role scr me", Command("role", {"role": "scribe"}, "me")),
        ("/task  Restart the pool ", Command("task", {"text": "Restart the pool"})),
        ("/cause The deploy", Command("cause", {"text": "The deploy"})),
        ("/decision Roll back", Command("decision", {"text": "Roll back"})),
        ("/page @bo Come quickly", Command("page", {"text": "Come quickly"}, "bo")),
        ("/page @bo", Command("page", {"text": ""}, "bo")),
        (
            "/update internal Still looking",
            Command("update", {"audience": "internal", "text": "Still looking"}),
        ),
        ("/impact Nobody can pay", Command("impact", {"text": "Nobody can pay"})),
        ("/resolve", Command("resolve")),
        ("/star", Command("star")),
        ("/help", Command("help")),
        ("  /NOTE two\nlines", Command("note", {"text": "two\nlines"})),
        ("/note\nunder it", Command("note", {"text": "under it"})),
    ],
)
def test_reading(text: str, expected: Command) -> None:
    assert is_command(text)
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/sev", "A severity is a whole number from 0 to 4: /sev 1"),
        ("/sev 5", "A severity is a whole number from 0 to 4: /sev 1"),
        ("/sev high", "A severity is a whole number from 0 to 4: /sev 1"),
        ("/status", "Which state? One of triage"),
        ("/status i", "Which state? One of triage"),
        ("/role boss @bo", "Which role? One of commander"),
        ("/role commander", "Say whom: @name"),
        ("/role", "Which role?"),
        ("/task", "Write the text behind /task."),
        ("/cause ", "Write the text behind /cause."),
        ("/decision", "Write the text behind /decision."),
        ("/note", "Write the text behind /note."),
        ("/impact", "Write the text behind /impact."),
        ("/page everybody", "Say whom: /page @name text"),
        ("/page @", "Say whom: @name"),
        ("/update", "For whom?"),
        ("/update everybody now", "For whom?"),
        ("/update internal", "Write the text behind the audience."),
        ("/resolve now", "/resolve stands alone."),
        ("/star 3", "/star stands alone."),
        ("/dance", "There is no command /dance. /help shows them all."),
        ("/" + "x" * 500, "There is no command /xxxx"),
    ],
)
def test_refusals_say_what_is_missing(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert list(refused.value.fields) == ["text"]
    assert refused.value.sentence.startswith(sentence)


@pytest.mark.parametrize(
    "text", ["", "/", "/ sev 1", "/var/log is full", "5/sev", "//sev", "see /sev", "/5 of 9"]
)
def test_what_is_no_command(text: str) -> None:
    assert not is_command(text)


def test_the_help_names_every_command() -> None:
    assert {line.name for line in HELP} == {
        parse(text).name
        for text in (
            *(
                "/sev 1",
                "/status triage",
                "/role scribe me",
                "/task x",
                "/cause x",
                "/decision x",
                "/page @x",
            ),
            *("/update public x", "/impact x", "/resolve", "/star", "/note x", "/help"),
        )
    }


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def last(number: int) -> TimelineEntry:
    entry = TimelineEntry.objects.filter(incident__number=number).order_by("-seq").first()
    assert entry is not None
    return entry


RUNS: dict[str, tuple[str, Callable[[Incident], Any], Any]] = {
    "/sev 1": ("severity", lambda row: row.severity_id, 1),
    "/status monitoring": ("state", lambda row: row.status, "monitoring"),
    "/role commander @bo": ("role", lambda row: row.commander.name, "Bo"),
    "/role scribe me": ("role", lambda row: row.role_rows.get(role="scribe").user.name, "Ada"),
    "/task Restart the pool": ("task", lambda row: row.tasks.get().title, "Restart the pool"),
    "/cause The deploy": ("hypothesis", lambda row: row.causes.get().text, "The deploy"),
    "/decision Roll back": ("decision", lambda row: last(row.number).text, "Roll back"),
    "/update internal Looking": ("update_sent", lambda row: row.updates.get().text, "Looking"),
    "/impact Nobody can pay": ("impact", lambda row: row.impact, "Nobody can pay"),
    "/note Seen": ("note", lambda row: last(row.number).text, "Seen"),
    "/star": ("declared", lambda row: last(row.number).starred, True),
}


@pytest.mark.parametrize("text", RUNS)
def test_what_each_does(world: World, text: str) -> None:
    kind, read, expected = RUNS[text]
    number = declare(world).number
    outcome = actions.run_command(actor=world.actor("ada"), number=number, text=text)
    assert outcome.sentence
    kinds = set(TimelineEntry.objects.filter(incident__number=number).values_list("kind", flat=True))
    assert kind in kinds
    assert read(Incident.objects.get()) == expected


def test_paging_somebody(world: World) -> None:
    number = declare(world).number
    actions.run_command(actor=world.actor("ada"), number=number, text="/page @bo Need you")
    assert Incident.objects.get().page_status == "paging"


def test_resolving_obeys_the_gate(world: World) -> None:
    number = declare(world).number
    before = Incident.objects.get().status
    answer = signed_in(world.bo).post(f"/incidents/{number}/compose/", {"text": "/resolve"}, headers=JSON)
    assert answer.status_code in (200, 409)
    assert (Incident.objects.get().status == "resolved") is (answer.status_code == 200)
    assert before == "investigating"


def test_people_are_found_by_the_beginning_of_a_name(world: World) -> None:
    ada = world.actor("ada")
    carol = make_user("Carol Meyer")
    make_user("Carl Meier")
    make_user("Carola Gone", is_active=False)
    assert find_person("carol", ada) == carol
    assert find_person("Carol_Meyer", ada) == carol
    assert find_person("meye", ada) == carol
    assert find_person("me", ada) == world.ada
    assert find_person(carol.email, ada) == carol
    for name, sentence in (
        ("car", "Which one? @Carl_Meier, @Carol_Meyer"),
        ("carola", "There is nobody whose name begins with “carola”."),
        ("%", "There is nobody whose name begins with “%”."),
    ):
        with pytest.raises(InvalidInput) as refused:
            find_person(name, ada)
        assert refused.value.sentence == sentence
    make_user("Ann Bee")
    make_user("Ann")
    assert find_person("ann", ada).name == "Ann"


@pytest.mark.parametrize("who", ["sam", "zoe"])
def test_a_command_needs_the_right_of_its_action(world: World, who: str) -> None:
    number = declare(world).number
    for text in ("/sev 1", "/cause x", "/decision x", "/star", "/role scribe me", "/impact x"):
        with pytest.raises(NotAllowed):
            actions.run_command(actor=world.actor(who), number=number, text=text)
    with pytest.raises(NotVisible):
        actions.run_command(actor=world.actor(who), number=number + 5, text="/sev 1")


def test_the_composer_without_script(world: World) -> None:
    number = declare(world).number
    browser = signed_in(world.bo)
    url = f"/incidents/{number}/compose/"
    done = browser.post(url, {"text": "/sev 2"})
    assert (done.status_code, done["Location"]) == (302, f"/incidents/{number}/#timeline")
    wrong = browser.post(url, {"text": "/sev <9>"})
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert "A severity is a whole number from 0 to 4: /sev 1" in html
    assert "/sev &lt;9&gt;</textarea>" in html
    helped = browser.post(url, {"text": "/help"})
    assert helped.status_code == 200
    assert "/role commander @name" in helped.content.decode()
    assert browser.get(url).status_code == 200


def test_the_composer_with_script(world: World) -> None:
    number = declare(world).number
    url = f"/incidents/{number}/compose/"
    bo, zoe = signed_in(world.bo), signed_in(world.zoe)
    found = {
        text: (answer.status_code, answer.json())
        for text in ("/star", "/sev 9", "A note", "", "/help")
        for answer in [bo.post(url, {"text": text}, headers=JSON)]
    }
    assert found == {
        "/star": (200, {"sentence": "Starred"}),
        "/sev 9": (422, {"detail": "A severity is a whole number from 0 to 4: /sev 1", "help": False}),
        "A note": (200, {"sentence": "Note added"}),
        "": (422, {"detail": "Write something.", "help": False}),
        "/help": (200, {"detail": "", "help": True}),
    }
    refused = zoe.post(url, {"text": "/sev 1"}, headers=JSON)
    assert (refused.status_code, refused.json()) == (403, {"detail": "You may not do that."})
    assert zoe.post("/incidents/999/compose/", {"text": "x"}, headers=JSON).status_code == 404
