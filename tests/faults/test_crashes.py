"""Workers that die, faults inside transactions, and races."""

from __future__ import annotations

import datetime as dt
import functools
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Celery
from django.db import connections

from alerts.models import IntakeItem
from alerts.processing import process_intake
from core import clock, relay
from incidents import actions
from incidents.models import Incident
from notifications.models import ContactMethod, Delivery
from notifications.sending import send_due
from oncall.escalation import engine
from oncall.models import EscalationRun, RunPage
from teams.actor import Actor
from tests.alerts.support import native
from tests.faults.mailserver import MailServer
from tests.faults.stack import Stack
from tests.world import World, make_world

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]
Eventually = Callable[..., None]
RACES = 100
# More new incidents of one service in a minute would be grouped.
PER_MINUTE = 20


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


def page_by_mail_only(world: World) -> None:
    """Ada has one verified address and nothing else, so that one page is one delivery."""
    ContactMethod.objects.filter(user=world.ada).delete()
    ContactMethod.objects.create(
        user=world.ada, channel="email", address="ada@example.com", verified_at=clock.now()
    )


def up_to_due_delivery(world: World) -> Delivery:
    native(world.key, {"title": "Payments failing", "dedup_key": "p"})
    process_intake()
    relay.drain()
    engine.tick(by="test")
    return Delivery.objects.filter(category="page", status="pending").order_by("due_at", "pk")[0]


def wake_deliver(stack: Stack) -> None:
    Celery("test", broker=stack.redis_url).send_task("notifications.send_due", queue="deliver")


def test_a_worker_killed_after_the_provider_accepted_sends_once_more_and_says_so(
    stack: Stack, mail: MailServer, eventually: Eventually, settings: Any
) -> None:
    """Rows 1 and 2: the lease ends, the same idempotency key goes out again, the timeline says so."""
    world = make_world()
    page_by_mail_only(world)
    delivery = up_to_due_delivery(world)
    stack.start_valkey()
    mail.answer.clear()
    worker = stack.start("deliver", EMAIL_URL=mail.url)
    wake_deliver(stack)
    eventually(lambda: len(mail.taken) == 1, 40)
    stack.kill(worker)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sending", 1)

    mail.answer.set()
    settings.EMAIL_URL = mail.url
    send_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sending", 1), (
        "nobody takes it before its lease has ended"
    )
    with time_machine.travel(clock.now() + dt.timedelta(seconds=16), tick=True):
        send_due()
        relay.drain()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sent", 2)
    first, second = mail.header("Message-ID")
    assert first == second
    assert "outcome unknown, sent again" in str(
        list(Incident.objects.get().timeline.values_list("text", "data"))
    )


def test_a_worker_that_holds_a_wakeup_outlives_its_broker(stack: Stack, eventually: Eventually) -> None:
    """Row 4: what it had taken and not begun when the broker died does not end it."""
    stack.start_valkey()
    worker = stack.start("work")
    wake = functools.partial(Celery("test", broker=stack.redis_url).send_task, "core.relay", queue="bulk")
    wake()
    with stack.redis() as broker:
        eventually(lambda: not broker.exists("bulk", "unacked"), 60)
        hands = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        assert hands
        for hand in hands:
            os.kill(int(hand), signal.SIGSTOP)
        wake()
        eventually(lambda: broker.hlen("unacked") == 1, 20)
    try:
        with stack.without("valkey", signal.SIGKILL):
            eventually(lambda: "Connection to broker lost" in (stack.folder / "work.log").read_text(), 20)
    finally:
        for hand in hands:
            os.kill(int(hand), signal.SIGCONT)
    wake()
    with stack.redis() as broker:
        eventually(lambda: not broker.exists("bulk", "unacked"), 30)
    assert worker.poll() is None, stack.logs()


def test_a_fault_between_change_and_outbox_leaves_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 3: state and events are one transaction."""
    world = make_world()
    delivery = up_to_due_delivery(world)
    before = list(Incident.objects.values()), list(EscalationRun.objects.values())

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(sys.modules["incidents.actions.acknowledge"], "announce", broken)
        actions.acknowledge(actor=world.actor("ada"), number=1)
    assert (list(Incident.objects.values()), list(EscalationRun.objects.values())) == before
    delivery.refresh_from_db()
    assert delivery.status == "pending"

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["alerts.processing.placing"], "alerts_attached", broken)
        native(world.key, {"title": "Second"})
        process_intake()
    assert Incident.objects.count() == 1
    item = IntakeItem.objects.order_by("-pk")[0]
    assert (item.status, item.attempts) == ("pending", 1)
    with time_machine.travel(clock.now() + dt.timedelta(seconds=5)):
        process_intake()
    assert Incident.objects.count() == 2


def test_an_acknowledge_races_an_escalation() -> None:
    """Row 17: after the acknowledge has committed no step fires and no page is left to send."""
    world = make_world()
    with time_machine.travel(clock.now(), tick=True) as machine:
        for first in range(1, RACES, PER_MINUTE):
            numbers = range(first, first + PER_MINUTE)
            native(world.key, [{"title": f"Alert {n}", "dedup_key": str(n)} for n in numbers])
            process_intake()
            relay.drain()
            machine.shift(dt.timedelta(seconds=61))
        engine.tick(by="test")
        with ThreadPoolExecutor(2) as pool:
            fired = sum(_race(pool, world.actor("bo"), number) for number in range(1, RACES + 1))
            _in_both(pool, [connections.close_all, connections.close_all])
        assert engine.tick(by="test") == 0
    steps = Counter(RunPage.objects.values_list("step", "user__name"))
    assert steps == {(0, "Ada"): RACES, (1, "Bo"): fired}
    assert 0 < fired < RACES
    assert not Delivery.objects.filter(status="pending").exists()


def _race(pool: ThreadPoolExecutor, actor: Actor, number: int) -> bool:
    """Acknowledge an incident while its second step is due; whether the step was first."""
    subject = f"incident:{number}"
    runs = EscalationRun.objects.filter(subject_key=subject)
    assert runs.filter(status="active", step=1).update(next_at=clock.now()) == 1

    def fire() -> None:
        # A little later each time, so that each is first in some of the races.
        for _each in range(number % 10):
            engine.beat("test")
        engine.tick(by="test")

    _in_both(pool, [lambda: actions.acknowledge(actor=actor, number=number), fire])
    assert Incident.objects.get(number=number).page_status == "acknowledged"
    assert not runs.filter(status="active").exists()
    assert not Delivery.objects.filter(subject_key=subject, status="pending").exists()
    return RunPage.objects.filter(run__subject_key=subject, step=1).exists()


def _in_both(pool: ThreadPoolExecutor, works: list[Callable[[], object]]) -> None:
    """Do both at the same moment, each in a thread of its own; raises what they raise."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        start.wait(10)
        work()

    for future in [pool.submit(run, work) for work in works]:
        future.result(20)
