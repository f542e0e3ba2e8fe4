"""The library: what is found, how it is shown and narrowed, and by whom."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from postmortems import actions, library
from postmortems.models import ActionItem, Postmortem
from postmortems.selectors import library as selectors
from tests.factories import api_client, make_team, signed_in
from tests.postmortems.papers import published, with_factor, with_whys
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
URL = "/postmortems/library/"


def titles(world: World, who: str = "bo", **values: str) -> list[str]:
    return [hit.postmortem.incident.title for hit in selectors.search(world.actor(who), values).hits]


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_words_are_found_stemmed_in_phrases_and_left_out() -> None:
    world = make_world()
    published(world, "Checkout down")
    published(world, "Mail late", texts={"summary": "Queue was full.", "lessons": "Größe der Warteschlange"})
    assert titles(world, q="certificates") == ["Checkout down"]
    assert titles(world, q='"certificate chain"') == ["Checkout down"]
    assert titles(world, q='"chain certificate"') == []
    assert (
        titles(world, q="certificate or queue", page="1")
        and len(titles(world, q="certificate or queue")) == 2
    )
    assert titles(world, q="queue -full") == []
    assert titles(world, q="Warteschlange") == ["Mail late"]
    assert titles(world) == ["Mail late", "Checkout down"]
    for odd in ("\0", '"', "'; --", "& | !", "(((", "<->", "a" * 5000, ":*"):
        titles(world, q=odd)


def test_a_title_weighs_more_than_a_lesson_and_factors_whys_and_items_are_words_too() -> None:
    world = make_world()
    aside = published(world, "Mail late", texts={"lessons": "The gateway was slow."})
    main = published(world, "Gateway down", texts={"summary": "Nothing answered."})
    assert titles(world, q="gateway") == [main.incident.title, aside.incident.title]
    with_factor(main, "Lapsed licence")
    with_whys(aside)
    ActionItem.objects.create(title="Rotate keys", postmortem=aside, incident=aside.incident, owner=world.bo)
    library.index(aside.pk)
    assert titles(world, q="lapsed") == ["Gateway down"]
    assert titles(world, q="untrusted or trusted") == ["Mail late"]
    assert titles(world, q="rotate") == ["Mail late"]


def test_a_snippet_marks_words_and_escapes_everything_else() -> None:
    world = make_world()
    text = "The <script>alert(1)</script> gateway & \ue000trick\ue001 <b>bold</b> timed out."
    published(world, texts={"summary": text})
    page = signed_in(world.bo).get(URL, {"q": "gateway"}).content.decode()
    assert "<mark>gateway</mark>" in page
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert page.count("<mark>") == page.count("</mark>")
    hostile = signed_in(world.bo).get(URL, {"q": '"><script>alert(2)</script>'}).content.decode()
    assert "<script>alert(2)" not in hostile
    assert selectors.marked("\ue001a\ue000b<\ue000c\ue001d\ue001") == "ab&lt;<mark>c</mark>d"


def test_only_what_is_published_and_only_to_those_who_see_it() -> None:
    world = make_world("members")
    published(world, "Checkout down")
    published(world, "A draft", status="draft")
    published(world, "Secret", visibility="restricted")
    assert titles(world) == titles(world, "ada") == ["Checkout down"]
    assert titles(world, "zoe") == []
    assert titles(world, "root") == ["Secret", "Checkout down"]
    assert b"Checkout down" not in signed_in(world.zoe).get(URL, {"q": "payments"}).content
    stranger = selectors.search(world.actor("zoe"), {})
    assert (stranger.total, stranger.facets) == (0, [])
    assert Client().get(URL).status_code == 302
    for who, count in (("bo", 1), ("zoe", 0), ("root", 2)):
        answer = api_client(getattr(world, who)).get("/api/v1/postmortems/library/", {"q": "payments"})
        assert (answer.status_code, answer.json()["total"]) == (200, count)
    assert api_client(None).get("/api/v1/postmortems/library/").status_code in (401, 403)


def test_facets_count_what_choosing_them_would_leave_and_keep_the_others() -> None:
    world = make_world()
    one = published(world, "Checkout down")
    two = published(world, "Mail late", severity=2)
    factor = with_factor(one)
    done = {"status": "done", "proof": "seen", "closed_at": clock.now()}
    ActionItem.objects.create(title="A", postmortem=one, incident=one.incident, owner=world.bo)
    ActionItem.objects.create(title="B", postmortem=two, incident=two.incident, owner=world.bo, **done)
    found = {
        each.name: each.choices for each in selectors.search(world.actor("bo"), {"severity": "1"}).facets
    }
    assert found["severity"] == [("1", "Sev 1", 1), ("2", "Sev 2", 1)]
    assert found["factor"] == [(str(factor.pk), factor.name, 1)]
    assert found["kind"] == [("drift", "Configuration error or drift", 1)]
    assert found["items"] == [("open", "Some open", 1)]
    assert found["year"][0][2] == 1
    assert found["team"] == [("checkout", "Checkout", 1)]
    year = str(clock.now().year)
    for values, left in (
        ({"severity": "2"}, ["Mail late"]),
        ({"factor": str(factor.pk)}, ["Checkout down"]),
        ({"kind": "drift"}, ["Checkout down"]),
        ({"items": "done"}, ["Mail late"]),
        ({"items": "open"}, ["Checkout down"]),
        ({"year": "1999"}, []),
        ({"team": "nobody"}, []),
        ({"service": world.service.slug, "year": year, "severity": "1"}, ["Checkout down"]),
    ):
        assert titles(world, **values) == left
    page = signed_in(world.bo).get(URL, {"q": "payments", "severity": "1"}).content.decode()
    assert "q=payments&amp;severity=1&amp;kind=drift" in page
    assert '<input type="hidden" name="severity" value="1">' in page


@pytest.mark.parametrize("name", [*selectors.FILTERS, "page", "q"])
def test_nothing_that_is_asked_fails(name: str) -> None:
    world = make_world()
    published(world)
    client = signed_in(world.bo)
    for bad in ("", "0", "-1", "99999999999999999999", "x\0y", "²", "٣", "<script>", "1e9", "None"):
        assert client.get(URL, {name: bad}).status_code == 200
        assert api_client(world.bo).get("/api/v1/postmortems/library/", {name: bad}).status_code == 200


def test_a_published_document_is_indexed_when_it_is_changed_and_when_it_was_forgotten() -> None:
    world = make_world()
    row = published(world)
    actions.edit_section(actor=world.actor("bo"), postmortem_id=row.pk, key="lessons", text="Zebra crossing")
    assert titles(world, q="zebra") == ["Checkout down"]
    Postmortem.objects.update(search=None)
    assert titles(world, q="zebra") == ["Checkout down"]
    Postmortem.objects.update(search=None)
    assert library.reindex_all() == 1
    assert Postmortem.objects.get().search
    draft = published(world, "A draft", status="draft")
    assert Postmortem.objects.get(pk=draft.pk).search is None


def test_a_huge_document_of_ever_new_words_is_indexed() -> None:
    world = make_world()
    for index, text in enumerate((" ".join(f"w{n}x" for n in range(14_000)), "漢" * 99_000, "é" * 99_000)):
        row = published(world, f"Big {index}", texts={"summary": text, "lessons": text, "process": text})
        assert Postmortem.objects.get(pk=row.pk).search is not None


def test_pages_are_bounded_and_a_list_costs_the_same_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    published(world)
    client = signed_in(world.bo)
    plain, asked = statements(client, URL), statements(client, f"{URL}?q=payments")
    other = make_service(make_team("Mail"), "mail")
    for index in range(2):
        row = published(world, f"Checkout down {index}", services=[other])
        with_factor(row)
    assert statements(client, URL) == plain
    assert statements(client, f"{URL}?q=payments") == asked <= 30
    monkeypatch.setattr(selectors, "SIZE", 2)
    assert len(titles(world, page="1")) == 2
    assert len(titles(world, page="2")) == 1
    assert titles(world, page="900") == titles(world, page="2")
    newest = Postmortem.objects.get(incident__title="Checkout down")
    Postmortem.objects.filter(pk=newest.pk).update(published_at=clock.now() + dt.timedelta(hours=1))
    assert titles(world)[0] == "Checkout down"
