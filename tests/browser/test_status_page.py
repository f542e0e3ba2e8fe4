"""A public page as a folder of files behind any web server: readable, light, still, and nobody else's business."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.test_accessibility import AXE, violations

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
HEAVIEST = 50 * 1024


@pytest.fixture(scope="session", autouse=True)
def _database_beside_the_browser() -> None:
    """The browser's event loop runs in this thread; the database is set up while it does."""
    os.environ[UNSAFE] = "true"


@pytest.fixture(scope="module", autouse=True)
def _no_longer_than_here(_database_beside_the_browser: None) -> Iterator[None]:
    yield
    os.environ.pop(UNSAFE, None)


class Quiet(SimpleHTTPRequestHandler):
    """Files as they are."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


def build(data: Path, settings: Any) -> str:
    """A page with everything on it as a folder below `data`; the path of one notice."""
    from core import clock
    from statuspage import actions
    from statuspage.models import ComponentInterval
    from statuspage.serving import mirror, store
    from tests.statuspage.support import make_page, part, say, tell
    from tests.world import make_world

    settings.DATA_DIR = data
    world, now = make_world(), clock.now()
    ada, bo, hour = world.actor("ada"), world.actor("bo"), dt.timedelta(hours=1)
    page = make_page(world, parts=("Website", "Search with a name that is longer than most"))
    group = actions.add_group(actor=ada, page_id=page.pk, name="Payments", description="What takes money")
    for name in ("Cards", "Invoices"):
        actions.add_component(actor=ada, page_id=page.pk, name=name, group_id=group.pk)
    ComponentInterval.objects.update(since=now - 2000 * hour)
    metric = actions.add_metric(actor=ada, page_id=page.pk, name="Latency", suffix="ms")
    points = [(now - number * hour, 40.0 + number) for number in range(20)]
    actions.push_points(actor=ada, metric_id=metric.pk, points=points)
    for days, status in ((40, "partial_outage"), (9, "major_outage"), (3, "degraded_performance")):
        at = now - days * 24 * hour
        for value, then in ((status, at), ("operational", at + hour)):
            component = part(page)
            actions.correct_uptime(
                actor=ada,
                component_id=component.pk,
                since=then,
                until=then + hour,
                status=value,
                reason="Known",
            )
        past = tell(world, page, title=f"Trouble {days}", body="See https://example.com/a", now=at)
        say(world, past, "Over.", status="resolved", now=at + hour)
    window = actions.Window(starts_at=now + 48 * hour, ends_at=now + 50 * hour)
    tell(world, page, title="Upgrade", kind="maintenance", window=window, now=now)
    long_word = "Unbreakable" * 12
    told = tell(world, page, title="Orders fail", body=long_word, eta_at=now + hour, now=now - hour)
    for number in range(4):
        statuses = {part(page).pk: "partial_outage", part(page, "Cards").pk: "major_outage"}
        say(world, told, f"Word {number}.", status="identified", statuses=statuses, now=now)
    actions.set_page(
        actor=ada, page_id=page.pk, settings=actions.PageSettings(languages=["en", "de"], accent="#ffcc00")
    )
    actions.set_component_status(actor=bo, component_id=part(page, "Invoices").pk, status="under_maintenance")
    store().refresh()
    mirror.export(store().pages["shop"].page.files, data / "site")
    return f"/incidents/{told.public_id}/"


@pytest.fixture
def site(db: None, tmp_path: Path, settings: Any) -> Iterator[tuple[str, str, Path]]:
    """(address, path of a notice, folder)."""
    notice = build(tmp_path, settings)
    folder = tmp_path / "site"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", notice, folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_public_page(site: tuple[str, str, Path], chromium: Any) -> None:
    address, notice, folder = site
    paths = ("/", notice, "/history/", "/uptime/", "/de/")
    asked: list[str] = []
    context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    context.on("request", lambda request: asked.append(request.url))
    context.add_init_script(path=AXE)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    assert [line for path in paths for line in violations(page, path)] == []
    assert said == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(address).netloc}
    assert context.cookies() == []

    page.goto("/")
    texts = {}
    for path in paths:
        page.goto(path)
        texts[path] = page.locator("body").inner_text()
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 700})
        for path in paths:
            page.goto(path)
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, (path, width, wide)

    page.goto("/")
    troubles = page.locator("details.troubles").first
    assert troubles.get_attribute("open") is None
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.closest('details.troubles') !== null"):
            break
    page.keyboard.press("Enter")
    assert troubles.get_attribute("open") == ""
    assert "Major outage" in troubles.inner_text()
    context.close()

    plain = chromium.new_context(
        base_url=address, java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    page = plain.new_page()
    for path in paths:
        page.goto(path)
        assert page.locator("body").inner_text() == texts[path], path
    plain.close()

    first = asked[: asked.index(f"{address}{notice}")]
    loaded = {urlsplit(url).path.removesuffix("/") or "/index.html" for url in first}
    weights = {path: len(gzip.compress((folder / path[1:]).read_bytes())) for path in loaded}
    assert {Path(path).suffix for path in loaded} >= {".html", ".css", ".js"}
    assert sum(weights.values()) < HEAVIEST, weights
