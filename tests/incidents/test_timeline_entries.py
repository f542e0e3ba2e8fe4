"""Single rows: decisions, notes with a time given by the address, former texts, and who gets to change them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from core.errors import Conflict
from incidents import actions
from incidents.live import entry_message
from incidents.models import Incident, TimelineEntry
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
DECISION = {
    "question": "Back or forward?",
    "choice": "Roll <b>back</b>",
    "who": "Commander",
    "why": "Faster",
    "alternatives": ["Forward", "Fail over"],
}


@pytest.fixture
def world() -> World:
    return make_world()


def html_of(world: World, number: int, who: str = "bo", path: str = "") -> str:
    text: str = signed_in(getattr(world, who)).get(f"/incidents/{number}/{path}").content.decode()
    return text


def test_a_decision_with_its_parts(world: World) -> None:
    number = declare(world).number
    answer = api_client(world.bo).post(f"/api/v1/incidents/{number}/add-decision/", DECISION, format="json")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["kind"], body["text"]) == ("decision", "Roll <b>back</b>")
    assert body["data"] == {name: value for name, value in DECISION.items() if name != "choice"}
    html = html_of(world, number)
    assert "Roll &lt;b&gt;back&lt;/b&gt;" in html
    assert "<dt>Question</dt><dd>Back or forward?</dd>" in html
    assert "<dt>Not taken</dt><dd>Forward; Fail over</dd>" in html
    assert re.findall(r'id="entry-(\d+)"', html_of(world, number, path="?tl=decisions")) == [str(body["seq"])]


def test_the_decision_dialog(world: World) -> None:
    number = declare(world).number
    browser = signed_in(world.bo)
    form = {**DECISION, "alternatives": "Forward\n\nFail over\n"}
    assert browser.post(f"/incidents/{number}/decision/", form).status_code == 302
    entry = TimelineEntry.objects.get(kind="decision")
    assert entry.data["alternatives"] == ["Forward", "Fail over"]
    empty = browser.post(f"/incidents/{number}/decision/", form | {"choice": " "})
    assert empty.status_code == 422
    many = browser.post(f"/incidents/{number}/decision/", form | {"alternatives": "\n".join("abcdefghijk")})
    assert many.status_code == 422


def test_plus_opens_a_note_at_that_time(world: World) -> None:
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(3600)
        world.bo.time_zone = "Asia/Kolkata"
        world.bo.save()
        address = re.search(r'class="tl-add" href="([^"]+)"', html_of(world, number))
        assert address is not None
        form = signed_in(world.bo).get(address[1]).content.decode()
        assert 'value="2026-11-20T08:30"' in form
        sent = signed_in(world.bo).post(
            f"/incidents/{number}/note/", {"text": "Then", "happened_at": "2026-11-20T08:30"}
        )
        assert sent.status_code == 302
        assert TimelineEntry.objects.get(kind="note").happened_at == START
        late = signed_in(world.bo).post(
            f"/incidents/{number}/note/", {"text": "x", "happened_at": "2026-11-20T20:00"}
        )
        assert late.status_code == 422
        assert "That is in the future." in late.content.decode()


def test_former_texts_with_who_and_what(world: World) -> None:
    number = declare(world).number
    bo, ada = world.actor("bo"), world.actor("ada")
    note = actions.add_note(actor=bo, number=number, text="Pool <full>")
    actions.edit_entry(actor=bo, number=number, seq=note.seq, text="Pool nearly <full>")
    actions.edit_entry(actor=ada, number=number, seq=note.seq, text="Pool nearly <full>, rising")
    html = html_of(world, number, path=f"timeline/{note.seq}/revisions/")
    assert html.index("Ada") < html.index("Pool &lt;full&gt;")
    assert re.search("<ins> ?nearly ?</ins>", html)
    assert "<ins>, rising</ins>" in html
    assert "<full>" not in html
    assert f"timeline/{note.seq}/revisions/" in html_of(world, number)
    assert "never been changed" in html_of(world, number, path="timeline/1/revisions/")
    actions.redact_entry(actor=ada, number=number, seq=note.seq)
    assert "nearly" not in html_of(world, number, path=f"timeline/{note.seq}/revisions/")
    assert signed_in(world.bo).get(f"/incidents/{number}/timeline/99/revisions/").status_code == 404


def test_links_to_change_are_for_the_author_and_managers(world: World) -> None:
    number = declare(world).number
    note = actions.add_note(actor=world.actor("bo"), number=number, text="Mine")
    link = re.compile(rf'<a class="tl-link" href="/incidents/{number}/timeline/{note.seq}/edit/"[^>]*>')

    def shown(html: str) -> bool:
        found = link.search(html)
        assert found is not None
        return " hidden" not in found[0]

    assert {who: shown(html_of(world, number, who)) for who in ("ada", "bo", "sam", "root", "zoe")} == {
        "ada": True,
        "bo": True,
        "sam": False,
        "root": True,
        "zoe": False,
    }
    pushed = entry_message(TimelineEntry.objects.select_related("incident__team", "author").get(pk=note.pk))
    assert not shown(pushed.html)
    assert f'data-author="{world.bo.pk}"' in pushed.html
    refused = signed_in(world.sam).post(f"/incidents/{number}/timeline/{note.seq}/edit/", {"text": "x"})
    assert refused.status_code == 403
    assert "Only its author or a manager" in html_of(world, number, "sam", f"timeline/{note.seq}/edit/")


def test_what_the_product_wrote_stays(world: World) -> None:
    number = declare(world).number
    for act in (
        lambda: actions.edit_entry(actor=world.actor("root"), number=number, seq=1, text="x"),
        lambda: actions.redact_entry(actor=world.actor("root"), number=number, seq=1),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "not_editable"


@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe"])
def test_rows_of_a_members_only_team(who: str) -> None:
    world = make_world("members")
    number = declare(world).number
    note = actions.add_note(actor=world.actor("bo"), number=number, text="x")
    browser = signed_in(getattr(world, who))
    base = f"/incidents/{number}/timeline/"
    codes = {path: browser.get(f"{base}{path}").status_code for path in ("", f"{note.seq}/revisions/")}
    assert set(codes.values()) == {200 if who in ("ada", "bo") else 404}
    assert browser.post(f"{base}{note.seq}/star/").status_code == (302 if who in ("ada", "bo") else 404)


def test_the_api_keeps_its_order_by_seq(world: World) -> None:
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(600)
        for minutes in (5, 2, 9):
            actions.add_note(
                actor=world.actor("bo"),
                number=number,
                text=f"{minutes}",
                happened_at=START.replace(minute=minutes),
            )
    found: Any = api_client(world.bo).get(f"/api/v1/incidents/{number}/timeline/?after=1").json()["results"]
    assert [(row["seq"], row["text"]) for row in found] == [(2, "5"), (3, "2"), (4, "9")]
    assert Incident.objects.get().last_seq == 4
