"""Notes written without a connection come later: once, in order, with the time at which they were written."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from core.errors import InvalidInput
from incidents import actions
from incidents.models import Incident, TimelineEntry
from tests.factories import api_client, signed_in
from tests.incidents.support import START, at_once, declare
from tests.world import make_world

MINUTE = dt.timedelta(minutes=1)
JSON = {"Accept": "application/json"}


@pytest.mark.django_db
def test_a_note_sent_twice_is_stored_once() -> None:
    world = make_world()
    number = declare(world).number
    first = actions.add_note(actor=world.actor("bo"), number=number, text="In the tunnel", key="k-1")
    again = actions.add_note(actor=world.actor("bo"), number=number, text="In the tunnel", key="k-1")
    other = actions.add_note(actor=world.actor("ada"), number=number, text="Mine", key="k-1")
    elsewhere = actions.add_note(actor=world.actor("bo"), number=declare(world).number, text="x", key="k-1")
    assert (again.pk, again.seq) == (first.pk, first.seq)
    assert len({first.pk, other.pk, elsewhere.pk}) == 3
    assert Incident.objects.get(number=number).last_seq == 3


@pytest.mark.django_db
def test_by_api_and_by_page() -> None:
    world = make_world()
    number = declare(world).number
    api = api_client(world.bo)
    note = {"text": "x", "key": "abc-1", "happened_at": START.isoformat()}
    answers = [api.post(f"/api/v1/incidents/{number}/add-note/", note, format="json") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    browser = signed_in(world.bo)
    for _time in range(2):
        sent = browser.post(f"/incidents/{number}/compose/", {"text": "y", "key": "abc-2"}, headers=JSON)
        assert sent.status_code == 200
    assert TimelineEntry.objects.filter(kind="note").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 65, "a b", "a/../b", "<b>", "ключ"])
def test_keys_are_plain(key: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        actions.add_note(actor=world.actor("bo"), number=declare(world).number, text="x", key=key)
    assert list(refused.value.fields) == ["key"]


@pytest.mark.django_db
def test_it_keeps_its_time_and_counts_as_late() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(20 * MINUTE)
        browser = signed_in(world.bo)
        for minute, text in ((3, "First"), (9, "Second")):
            browser.post(
                f"/incidents/{number}/compose/",
                {"text": text, "key": f"k-{minute}", "happened_at": (START + minute * MINUTE).isoformat()},
                headers=JSON,
            )
        rows = TimelineEntry.objects.filter(kind="note").order_by("happened_at")
        assert [(row.text, row.happened_at - START, row.written_at - START) for row in rows] == [
            ("First", 3 * MINUTE, 20 * MINUTE),
            ("Second", 9 * MINUTE, 20 * MINUTE),
        ]
        assert browser.get(f"/incidents/{number}/").content.decode().count("added late") == 2


@pytest.mark.django_db
def test_a_phone_whose_clock_runs_ahead_loses_nothing() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        ahead = START + 30 * MINUTE
        note = actions.add_note(actor=world.actor("bo"), number=number, text="x", key="k", happened_at=ahead)
        assert note.happened_at == START
        with pytest.raises(InvalidInput):
            actions.add_note(actor=world.actor("bo"), number=number, text="x", happened_at=ahead)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"happened_at": dt.datetime(1, 1, 1, tzinfo=dt.UTC)}, "happened_at"),
        ({"happened_at": START, "happened_until": START - MINUTE}, "happened_until"),
        ({"happened_until": START + dt.timedelta(days=4000)}, "happened_until"),
        ({"evidence_link": "ftp://x"}, "evidence_link"),
        ({"evidence_link": "https://x.example/" + "y" * 500}, "evidence_link"),
        ({"text": " "}, "text"),
    ],
)
def test_what_is_refused(fields: dict[str, object], name: str) -> None:
    world = make_world()
    values = {"text": "x", **fields}
    with time_machine.travel(START + 10 * MINUTE, tick=False), pytest.raises(InvalidInput) as refused:
        actions.add_note(actor=world.actor("bo"), number=declare(world).number, **values)
    assert list(refused.value.fields) == [name]


@pytest.mark.django_db
def test_something_that_lasted() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(30 * MINUTE)
        api = api_client(world.bo)
        answer = api.post(
            f"/api/v1/incidents/{number}/add-note/",
            {
                "text": "Failover ran",
                "happened_at": (START + 5 * MINUTE).isoformat(),
                "happened_until": (START + 9 * MINUTE).isoformat(),
                "evidence_link": "https://graphs.example.com/1",
            },
            format="json",
        )
        assert answer.status_code == 201
        assert {key: answer.json()[key] for key in ("happened_until", "evidence_link")} == {
            "happened_until": "2026-11-20T03:09:00Z",
            "evidence_link": "https://graphs.example.com/1",
        }
        page = signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
        assert "https://graphs.example.com/1" in page


@pytest.mark.django_db(transaction=True)
def test_the_same_note_by_two_ways_at_once() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    found = at_once(
        [lambda: actions.add_note(actor=bo, number=number, text="x", key="same") for _time in range(8)]
    )
    assert len({entry.pk for entry in found}) == 1
    assert TimelineEntry.objects.filter(kind="note").count() == 1
