"""What the public is served: caching, encodings, the mirror, and nothing of what is inside."""

from __future__ import annotations

import datetime as dt
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import feedparser
import orjson
import pytest
from django.db import OperationalError
from django.db.models import F
from icalendar import Calendar

from incidents.models import Incident
from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.building import publish_due
from statuspage.building.publish import KEPT_VERSIONS
from statuspage.models import StatusBlob, StatusPage, StatusSnapshot
from statuspage.serving import StatusWSGI, Store, mirror
from statuspage.serving.answers import Onward, answer
from tests.incidents.support import declare
from tests.statuspage.support import document, make_page, part, read, say, tell
from tests.world import make_world

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>"


def text_of(served: Store, path: str) -> str:
    found = served.get("shop", path)
    assert found is not None
    return found.body.decode()


def test_what_a_public_answer_carries(serve: Store, django_assert_num_queries: Any) -> None:
    world = make_world()
    page = make_page(world)
    serve.refresh()
    with django_assert_num_queries(0):
        status, headers, body = read("/status/shop/")
        again, same, empty = read("/status/shop/", tag=headers["etag"])
        weak = read("/status/shop/", tag=f'"other", W/{headers["etag"]}')[0]
        packed = read("/status/shop/api/v2/summary.json", encoding="gzip, br")
        zipped = read("/status/shop/", encoding="gzip")
        moved = read("/status/shop")
        folder = read("/status/shop/history")
        codes = [
            read(path)[0] for path in ("/status/none/", "/status/shop/../../etc/passwd", "/status/shop/x")
        ]
        refused = read("/status/shop/", method="PUT")[0]
        asked = read("/status/shop/api/v2/status.json", method="OPTIONS")
        head = read("/status/shop/", method="HEAD")
    assert (status, again, empty, weak, refused, asked[0]) == (200, 304, b"", 304, 405, 204)
    assert codes == [404, 404, 404]
    assert (head[0], head[2], head[1]["content-length"]) == (200, b"", str(len(body)))
    assert (moved[0], moved[1]["location"]) == (301, "/status/shop/")
    assert (folder[0], folder[1]["location"]) == (301, "/status/shop/history/")
    assert headers["cache-control"] == (
        "public, max-age=10, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"
    )
    assert (headers["vary"], headers["access-control-allow-origin"]) == ("Accept-Encoding", "*")
    assert same["etag"] == headers["etag"]
    assert "set-cookie" not in headers
    assert b"Website" in body
    assert packed[1]["content-encoding"] == "br"
    assert orjson.loads(brotli.decompress(packed[2]))["page"]["name"] == "Shop"
    assert zipped[1]["etag"] != headers["etag"]
    assert asked[1]["access-control-allow-origin"] == "*"

    tell(world, page)
    serve.refresh()
    assert read("/status/shop/", tag=headers["etag"])[0] == 200


def test_an_error_is_not_kept_by_anybody(serve: Store) -> None:
    make_page(make_world())
    serve.refresh()
    status, headers, body = read("/status/shop/incidents/zzzzzzzzzzzz/")
    assert (status, headers["cache-control"]) == (404, "no-store")
    assert b"There is nothing here" in body


def test_the_mounted_app_sets_no_cookie_and_asks_no_database(
    serve: Store, django_assert_num_queries: Any
) -> None:
    make_page(make_world())
    serve.refresh()
    serve.wait_ready = lambda: None  # type: ignore[method-assign] # the thread belongs to a running server
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


