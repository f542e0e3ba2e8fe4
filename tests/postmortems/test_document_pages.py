"""The pages of a document: reading, writing, comments, versions, pictures, the list; for each kind of person."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from incidents import actions as incident_actions
from postmortems import actions
from postmortems.choices import SectionKey
from postmortems.live import DocumentTopic
from postmortems.models import Postmortem, PostmortemImage, SectionComment
from tests.factories import signed_in
from tests.incidents.pictures import png
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HTMX: Any = {"HTTP_HX_REQUEST": "true"}


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def edit(world: World, document: Postmortem, key: str, text: str, who: str = "bo", **more: Any) -> None:
    actions.edit_section(actor=world.actor(who), postmortem_id=document.pk, key=key, text=text, **more)


def test_all_sections_are_there_and_each_can_be_opened() -> None:
    world = make_world()
    document = started(world)
    bo = signed_in(world.bo)
    page = bo.get(f"/postmortems/{document.pk}/").content.decode()
    for key in SectionKey.values:
        assert f'id="section-{key}"' in page
    assert page.count("<h1") == 1
    editor = bo.get(f"/postmortems/{document.pk}/?edit=summary").content.decode()
    assert 'id="text-summary"' in editor
    assert editor.count("<textarea") - editor.count('id="comment-') == 1
    part = bo.get(f"/postmortems/{document.pk}/sections/summary/?edit=1", **HTMX)
    assert b"<html" not in part.content
    assert b'id="text-summary"' in part.content
    assert bo.get(f"/postmortems/{document.pk}/sections/summary/?edit=1").status_code == 302
    assert bo.get(f"/postmortems/{document.pk}/sections/nothing/").status_code == 404
    assert (
        b"<textarea" not in bo.get(f"/postmortems/{document.pk}/?edit=nothing").content.split(b"comment")[0]
    )


def test_saving_with_and_without_a_script() -> None:
    world = make_world()
    document = started(world)
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/sections/summary/"
    assert bo.post(url, {"text": "*Words*", "version": 1, "state": "todo"}).status_code == 302
    assert document.sections.get(key="summary").state == "writing"
    part = bo.post(url, {"text": "**Words**", "version": 2, "state": "ready"}, **HTMX)
    assert b"<strong>Words</strong>" in part.content
    assert json.loads(part["HX-Trigger"])["wb:toast"]["tone"] == "ok"
    assert document.sections.get(key="summary").state == "ready"
    shown = bo.post(url, {"text": "They should have known", "version": 3, "op": "preview"})
    assert b"To think about once more" in shown.content
    assert document.sections.get(key="summary").version == 3
    for bad in (
        {"text": "x"},
        {"text": "x", "version": "y"},
        {"text": "x", "version": 0},
        {"text": "\0", "version": 3},
    ):
        assert bo.post(url, bad).status_code == 422
    assert bo.post(url, {"text": "x", "version": 3, "state": "done"}, **HTMX).status_code == 422


def test_a_clash_shows_both_texts_and_keeps_ones_own() -> None:
    world = make_world()
    document = started(world)
    edit(world, document, "summary", "first\n\nsecond")
    edit(world, document, "summary", "FIRST\n\nsecond", "ada")
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/sections/summary/"
    extra: Any
    for extra in ({}, HTMX):
        clash = bo.post(url, {"text": "erste <b>\n\nsecond", "version": 2}, **extra)
        page = clash.content.decode()
        assert clash.status_code == 409
        assert "erste &lt;b&gt;\n\nsecond</textarea>" in page
        assert "FIRST" in page
        assert "<ins>" in page
        assert "<del>" in page
        assert 'name="version" value="3"' in page
        assert "<b>\n" not in page
    merged = bo.post(url, {"text": "first\n\nsecond\n\nthird", "version": 2}, **HTMX)
    assert "together with" in merged["HX-Trigger"]
    assert document.sections.get(key="summary").text == "FIRST\n\nsecond\n\nthird"


def test_a_hidden_name_is_shown_nowhere() -> None:
    world = make_world()
    world.bo.name = "Quentin Quiet"
    world.bo.save()
    document = started(world)
    Postmortem.objects.update(owner=world.ada)
    edit(world, document, "perspectives", "Nobody listened", author_hidden=True)
    ada = signed_in(world.ada)
    for path in ("sections/perspectives/revisions/", "sections/perspectives/revisions/?from=1&to=2"):
        page = ada.get(f"/postmortems/{document.pk}/{path}").content.decode()
        assert "Author not shown" in page
        assert page.count("Quentin") <= 1  # whoever began the document
    part = ada.get(f"/postmortems/{document.pk}/sections/perspectives/", **HTMX).content.decode()
    assert "Quentin" not in part
    assert "name is not shown" in part
    signed_in(world.bo).post(f"/postmortems/{document.pk}/sections/perspectives/editing/")
    contents = ada.get(f"/postmortems/{document.pk}/contents/").content.decode()
    assert "Quentin" not in contents
    assert "Somebody is writing here" in contents


def test_who_writes_where_is_shown_until_they_leave() -> None:
    world = make_world()
    document = started(world)
    ada, bo = signed_in(world.ada), signed_in(world.bo)
    url = f"/postmortems/{document.pk}/sections/summary/editing/"
    assert bo.post(url).status_code == 200
    assert "Bo is writing here" in ada.get(f"/postmortems/{document.pk}/contents/").content.decode()
    assert "Bo is writing here" in ada.get(url).content.decode()
    assert "Bo is writing" not in bo.get(url).content.decode()
    assert signed_in(world.zoe).post(url).status_code == 200
    assert "Zoe" not in ada.get(url).content.decode()
    bo.post(url, {"done": "1"})
    assert "is writing" not in ada.get(url).content.decode()


def test_versions_are_compared_and_restored() -> None:
    world = make_world()
    document = started(world)
    edit(world, document, "summary", "The pool was full")
    edit(world, document, "summary", "The pool was <small>")
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/sections/summary/"
    page = bo.get(f"{url}revisions/").content.decode()
    assert "&lt;small&gt;" in page
    assert "<small>" not in page
    assert "[removed:" in page
    assert "[added:" in page
    for query in ("?from=1&to=3", "?from=99&to=98", "?from=x&to=-1", "?cursor=zz"):
        assert bo.get(f"{url}revisions/{query}").status_code == 200
    assert bo.post(f"{url}restore/", {"version": 2}).status_code == 302
    assert document.sections.get(key="summary").text == "The pool was full"
    assert bo.post(f"{url}restore/", {"version": "x"}).status_code == 404
    assert bo.post(f"{url}restore/", {"version": 77}).status_code == 422
    assert signed_in(world.zoe).post(f"{url}restore/", {"version": 1}).status_code == 403
    assert signed_in(world.zoe).get(f"{url}revisions/").status_code == 200


def test_comments_on_the_page() -> None:
    world = make_world()
    document = started(world)
    sam = signed_in(world.sam)
    url = f"/postmortems/{document.pk}/sections/summary/comments/"
    assert sam.post(url, {"text": "Customers <b>saw</b> it", "quote": "full"}).status_code == 302
    comment = SectionComment.objects.get()
    page = signed_in(world.bo).get(f"/postmortems/{document.pk}/").content.decode()
    assert "&lt;b&gt;saw" in page
    assert "1 comment, 1 open" in page
    where = f"/postmortems/{document.pk}/comments/{comment.pk}/"
    assert signed_in(world.zoe).post(where, {"op": "resolve"}).status_code == 403
    assert signed_in(world.zoe).post(where, {"op": "delete"}).status_code == 403
    part = signed_in(world.bo).post(where, {"op": "resolve"}, **HTMX)
    assert b"Resolved" in part.content
    assert sam.post(where, {"op": "reopen"}).status_code == 302
    assert sam.post(where, {"op": "edit", "text": "Better"}).status_code == 302
    assert sam.post(where, {"op": "dance"}).status_code == 422
    assert sam.post(url, {"text": ""}).status_code == 422
    assert sam.post(url, {"text": ""}, **HTMX).status_code == 422
    assert sam.post(where, {"op": "delete"}, **HTMX).status_code == 200
    assert sam.post(where, {"op": "resolve"}).status_code == 404
    assert sam.post(url.replace("summary", "nothing"), {"text": "x"}).status_code == 404


def picture(name: str = "graph.png", content: bytes | None = None) -> io.BytesIO:
    file = io.BytesIO(png() if content is None else content)
    file.name = name
    return file


def test_pictures_by_paste_by_form_and_only_of_this_document(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    world = make_world()
    document, other = started(world), started(world)
    bo = signed_in(world.bo)
    answer = bo.post(f"/postmortems/{document.pk}/images/", {"file": picture()})
    assert answer.status_code == 201
    assert answer.json()["markdown"] == f"![graph.png](image:{answer.json()['id']})"
    assert bo.post(f"/postmortems/{document.pk}/images/", {}).status_code == 422
    svg = bo.post(f"/postmortems/{document.pk}/images/", {"file": picture("a.svg", b"<svg/>")})
    assert (svg.status_code, "SVG" in svg.json()["sentence"]) == (422, True)
    zoe = signed_in(world.zoe)
    assert zoe.post(f"/postmortems/{document.pk}/images/", {"file": picture()}).status_code == 403
    url = f"/postmortems/{document.pk}/sections/summary/"
    shown = bo.post(
        url, {"text": "Look", "version": 1, "op": "image", "image": picture("b.png")}
    ).content.decode()
    assert "![b.png](image:" in shown
    assert bo.post(url, {"text": "Look", "version": 1, "op": "image"}).status_code == 422
    row = PostmortemImage.objects.order_by("pk").first()
    assert row is not None
    place = f"/postmortems/{document.pk}/images/{row.pk}/"
    served = zoe.get(place)
    assert (served.status_code, served["Content-Type"]) == (200, "image/png")
    assert "sandbox" in served["Content-Security-Policy"]
    assert zoe.get(place, headers={"If-None-Match": served["ETag"]}).status_code == 304
    assert zoe.get(f"/postmortems/{other.pk}/images/{row.pk}/").status_code == 404
    for where, seen in ((document, True), (other, False)):
        edit(world, where, "summary", f"![The graph](image:{row.pk})")
        page = zoe.get(f"/postmortems/{where.pk}/").content.decode()
        assert (f"/images/{row.pk}/" in page) is seen


def test_people_to_mention_are_those_who_may_see_it() -> None:
    world = make_world("members")
    document = started(world)
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/mentions/"
    names = {row["name"] for row in bo.get(url).json()["people"]}
    assert names == {"Ada", "Bo", "Root"}
    assert [row["name"] for row in bo.get(url, {"q": "ad"}).json()["people"]] == ["Ada"]
    assert bo.get(url, {"q": "%"}).json()["people"] == []
    assert bo.get(url, {"q": "\0"}).status_code == 200


@pytest.mark.parametrize("way", ["members", "restricted"])
def test_whoever_may_not_see_it_finds_nothing(way: str) -> None:
    world = make_world("members" if way == "members" else "organisation")
    document = started(world)
    if way == "restricted":
        number = document.incident.number
        incident_actions.set_visibility(
            actor=world.actor("ada"), number=number, visibility="restricted", reason="Quiet"
        )
    comment = actions.add_comment(actor=world.actor("bo"), postmortem_id=document.pk, key="summary", text="x")
    base = f"/postmortems/{document.pk}/"
    reads = ["", "contents/", "sections/summary/", "sections/summary/editing/", "sections/summary/revisions/"]
    reads += ["mentions/", "items/", "images/1/"]
    writes = [
        "sections/summary/",
        "sections/summary/state/",
        "sections/summary/editing/",
        "preview/",
        "images/",
    ]
    writes += [
        "sections/summary/restore/",
        "sections/summary/comments/",
        f"comments/{comment.pk}/",
        "naming/",
    ]
    writes += ["move/", "items/"]
    for name in ("sam", "zoe"):
        client = signed_in(getattr(world, name))
        for path in reads:
            assert client.get(base + path, **HTMX).status_code == 404, path
        for path in writes:
            assert client.post(base + path, {"text": "x", "version": 1, "named": "1"}).status_code == 404, (
                path
            )
        assert not DocumentTopic().may_listen(world.actor(name), str(document.pk))
        assert "Checkout down" not in client.get("/postmortems/").content.decode()
    for name in ("ada", "bo", "root"):
        assert DocumentTopic().may_listen(world.actor(name), str(document.pk))
        assert signed_in(getattr(world, name)).get(base).status_code == 200
    nobody = signed_in(None)
    assert all(nobody.get(base + path).status_code == 302 for path in reads)


def test_readers_read_and_do_not_write() -> None:
    world = make_world()
    document = started(world)
    base = f"/postmortems/{document.pk}/"
    for name in ("sam", "zoe"):
        client = signed_in(getattr(world, name))
        page = client.get(f"{base}?edit=summary").content.decode()
        assert 'id="text-summary"' not in page
        assert client.post(f"{base}sections/summary/", {"text": "x", "version": 1}).status_code == 403
        assert client.post(f"{base}sections/summary/", {"version": "bad"}).status_code == 403
        assert client.post(f"{base}sections/summary/state/", {"state": "ready"}).status_code == 403
        assert client.post(f"{base}preview/", {"text": "**x**"}).status_code == 200
    bo = signed_in(world.bo)
    assert bo.post(f"{base}sections/summary/state/", {"state": "ready"}).status_code == 302
    assert bo.post(f"{base}sections/summary/state/", {"state": "x"}).status_code == 422
    assert bo.post(f"{base}preview/", {"text": "x" * 100_001}).status_code == 422


def test_being_named_is_ones_own_choice() -> None:
    world = make_world()
    document = started(world)
    signed_in(world.zoe).post(f"/postmortems/{document.pk}/naming/", {"named": "1"})
    assert list(document.named.all()) == [world.zoe]
    signed_in(world.zoe).post(f"/postmortems/{document.pk}/naming/")
    assert not document.named.exists()


def test_the_list_and_its_filters() -> None:
    world = make_world()
    late, early = started(world), started(world)
    past, ahead = clock.now() - dt.timedelta(days=1), clock.now() + dt.timedelta(days=3)
    Postmortem.objects.filter(pk=late.pk).update(due_at=ahead, review_due_at=past, owner=world.ada)
    Postmortem.objects.filter(pk=early.pk).update(due_at=ahead, review_due_at=ahead, owner=world.bo)
    ada = signed_in(world.ada)

    def found(query: str) -> set[int]:
        return {row.pk for row in ada.get(f"/postmortems/{query}").context["page"].rows}

    assert found("") == {late.pk, early.pk}
    assert found("?late=1") == {late.pk}
    assert found("?owner=me") == {late.pk}
    assert found("?team=checkout") == {late.pk, early.pk}
    assert found("?team=nothing&status=nothing") == set()
    assert found("?status=published") == set()
    assert found("?cursor=b0") == set()
    assert "late, due" in ada.get("/postmortems/").content.decode()
    assert "Nothing fits" in ada.get("/postmortems/?status=closed").content.decode()


def test_the_number_of_statements_does_not_grow() -> None:
    world = make_world()
    document = started(world)
    bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/"

    def more(count: int) -> None:
        for key in SectionKey.values[:count]:
            edit(world, document, key, f"@Ada saw {key} {count}")
            for name in ("ada", "bo"):
                actor = world.actor(name)
                actions.add_comment(actor=actor, postmortem_id=document.pk, key=key, text="@Zoe, look")
            actions.create_item(
                actor=world.actor("bo"),
                title=f"Do {key}",
                owner_id=world.bo.pk,
                due_on=dt.date(2027, 1, 1),
                postmortem_id=document.pk,
            )

    more(1)
    few = statements(bo, url), statements(bo, f"{url}contents/"), statements(bo, "/postmortems/")
    more(5)
    started(world)
    assert (statements(bo, url), statements(bo, f"{url}contents/"), statements(bo, "/postmortems/")) == few
