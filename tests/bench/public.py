"""The public status page: how many can read it, how soon they read what is new, and what telling many costs."""

from __future__ import annotations

import datetime as dt
import http.client
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.env import ROOT
from config.launcher.process import Command, end, free_port, wait_for
from core import clock
from core.crypto import seal
from statuspage import actions
from statuspage.actions import Words
from statuspage.models import Announcement, Component, Notice, StatusPage, Subscriber, SubscriberMessage
from statuspage.subscribers.addresses import digest_of
from teams.actor import Actor, actor_for
from tests.bench.ground import Ground
from tests.bench.reading import answer_once, read_all, request_of
from tests.bench.sections import WORKERS, Rows
from tests.factories import make_team, make_user

SUBSCRIBERS = 10_000
COMPONENTS = 20
NOTICES = 30
_GZIP = {"Accept-Encoding": "gzip"}


def public_page(ground: Ground) -> Rows:
    """Requests a second on the same bytes by this product's two servers and by the WSGI server's own static
    files; then publish to visible, and a fan-out while others publish."""
    page, actor = _page()
    with ground.programs("web") as port:
        wait_for(
            lambda: b"200 OK" in answer_once(port, request_of("/status/bench/", _GZIP)),
            seconds=10,
            interval=0.1,
        )
        yield from _served("ASGI", port, "/status/bench/", "/status/bench/api/v2/summary.json")
        yield from _visible(port, page, actor)
    folder = ground.folder / "data" / "status" / "pages" / "bench" / "current"
    with ground.programs("wsgi") as port:
        yield from _served("WSGI", port, "/status/bench/", "/status/bench/api/v2/summary.json")
    with _static(ground, folder) as port:
        yield from _served(
            "granian static files", port, "/s/index.html", "/s/api/v2/summary.json", same=False
        )
    yield from _fan_out(ground, page, actor)


def _served(name: str, port: int, html: str, summary: str, *, same: bool = True) -> Rows:
    aim = ">= 5000" if name == "ASGI" else ""
    for what, path in (("page", html), ("summary.json", summary)):
        request = request_of(path, _GZIP)
        read_all(port, request, seconds=1.0)
        found = read_all(port, request)
        yield f"{name} {what} 200, /s", f"{found.statuses[200] / found.seconds:.0f}", aim
        yield f"{name} {what} 200, p99 ms", f"{found.percentile(0.99) * 1000:.1f}", "< 20" if aim else ""
        if not same:
            continue
        head = answer_once(port, request).partition(b"\r\n\r\n")[0].lower()
        tag = head.partition(b"etag:")[2].partition(b"\r\n")[0].strip().decode()
        again = request_of(path, {**_GZIP, "If-None-Match": tag})
        assert answer_once(port, again).startswith(b"HTTP/1.1 304")
        found = read_all(port, again)
        yield (
            f"{name} {what} 304, /s",
            f"{found.statuses[200] / found.seconds:.0f}",
            ">= 10000" if aim else "",
        )


def _visible(port: int, page: StatusPage, actor: Actor) -> Rows:
    """From the commit of an update to the first and to the last web process that serves it."""
    notice = Notice.objects.filter(page=page, status="investigating").first()
    assert notice is not None
    lasts, publishes = [], []
    for number in range(10):
        text = f"Update {number} of this run."
        begun = time.perf_counter()
        actions.update_notice(actor=actor, notice_id=notice.pk, words=Words(body=text))
        committed = time.perf_counter()
        publishes.append(committed - begun)
        wait_for(lambda text=text: _everywhere(port, text), seconds=10, interval=0.01)
        lasts.append(time.perf_counter() - committed)
    yield "publish one update, median ms", f"{statistics.median(publishes) * 1000:.0f}", ""
    yield "publish to visible on every process, worst ms", f"{max(lasts) * 1000:.0f}", "<= 2000"


def _everywhere(port: int, text: str) -> bool:
    """Twenty new connections reach both processes in all likelihood."""
    request = request_of("/status/bench/api/v2/summary.json", {})
    return all(text.encode() in answer_once(port, request) for _each in range(20))


