"""The measurements. Each yields `(label, value, aim)`."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from django.db import connection
from django.db.models import Count, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.intake.store import STATEMENT
from alerts.models import Alert, IntakeItem
from config.env import ROOT
from config.launcher import postgres
from config.launcher.process import wait_for
from core import clock
from core.crypto import digest
from incidents import actions
from incidents.models import Incident, IncidentTask, Playbook, TimelineEntry
from notifications.models import Delivery
from services.models import Service
from teams.actor import Actor, actor_for
from tests.bench.company import reachable_service
from tests.bench.ground import Ground
from tests.bench.load import Result, post_all
from tests.factories import make_token

RESULTS = ROOT / "bench-results"
Rows = Iterator[tuple[str, str, str]]
TASKS = 30
WORKERS = ("engine", "deliver", "work", "beat")


def requests(keys: list[str], *, distinct: bool, count: int | None = None) -> Iterator[tuple[str, bytes]]:
    for number in itertools.count() if count is None else range(count):
        body = {
            "title": f"Disk of db-{number if distinct else 0} is full",
            "dedup_key": str(number if distinct else 0),
            "severity": "critical",
            "labels": {"host": "db-1", "job": "node", "zone": "eu-1"},
        }
        yield f"/api/v1/intake/generic/{keys[number % len(keys)]}/", json.dumps(body).encode()


def _load(port: int, source: Iterator[tuple[str, bytes]], **options: Any) -> Result:
    return post_all(port, source, **options)


def durable_intake(ground: Ground) -> Rows:
    """Requests a second with every one flushed to disk, beside the bare statement by pgbench."""
    # Many keys: the limit is per key.
    keys = [reachable_service()[2] for _each in range(40)]
    yield "statement alone, pgbench, 8 clients, /s", _pgbench(ground, keys[0]), ""
    for name, label, aim in (("web", "ASGI", 1000), ("wsgi", "WSGI", 2500)):
        with ground.programs(name) as port:
            _load(port, requests(keys, distinct=True), seconds=2.0)
            for distinct in (True, False):
                found = _load(port, requests(keys, distinct=distinct), seconds=5.0)
                what = f"intake {label} {'distinct' if distinct else 'duplicate'}"
                yield f"{what}, /s", f"{found.rate:.0f}", f">= {aim}"
                yield f"{what}, p99 ms", f"{found.percentile(0.99) * 1000:.0f}", "< 100"
                refused = sum(found.statuses.values()) - found.statuses[202]
                if refused:
                    yield f"{what}, not accepted", str(refused), "0"
    _clear_items()


def _pgbench(ground: Ground, key: str) -> str:
    row = {
        "digest": digest(key),
        "request": str(uuid.uuid4()),
        "action": "trigger",
        "dedup_key": "k",
        "parsed": {"action": "trigger"},
        "raw": {"title": "Disk of db-1 is full"},
    }
    params = {"now": clock.now(), "rows": json.dumps([row])}
    script = ground.folder / "statement.sql"
    with psycopg.connect(ground.database_url) as other:
        text = psycopg.ClientCursor(other).mogrify(STATEMENT, params)
    script.write_text(" ".join(text.split()) + ";\n", encoding="utf-8")
    program = str(postgres.programs() / "pgbench")
    options = ["-n", "-M", "simple", "-c", "8", "-j", "2", "-T", "4", "-f", str(script), ground.database_url]
    done = subprocess.run([program, *options], capture_output=True, text=True, timeout=60, check=False)
    rates = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps")]
    return f"{float(rates[0]):.0f}" if rates else f"failed: {done.stderr[-80:]}"


def _clear_items() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE alerts_intakeitem")


def first_page(ground: Ground) -> Rows:
    """POST until the page reaches its transport: the mail server is called. With the whole product idle."""
    services = [reachable_service() for _each in range(31)]
    waits: list[float] = []
    calls = ground.mail.calls
    with ground.programs("web", *WORKERS) as port:
        # The first one warms the workers up, however long they take to start.
        for number, (service, _person, key) in enumerate(services):
            before, sent = len(calls), clock.now()
            _load(port, requests([key], distinct=True, count=1), connections=1)
            if not wait_for(lambda pk=service.pk: _paged(pk) is not None, seconds=60, interval=0.05):
                yield "POST to first page", "never", ""
                return
            if number:
                waits.append((calls[before] - sent).total_seconds() * 1000)
    waits.sort()
    yield "POST to first page, p50 ms", f"{statistics.median(waits):.0f}", "< 150"
    yield "POST to first page, p99 ms", f"{waits[-1]:.0f}", "< 500"


def _paged(service_id: int) -> Any:
    """When the first page of this service was handed to a transport."""
    rows = Delivery.objects.filter(origin=f"service:{service_id}", sent_at__isnull=False)
    return rows.order_by("sent_at").values_list("sent_at", flat=True).first()


def storm(ground: Ground) -> Rows:
    """10,000 distinct alerts at once on one service; another service must not notice."""
    service, person, key = reachable_service()
    other, _other_person, other_key = reachable_service()
    warm, _warm_person, warm_key = reachable_service()
    with ground.programs("web", *WORKERS) as port:
        _load(port, requests([warm_key], distinct=True, count=1), connections=1)
        wait_for(lambda: _paged(warm.pk) is not None, seconds=60, interval=0.1)
        begun = clock.now()
        results: list[Result] = []
        burst = threading.Thread(
            target=lambda: results.append(
                _load(port, requests([key], distinct=True, count=10_000), seconds=60.0)
            )
        )
        burst.start()
        wait_for(lambda: IntakeItem.objects.filter(service=service).count() > 2000, seconds=30, interval=0.1)
        other_sent = clock.now()
        _load(port, requests([other_key], distinct=True, count=1), connections=1)
        burst.join(90)
        items = IntakeItem.objects.filter(service=service, status="pending")
        done = wait_for(lambda: not items.exists(), seconds=120, interval=0.2)
        finished = (clock.now() - begun).total_seconds()
        wait_for(lambda: _paged(service.pk) is not None and _paged(other.pk) is not None, seconds=30)
        found = results[0]
        yield "storm accepted, /s", f"{found.rate:.0f}", ""
        yield "storm accepted, p99 ms", f"{found.percentile(0.99) * 1000:.0f}", "< 1000"
        kept = Alert.objects.filter(service=service).aggregate(own=Count("pk"), folded=Sum("folded"))
        alerts = IntakeItem.objects.filter(service=service, status="done").count()
        counted = f"{kept['own']} + {kept['folded']} counted together"
        yield "storm alerts recorded", counted, str(found.statuses[202])
        rate = alerts / finished
        yield "storm processed, alerts/s from the first POST", f"{rate:.0f}" if done else "not done", ">= 400"
        yield "storm first page, s", f"{(_paged(service.pk) - begun).total_seconds():.2f}", "< 5"
        yield (
            "first page of another service, s",
            f"{(_paged(other.pk) - other_sent).total_seconds():.2f}",
            "< 2",
        )
        sent = Delivery.objects.filter(user=person, sent_at__isnull=False).count()
        yield "storm pages sent", str(sent), ""


def fan_out(ground: Ground) -> Rows:
    """One timeline entry to many sockets, until the last has it."""
    from websockets.asyncio.client import connect

    service, person, _key = reachable_service()
    _token, secret = make_token(person)
    actor = actor_for(person)
    incident = actions.declare_incident(actor=actor, title="Fan-out", service_ids=[service.pk], page=False)
    topic = f"incident:{incident.number}"

    async def one(port: int) -> Any:
        socket = await connect(
            f"ws://127.0.0.1:{port}/ws/", subprotocols=["bearer", secret], open_timeout=60, compression=None
        )
        await socket.send(json.dumps({"subscribe": topic}))
        await asyncio.wait_for(socket.recv(), 60)
        return socket

    async def measure(port: int, count: int) -> float:
        sockets: list[Any] = []
        while len(sockets) < count:
            sockets += await asyncio.gather(*(one(port) for _each in range(50)))
        times: list[float] = []
        for number in range(5):
            receiving = [asyncio.create_task(socket.recv()) for socket in sockets]
            await asyncio.sleep(0.2)
            write = asyncio.to_thread(
                actions.add_note, actor=actor, number=incident.number, text=f"Note {number}"
            )
            started = time.perf_counter()
            await write
            await asyncio.to_thread(drain)
            await asyncio.wait_for(asyncio.gather(*receiving), 30)
            times.append(time.perf_counter() - started)
        await asyncio.gather(*(socket.close() for socket in sockets))
        return statistics.median(times)

    def drain() -> None:
        from core import relay

        relay.drain()

    with ground.programs("web") as port:
        for count, aim in ((500, 150), (2000, 400)):
            taken = asyncio.run(measure(port, count)) * 1000
            yield f"one entry written and with the last of {count} sockets, ms", f"{taken:.0f}", f"< {aim}"


_INCIDENTS = """
INSERT INTO incidents_incident SELECT (jsonb_populate_record(i, jsonb_build_object(
    'id', i.id + n, 'number', i.number + n, 'title', 'Incident ' || n,
    'created_at', i.created_at - n * interval '1 minute'))).*
