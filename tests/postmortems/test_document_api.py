"""Documents over the API: partial updates as one, comments, versions, bad input."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postmortems import actions
from postmortems.models import Postmortem, SectionComment
from tests.factories import api_client
from tests.postmortems.test_documents import started
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_sections_by_text_or_with_version_and_state() -> None:
    world = make_world()
    document = started(world)
    api, url = api_client(world.bo), f"/api/v1/postmortems/{document.pk}/"
    answer = api.patch(url, {"sections": {"summary": "One", "links": {"state": "ready"}}}, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert {"id", "incident", "status", "due_at", "owner", "sections"} <= set(body)
    summary = body["sections"]["summary"]
    assert (summary["text"], summary["version"], summary["state"], summary["author"]) == (
        "One",
        2,
        "writing",
        world.bo.pk,
    )
    assert body["sections"]["links"]["state"] == "ready"
    ok = api.patch(url, {"sections": {"summary": {"text": "Two", "version": 2}}}, format="json")
    assert ok.json()["sections"]["summary"]["version"] == 3
    clash = api.patch(url, {"sections": {"summary": {"text": "Three", "version": 2}}}, format="json")
    assert clash.status_code == 409
    assert clash["Content-Type"].startswith("application/problem+json")
    found = clash.json()
    assert (found["code"], found["section"], found["version"]) == ("edited_meanwhile", "summary", 3)
    assert (found["base"], found["theirs"], found["mine"]) == ("One", "Two", "Three")


def test_all_of_it_or_nothing() -> None:
    world = make_world()
    document = started(world)
    api, url = api_client(world.bo), f"/api/v1/postmortems/{document.pk}/"
    actions.edit_section(actor=world.actor("ada"), postmortem_id=document.pk, key="links", text="Theirs")
    before = dict(document.sections.values_list("key", "version"))
    for body in (
        {"sections": {"summary": "One", "links": {"text": "Mine", "version": 1}}},
        {"sections": {"summary": "One"}, "status": "published"},
        {"sections": {"summary": {"text": "One", "author_hidden": True}, "impact": "Two"}},
    ):
        assert api.patch(url, body, format="json").status_code in (400, 409)
        assert dict(document.sections.values_list("key", "version")) == before


@pytest.mark.parametrize(
    "sections",
    [
        {"nothing": "x"},
        {"summary": 3},
        {"summary": None},
        {"summary": ["x"]},
        {"summary": {"state": "done"}},
        {"summary": {"version": 0, "text": "x"}},
        {"summary": {"version": 2**40, "text": "x"}},
        {"summary": {"words": "x"}},
        {"summary": "x" * 100_001},
        "x",
        ["summary"],
    ],
    ids=str,
)
def test_bad_sections_are_400(sections: Any) -> None:
    world = make_world()
    document = started(world)
    url = f"/api/v1/postmortems/{document.pk}/"
    assert api_client(world.bo).patch(url, {"sections": sections}, format="json").status_code == 400


def test_a_hidden_author_is_null() -> None:
    world = make_world()
    document = started(world)
    actions.edit_section(
        actor=world.actor("bo"), postmortem_id=document.pk, key="lessons", text="Hard", author_hidden=True
    )
    for name in ("ada", "root", "zoe"):
        api = api_client(getattr(world, name))
        body = api.get(f"/api/v1/postmortems/{document.pk}/").json()
        assert (body["sections"]["lessons"]["author"], body["sections"]["lessons"]["author_hidden"]) == (
            None,
            True,
        )
        rows = api.get(f"/api/v1/postmortems/{document.pk}/sections/lessons/revisions/").json()["results"]
        assert (rows[0]["version"], rows[0]["author"], rows[0]["text"]) == (2, None, "Hard")


def test_comments() -> None:
    world = make_world()
    document = started(world)
    url = f"/api/v1/postmortems/{document.pk}/comments/"
    sam, bo, zoe = api_client(world.sam), api_client(world.bo), api_client(world.zoe)
    made = sam.post(url, {"section": "summary", "text": "Is that so?", "quote": "full"}, format="json")
    assert (made.status_code, made.json()["author"], made.json()["section"]) == (201, world.sam.pk, "summary")
    for bad in (
        {},
        {"section": "x", "text": "y"},
        {"section": "summary", "text": ""},
        {"section": "summary", "text": "\x00"},
    ):
        assert sam.post(url, bad, format="json").status_code == 400
    one = f"{url}{made.json()['id']}/"
    assert zoe.patch(one, {"resolved": True}, format="json").status_code == 403
    assert zoe.delete(one).status_code == 403
    assert bo.patch(one, {"text": "Not mine"}, format="json").status_code == 403
    assert bo.patch(one, {"resolved": True}, format="json").json()["resolved_by"] == world.bo.pk
    assert sam.patch(one, {"text": "Late"}, format="json").status_code == 409
    assert sam.patch(one, {"resolved": False}, format="json").json()["resolved_at"] is None
    assert sam.patch(one, {"text": "Better"}, format="json").json()["text"] == "Better"
    assert [row["text"] for row in zoe.get(url).json()["results"]] == ["Better"]
    assert sam.delete(one).status_code == 204
    assert not SectionComment.objects.exists()
    assert bo.patch(f"{url}999999/", {"resolved": True}, format="json").status_code == 404
    assert bo.get(f"{url}?cursor=zz").status_code == 404


def test_whoever_may_not_see_it_gets_404() -> None:
    world = make_world("members")
    document = started(world)
    base = f"/api/v1/postmortems/{document.pk}/"
    for name in ("sam", "zoe"):
        api = api_client(getattr(world, name))
        for path in ("", "comments/", "sections/summary/revisions/"):
            assert api.get(base + path).status_code == 404
        assert (
            api.post(f"{base}comments/", {"section": "summary", "text": "x"}, format="json").status_code
            == 404
        )
    for name in ("ada", "bo", "root"):
        api = api_client(getattr(world, name))
        assert api.get(f"{base}sections/summary/revisions/").status_code == 200
        assert api.get(f"{base}sections/nothing/revisions/").status_code == 404


def test_the_number_of_statements_does_not_grow() -> None:
    world = make_world()
    document = started(world)
    api = api_client(world.bo)
    urls = [
        f"/api/v1/postmortems/{document.pk}/{path}" for path in ("comments/", "sections/summary/revisions/")
    ]

    def counted() -> list[int]:
        found = []
        for url in [*urls, "/api/v1/postmortems/"]:
            api.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert api.get(url).status_code == 200
            found.append(len(queries))
        return found

    def more(text: str) -> None:
        actor = world.actor("bo")
        actions.edit_section(actor=actor, postmortem_id=document.pk, key="summary", text=text)
        actions.add_comment(actor=actor, postmortem_id=document.pk, key="summary", text=text)

    more("one")
    few = counted()
    for text in ("two", "three", "four"):
        more(text)
    started(world)
    assert Postmortem.objects.count() == 2
    assert counted() == few