def test_a_domain_of_its_own_shows_the_page_at_its_root(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    actions.set_page(
        actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(domain="Status.Example.com")
    )
    serve.refresh()
    assert read("/", host="status.example.com")[2] == read("/status/shop/")[2]
    assert read("/api/v2/status.json", host="status.example.com")[0] == 200
    assert read("/incidents/", host="status.example.com")[0] == 404
    assert answer("GET", "/", "other.example.com", b"", b"") is None
    assert answer("GET", "/subscribe/", "status.example.com", b"", b"") == Onward("/status/shop/subscribe/")
    assert document("status.json")["page"]["url"] == "https://status.example.com"


def test_the_mirror_serves_while_the_database_is_away(serve: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    page = make_page(world)
    make_page(world, "second")
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(domain="s.example.com"))
    serve.refresh()
    fresh = Store(serve.folder)

    def away() -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(fresh, "refresh", away)
    monkeypatch.setattr(sys.modules[Store.__module__], "close_old_connections", lambda: None)
    fresh.load_mirror()
    fresh._safely()
    assert fresh.get("shop", "index.html") == serve.get("shop", "index.html") is not None
    assert set(fresh.pages["shop"].files) == set(serve.pages["shop"].files)
    assert fresh.hosts == {"s.example.com": "shop"}
    # What cannot be read takes nothing else with it.
    (serve.folder / "pages" / "second" / "current").unlink()
    broken = Store(serve.folder)
    broken.load_mirror()
    assert set(broken.pages) == {"shop"}
    (serve.folder / mirror.HOSTS).write_text("{")
    Store(serve.folder).load_mirror()


def test_a_program_that_missed_the_last_look_catches_up_from_its_neighbour(
    serve: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    page = make_page(world)
    late = Store(serve.folder)
    late.refresh()
    tell(world, page, title="Written just before")
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=PageSettings(domain="s.example.com"))
    make_page(world, "second")
    serve.refresh()

    def away() -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(late, "refresh", away)
        patch.setattr(sys.modules[Store.__module__], "close_old_connections", lambda: None)
        late._safely()
        assert "Written just before" in text_of(late, "index.html")
        assert (late.hosts, set(late.pages)) == ({"s.example.com": "shop"}, {"shop", "second"})
        # The disk may hold less than this program does; it is read once, and takes nothing away.
        held = late.pages["shop"]
        late.pages["shop"] = replace(held, page=replace(held.page, version=held.page.version + 1))
        newer = late.pages["shop"]
        (serve.folder / mirror.HOSTS).touch()
        late._safely()
        assert late.pages["shop"] is newer
        patch.setattr(mirror, "read", away)
        late._safely()
    late.refresh()
    assert late.pages["shop"].page == replace(held.page, files=late.pages["shop"].page.files)


def test_the_same_number_with_other_content_is_taken_over(serve: Store) -> None:
    """A fail-over that lost the last commit gives its number again, to what came after."""
    world = make_world()
    page = make_page(world)
    before = StatusPage.objects.values("version", "digest").get(pk=page.pk)
    tell(world, page, title="Lost with the old primary")
    serve.refresh()
    assert "Lost with" in text_of(serve, "index.html")
    StatusSnapshot.objects.filter(page=page, version__gt=before["version"]).delete()
    StatusPage.objects.filter(pk=page.pk).update(**before)
    tell(world, page, title="Written after the fail-over")
    assert StatusPage.objects.get(pk=page.pk).version == serve.pages["shop"].page.version
    serve.refresh()
    assert "Written after" in text_of(serve, "index.html")
    again = Store(serve.folder)
    again.load_mirror()
    assert "Written after" in text_of(again, "index.html")


def test_a_page_that_is_gone_is_served_no_more(serve: Store) -> None:
    make_page(make_world())
    serve.refresh()
    StatusPage.objects.all().delete()
    serve.refresh()
    assert read("/status/shop/")[0] == 404
    assert not (serve.folder / "pages" / "shop").exists()


def test_the_folder_is_a_whole_site_for_any_web_server(serve: Store, tmp_path: Path) -> None:
    world = make_world()
    page = make_page(world)
    told = tell(world, page)
    serve.refresh()
    home = serve.folder / "pages" / "shop" / "current"
    files = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    wanted = set(serve.pages["shop"].files)
    assert files == wanted | {f"{path}.gz" for path in wanted} | {f"{path}.br" for path in wanted}
    assert f"incidents/{told.public_id}/index.html" in files
    before = (home / "robots.txt").stat().st_ino
    say(world, told, status="resolved")
    serve.refresh()
    assert (home / "robots.txt").stat().st_ino == before
    assert b"Resolved" in (home / f"incidents/{told.public_id}/index.html").read_bytes()

    target = tmp_path / "out"
    (target / "old").mkdir(parents=True)
    (target / "old" / "gone.html").write_text("x")
    mirror.export(serve.pages["shop"].page.files, target)
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert found == files


def test_versions_are_kept_and_let_go(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    told = tell(world, page)
    for number in range(KEPT_VERSIONS + 2):
        say(world, told, f"Word {number}.")
    page.refresh_from_db()
    rows = StatusSnapshot.objects.filter(page=page)
    assert rows.count() == page.version
    assert rows.filter(files__isnull=False).count() == KEPT_VERSIONS
    kept = {
        d for files in rows.exclude(files=None).values_list("files", flat=True) for d, _key in files.values()
    }
    assert set(StatusBlob.objects.filter(page=page).values_list("digest", flat=True)) == kept
    newest, older = rows.order_by("-version")[:2]
    same = {path for path in newest.files if newest.files[path] == older.files.get(path)}
    assert "404.html" in same
    assert "index.html" not in same


def test_a_page_made_by_another_program_is_made_anew() -> None:
    page = make_page(make_world())
    assert publish_due() == 0
    StatusPage.objects.update(built_with="older")
    assert publish_due() == 0
    StatusSnapshot.objects.update(built_at=F("built_at") - dt.timedelta(minutes=6))
    assert publish_due() == 1
    page.refresh_from_db()
    assert (page.version, publish_due()) == (3, 0)


def test_nothing_of_an_incident_leaves(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    incident = declare(world, title="Card data in the logs", impact="Secret impact")
    Incident.objects.filter(pk=incident.pk).update(
        visibility="restricted", code_name="Blue heron", number=471147
    )
    incident.refresh_from_db()
    told = tell(world, page, title="Slow pages", body="Soon.", by="root", incident_number=incident.number)
    serve.refresh()
    text = b"\n".join(file.body for file in serve.pages["shop"].files.values())
    text += b"\n".join(path.encode() for path in serve.pages["shop"].files)
    clean = text.replace(f"incidents/{told.public_id}".encode(), b"")
    for secret in ("Card data", "Secret impact", "471147", "Checkout", "/incidents/1/", "heron"):
        assert secret.encode() not in clean, secret
    assert b"Slow pages" in text


def test_feeds_are_read_by_a_feed_reader_and_hostile_text_stays_text(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    tell(world, page, title=f"Down & {EVIL}", body=EVIL + "\x0b\ud800")
    tell(world, page, title="Second", body="See https://example.com/a?b=1&c=2")
    serve.refresh()
    for name in ("history.atom", "history.rss"):
        found = feedparser.parse(read(f"/status/shop/{name}")[2])
        assert not found.bozo, found.get("bozo_exception")
        assert [entry.link.rpartition("/status/")[2][:15] for entry in found.entries] == [
            "shop/incidents/"
        ] * 2
        assert found.entries[0].title == "Second"
    for path in ("/status/shop/", "/status/shop/history/", "/status/shop/widget.html"):
        assert "<img src=x" not in read(path)[2].decode()
    assert "&lt;img src=x" in read("/status/shop/")[2].decode()
    assert read("/status/shop/badge.svg")[1]["content-type"] == "image/svg+xml"
    name = part(page).public_id
    assert b"Website: operational" in read(f"/status/shop/badge/{name}.svg")[2]
    months = orjson.loads(read("/status/shop/history.json")[2])["months"]
    assert [len(month["incidents"]) for month in months] == [2]


def test_planned_work_is_a_calendar(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    begins = dt.datetime(2026, 12, 1, 1, tzinfo=dt.UTC)
    window = actions.Window(starts_at=begins, ends_at=begins + dt.timedelta(hours=1))
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    work = tell(world, page, title="Upgrade; all, of it", kind="maintenance", window=window, now=now)
    actions.cancel_work(actor=world.actor("bo"), notice_id=work.pk, now=now)
    serve.refresh()
    (event,) = Calendar.from_ical(read("/status/shop/maintenance.ics")[2]).walk("VEVENT")
    assert (event["dtstart"].dt, str(event["summary"]), str(event["status"])) == (
        begins,
        "Upgrade; all, of it",
        "CANCELLED",
    )