FROM incidents_incident i, generate_series(1, 100000) n WHERE i.id = %s
"""


def _with_tasks(actor: Actor, service: Service) -> Incident:
    """A Sev-0 with at least thirty tasks, as its playbooks make them."""
    incident = actions.declare_incident(
        actor=actor, title="Long", service_ids=[service.pk], page=False, severity=0
    )
    for playbook in Playbook.objects.order_by("pk"):
        if IncidentTask.objects.filter(incident=incident, shown=True).count() < TASKS:
            actions.start_playbook(actor=actor, number=incident.number, playbook_id=playbook.pk)
    return incident


def big_pages(ground: Ground) -> Rows:
    """Pages over much data, in this process: no server in between."""
    service, person, _key = reachable_service()
    actor = actor_for(person)
    incident = _with_tasks(actor, service)
    with connection.cursor() as cursor:
        cursor.execute(_INCIDENTS, [incident.pk])
        cursor.execute(
            "UPDATE incidents_incidentcounter SET last_number = (SELECT max(number) FROM incidents_incident)"
        )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('incidents_incident', 'id'), max(id)) FROM incidents_incident"
        )
    incident.refresh_from_db()
    first = incident.last_seq + 1
    entries = [
        TimelineEntry(
            incident=incident,
            seq=seq,
            kind="note",
            text=f"Note {seq}",
            author=person,
            author_label=person.name,
            happened_at=clock.now(),
            written_at=clock.now(),
        )
        for seq in range(first, 1001)
    ]
    TimelineEntry.objects.bulk_create(entries)
    Incident.objects.filter(pk=incident.pk).update(last_seq=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    for label, path, aim in (
        ("incident list, 100,000 incidents", "/incidents/", 60),
        (f"incident page, 1,000 entries, {TASKS} tasks and more", f"/incidents/{incident.number}/", 120),
    ):
        times = []
        for _again in range(20):
            started = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - started)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        shown = (
            f"{statistics.median(times) * 1000:.0f}"
            if answer.status_code == 200
            else f"HTTP {answer.status_code}"
        )
        yield f"{label}, median ms", shown, f"< {aim}"
        yield f"{label}, queries", str(len(queries)), ""


ALL = (durable_intake, first_page, storm, fan_out, big_pages)