def _fan_out(ground: Ground, page: StatusPage, actor: Actor) -> Rows:
    now = clock.now()
    addresses = [f"customer-{number}@example.com" for number in range(SUBSCRIBERS)]
    Subscriber.objects.bulk_create(
        [
            Subscriber(
                page=page,
                address=seal(address),
                address_digest=digest_of("email", address),
                state="active",
                confirmed_at=now,
            )
            for address in addresses
        ],
        batch_size=2000,
    )
    notice = Notice.objects.filter(page=page, status="investigating").first()
    assert notice is not None
    with ground.programs("web", *WORKERS):
        time.sleep(3)
        begun = time.perf_counter()
        actions.update_notice(
            actor=actor, notice_id=notice.pk, words=Words(body="We know the cause.", status="identified")
        )
        published = time.perf_counter() - begun
        waiting: list[float] = []
        stop = threading.Event()
        other = threading.Thread(target=_publish_on, args=(page.pk, actor, stop, waiting))
        other.start()
        wait_for(lambda: not Announcement.objects.filter(done_at=None).exists(), seconds=60, interval=0.05)
        queued = time.perf_counter() - begun
        time.sleep(10)
        stop.set()
        other.join()
        sent = SubscriberMessage.objects.filter(state="sent").count()
        spent = time.perf_counter() - begun
    yield f"update to {SUBSCRIBERS:,} subscribers, publish ms", f"{published * 1000:.0f}", ""
    yield f"{SUBSCRIBERS:,} messages queued, s", f"{queued:.1f}", "< 5"
    yield "mails sent meanwhile, /s", f"{sent / spent:.0f}", ""
    yield "publishing meanwhile, median ms", f"{statistics.median(waiting) * 1000:.0f}", ""
    yield "publishing meanwhile, worst ms", f"{max(waiting) * 1000:.0f}", ""


def _publish_on(page_id: int, actor: Actor, stop: threading.Event, waiting: list[float]) -> None:
    """Somebody else changes the page twice a second."""
    part = Component.objects.filter(page=page_id).order_by("-position").first()
    assert part is not None
    number = 0
    while not stop.wait(0.5):
        number += 1
        begun = time.perf_counter()
        status = ("degraded_performance", "operational")[number % 2]
        actions.set_component_status(actor=actor, component_id=part.pk, status=status)
        waiting.append(time.perf_counter() - begun)
    connection.close()


def _page() -> tuple[StatusPage, Actor]:
    """Twenty components, thirty past notices and one that is open."""
    manager = make_user("Page keeper")
    team = make_team("Page keepers", manager=manager)
    actor = actor_for(manager)
    page = actions.create_page(actor=actor, name="Bench status", slug="bench", team_id=team.pk)
    for number in range(COMPONENTS):
        actions.add_component(actor=actor, page_id=page.pk, name=f"Component {number}")
    parts = list(page.components.all())
    now = clock.now()
    for number in range(NOTICES):
        began = now - dt.timedelta(days=3 * number + 1)
        actions.backfill(
            actor=actor,
            page_id=page.pk,
            title=f"Trouble {number}",
            updates=[
                (began, "investigating", "We are looking into it."),
                (began + dt.timedelta(minutes=30), "identified", "We know the cause and are mending it."),
                (began + dt.timedelta(minutes=50), "resolved", "Everything works again."),
            ],
            statuses={parts[number % COMPONENTS].pk: "partial_outage"},
        )
    actions.create_notice(
        actor=actor,
        page_id=page.pk,
        title="Orders fail for some",
        words=Words(body="We are looking into it.", statuses={parts[0].pk: "major_outage"}),
    )
    return page, actor


@contextmanager
def _static(ground: Ground, folder: Path) -> Iterator[int]:
    """The WSGI server's own static file serving, on the same bytes."""
    port = free_port()
    command = Command(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--log-level", "warning"),
            *("--static-path-route", "/s", "--static-path-mount", str(folder.resolve())),
        ],
        cwd=ROOT,
    )
    process = ground._spawn(command, "static")
    try:
        if not wait_for(lambda: _answers(port), seconds=60, interval=0.2):
            raise SystemExit(f"The static server did not start; see {ground.folder}.")
        yield port
    finally:
        end(process, 15, seconds=8)
        ground.processes.remove(process)


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/s/index.html")
        return connection.getresponse().status == 200
    except OSError:
        return False


ALL = (public_page,)
