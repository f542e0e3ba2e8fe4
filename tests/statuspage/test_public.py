"""What the public is served: the v2 shape, feeds, caching, and nothing of what is inside."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import feedparser
import orjson
import pytest
from django.db import OperationalError

from incidents.models import Incident
from statuspage import actions
from statuspage.models import StatusPage
from statuspage.serving import StatusWSGI, Store, mounts
from statuspage.serving import store as live_store
from tests.factories import api_client, signed_in
from tests.incidents.support import declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def serve(settings: Any, tmp_path: Path) -> Store:
    """The store of this process on a folder of its own; `refresh()` stands for its thread."""
    settings.DATA_DIR = tmp_path
    found = live_store()
    found.ready.set()
    found._thread = None
    return found


def make_page(world: World, slug: str = "shop") -> StatusPage:
    page = actions.create_page(actor=world.actor("ada"), name="Shop", slug=slug, team_id=world.team.pk)
    actions.add_component(actor=world.actor("ada"), page_id=page.pk, name="Website")
    return page


def notice(world: World, page: StatusPage, **fields: Any) -> Any:
    fields.setdefault("component_ids", [page.components.get().pk])
    fields.setdefault("body", "We look into it.")
    fields.setdefault("title", "Orders fail")
    return actions.create_notice(actor=world.actor("bo"), page_id=page.pk, **fields)


def read(path: str, etag: str = "", encoding: str = "") -> tuple[int, dict[str, str], bytes]:
    status, headers, body = mounts.answer("GET", path, etag, encoding)
    return status, dict(headers), body


def document(path: str) -> Any:
    status, headers, body = read(f"/status/shop/api/v2/{path}")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    return orjson.loads(body)


def test_the_v2_documents(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    serve.refresh()
    assert document("status.json")["status"] == {
        "indicator": "none",
        "description": "All Systems Operational",
    }
    told = notice(world, page, impact="major", component_status="major_outage")
    serve.refresh()
    assert set(document("summary.json")) == {
        "page",
        "components",
        "incidents",
        "scheduled_maintenances",
        "status",
    }
    assert document("status.json")["status"]["indicator"] == "critical"
    assert document("components.json")["components"][0]["status"] == "major_outage"
    (incident,) = document("incidents/unresolved.json")["incidents"]
    assert (incident["id"], incident["name"], incident["impact"], incident["status"]) == (
        told.public_id,
        "Orders fail",
        "major",
        "investigating",
    )
    assert [row["body"] for row in incident["incident_updates"]] == ["We look into it."]
    assert document("status.json")["page"]["id"] == page.public_id

    actions.update_notice(
        actor=world.actor("bo"),
        notice_id=told.pk,
        body="Fixed.",
        status="resolved",
        component_status="operational",
    )
    serve.refresh()
    assert document("incidents/unresolved.json")["incidents"] == []
    (incident,) = document("incidents.json")["incidents"]
    assert [row["status"] for row in incident["incident_updates"]] == ["resolved", "investigating"]
    assert incident["resolved_at"].endswith("Z")
    for name in ("", "/upcoming", "/active"):
        assert document(f"scheduled-maintenances{name}.json")["scheduled_maintenances"] == []


def test_caching_and_what_a_public_answer_carries(serve: Store, django_assert_num_queries: Any) -> None:
    world = make_world()
    page = make_page(world)
    serve.refresh()
    with django_assert_num_queries(0):
        status, headers, body = read("/status/shop/")
        again, _headers, empty = read("/status/shop/", headers["ETag"])
        weak, _headers, _body = read("/status/shop/", f'"other", W/{headers["ETag"]}')
        packed = read("/status/shop/api/v2/summary.json", "", "gzip, br")
        missing, moved = read("/status/none/")[0], read("/status/shop")
        refused = mounts.answer("POST", "/status/shop/", "", "")[0]
        outside = read("/status/shop/../../etc/passwd")[0]
    assert (status, again, empty, weak) == (200, 304, b"", 304)
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"].startswith("public")
    assert b"Website" in body
    assert packed[1]["Content-Encoding"] == "gzip"
    assert (missing, refused, outside) == (404, 405, 404)
    assert (moved[0], moved[1]["Location"]) == (301, "/status/shop/")

    notice(world, page)
    serve.refresh()
    assert read("/status/shop/", headers["ETag"])[0] == 200


def test_the_mounted_app_sets_no_cookie(serve: Store, django_assert_num_queries: Any) -> None:
    make_page(make_world())
    serve.refresh()
    serve.wait_ready = lambda: None  # type: ignore[method-assign]
    seen: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/status/shop/api/v2/status.json",
        "HTTP_COOKIE": "sessionid=whatever",
        "wsgi.input": io.BytesIO(),
    }
    with django_assert_num_queries(0):
        body = b"".join(StatusWSGI(lambda e, s: [b"django"])(environ, lambda *given: seen.append(given)))
    assert orjson.loads(body)["page"]["name"] == "Shop"
    assert [name for name, _value in seen[0][1] if name.lower() == "set-cookie"] == []


def test_the_mirror_serves_while_the_database_is_away(
    serve: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_page(make_world())
    serve.refresh()
    fresh = Store(serve.folder)

    def away() -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(fresh, "refresh", away)
    monkeypatch.setattr(sys.modules[Store.__module__], "close_old_connections", lambda: None)
    fresh.load_mirror()
    fresh._safely()
    assert fresh.get("shop", "index.html") == serve.get("shop", "index.html") is not None
    (serve.folder / "broken.json").write_text("{")
    Store(serve.folder).load_mirror()


def test_a_page_that_is_gone_is_served_no_more(serve: Store) -> None:
    make_page(make_world())
    serve.refresh()
    StatusPage.objects.all().delete()
    serve.refresh()
    assert read("/status/shop/")[0] == 404
    assert list(serve.folder.glob("*.json")) == []


def test_nothing_of_an_incident_leaves(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    incident = declare(world, title="Card data in the logs", impact="Secret impact")
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    told = actions.create_notice(
        actor=world.actor("root"),
        page_id=page.pk,
        title="Slow pages",
        body="Soon.",
        incident_number=incident.number,
    )
    serve.refresh()
    files = serve.pages["shop"][1]
    text = b"\n".join(file.body for file in files.values())
    for secret in (
        b"Card data",
        b"Secret impact",
        f"#{incident.number}".encode(),
        b"Checkout",
        b"/incidents/1/",
    ):
        assert secret not in text.replace(f"incidents/{told.public_id}".encode(), b""), secret
    assert b"Slow pages" in text


def test_feeds_are_read_by_a_feed_reader_and_hostile_text_stays_text(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    notice(world, page, title=f"Down & {EVIL}", body=EVIL)
    notice(world, page, title="Second")
    serve.refresh()
    for name in ("history.atom", "history.rss"):
        found = feedparser.parse(read(f"/status/shop/{name}")[2])
        assert not found.bozo, found.get("bozo_exception")
        assert [entry.link.rpartition("/status/")[2][:15] for entry in found.entries] == [
            "shop/incidents/"
        ] * 2
        assert found.entries[0].title == "Second"
    html = read("/status/shop/")[2].decode()
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    badge = read("/status/shop/badge.svg")
    assert badge[1]["Content-Type"] == "image/svg+xml"


def test_planned_work_needs_its_window(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    url = "/api/v1/status-pages/shop/notices/"
    body = {"title": "Upgrade", "body": "At night", "kind": "maintenance"}
    refused = api_client(world.bo).post(url, body, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"scheduled_for"})
    window = {"scheduled_for": "2026-12-01T01:00:00Z", "scheduled_until": "2026-12-01T02:00:00Z"}
    assert api_client(world.bo).post(url, body | window, format="json").status_code == 201
    serve.refresh()
    (row,) = document("scheduled-maintenances/upcoming.json")["scheduled_maintenances"]
    assert (row["scheduled_for"], row["impact"]) == ("2026-12-01T01:00:00.000Z", "maintenance")
    assert page.notices.count() == 1


@pytest.mark.parametrize(
    ("visibility", "codes"),
    [
        ("organisation", {"ada": (200, 302), "bo": (200, 302), "sam": (200, 403), "zoe": (200, 403)}),
        ("members", {"ada": (200, 302), "bo": (200, 302), "sam": (404, 404), "zoe": (404, 404)}),
    ],
)
def test_who_manages_a_page(serve: Store, visibility: str, codes: dict[str, tuple[int, int]]) -> None:
    world = make_world(visibility)
    make_page(world)
    given = {"kind": "incident", "title": "Slow", "body": "Soon", "impact": "minor"}
    found = {}
    for name in codes:
        browser = signed_in(getattr(world, name))
        found[name] = (
            browser.get("/statuspages/shop/").status_code,
            browser.post("/statuspages/shop/notices/", given).status_code,
        )
    assert found == codes
    assert signed_in(None).get("/statuspages/shop/").status_code == 302
    listed = api_client(world.zoe).get("/api/v1/status-pages/").json()["results"]
    assert len(listed) == (1 if visibility == "organisation" else 0)
    assert (
        api_client(world.zoe).post("/api/v1/status-pages/", {"name": "Mine"}, format="json").status_code
        == 403
    )
