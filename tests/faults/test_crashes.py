"""Workers that die, a broker that is away, several engines at once, and races."""

from __future__ import annotations

import datetime as dt
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from celery import Celery
from django.db import connection, transaction

from alerts.models import IntakeItem
from alerts.processing import process_intake
from core import clock, relay
from core.errors import DomainError
from incidents import actions
from incidents.models import Incident
from notifications.models import ContactMethod, Delivery
from notifications.sending import send_due
from oncall.escalation import engine
from oncall.models import EscalationRun, RunPage
from tests.alerts.support import native
from tests.faults.stack import Stack
from tests.faults.mailserver import MailServer
from tests.world import World, make_world

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]
Eventually = Callable[..., None]


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
        patch.setattr(sys.modules["alerts.processing.batch"], "alerts_attached", broken)
        native(world.key, {"title": "Second"})
        process_intake()
    assert Incident.objects.count() == 1
    item = IntakeItem.objects.order_by("-pk")[0]
    assert (item.status, item.attempts) == ("pending", 1)
    with time_machine.travel(clock.now() + dt.timedelta(seconds=5)):
        process_intake()
    assert Incident.objects.count() == 2


def test_without_a_broker_intake_accepts_and_the_watchdog_pages(
    stack: Stack, mail: MailServer, eventually: Eventually, settings: Any
) -> None:
    """Row 4: only the watchdog runs, and nothing answers at the broker's address."""
    world = make_world()
    page_by_mail_only(world)
    settings.WAKEUPS = True
    settings.CELERY_BROKER_URL = stack.redis_url
    stack.start("watchdog", EMAIL_URL=mail.url)
    assert native(world.key, {"title": "Payments failing"}).status == 202
    eventually(lambda: len(mail.taken) == 1, 40)
    eventually(lambda: Delivery.objects.filter(status="sent").exists(), 10)
    assert Incident.objects.get().page_status == "paging"


def test_connections_cut_lose_nothing_that_was_accepted(
    stack: Stack, mail: MailServer, eventually: Eventually
) -> None:
    """Row 5: every connection is cut again and again; 202 means processed, else 503 and nothing stored."""
    world = make_world()
    page_by_mail_only(world)
    stack.start("watchdog", EMAIL_URL=mail.url)
    accepted = 0
    for number in range(12):
        if number % 3 == 2:
            _cut_all()
        reply = native(world.key, {"title": f"Alert {number}", "dedup_key": str(number)})
        assert reply.status in (202, 503)
        accepted += reply.status == 202
        connection.close_if_unusable_or_obsolete()
    assert accepted > 0
    assert IntakeItem.objects.count() == accepted
    eventually(lambda: not IntakeItem.objects.filter(status="pending").exists(), 40)
    eventually(lambda: Delivery.objects.filter(status="sent").exists(), 20)
    assert Incident.objects.count() == accepted
    assert not _doubled_steps()


def _cut_all() -> None:
    """End every connection of this database, this test's own included, from a connection elsewhere."""
    import os

    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [connection.settings_dict["NAME"]],
        )


def _doubled_steps() -> list[Any]:
    keys = RunPage.objects.values_list("run_id", "round", "step", "user_id")
    return [key for key, count in Counter(keys).items() if count > 1]


def test_several_engines_at_once_do_each_step_once(
    stack: Stack, mail: MailServer, eventually: Eventually
) -> None:
    """Row 7: two processes and two threads tick, process and send at the same time."""
    world = make_world()
    page_by_mail_only(world)
    for name in range(2):
        stack.start("watchdog", EMAIL_URL=mail.url, WATCHDOG=str(name))
    native(world.key, [{"title": f"Alert {n}", "dedup_key": str(n)} for n in range(15)])
    stop = threading.Event()

    def run() -> None:
        try:
            while not stop.wait(0.02):
                process_intake()
                relay.drain()
                engine.tick(by="watchdog")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _each in range(2)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: RunPage.objects.count() >= 15, 30)
        eventually(lambda: bool(mail.taken), 30)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert Incident.objects.count() == 15
    assert RunPage.objects.count() == 15
    assert not _doubled_steps()
    ids = mail.header("Message-ID")
    assert len(ids) == len(set(ids))


def test_an_acknowledge_races_an_escalation() -> None:
    """Row 17: after the acknowledge has committed no step fires and no page is left to send."""
    world = make_world()
    with time_machine.travel(clock.now(), tick=True) as machine:
        for number in range(1, 26):
            native(world.key, {"title": f"Alert {number}", "dedup_key": str(number)})
            process_intake()
            engine.tick(by="test")
            relay.drain()
            if number == 20:
                machine.shift(dt.timedelta(seconds=61))
        EscalationRun.objects.filter(status="active").update(next_at=clock.now())
        for number in range(1, 26):
            _race(world, number)
    assert not _doubled_steps()


def _race(world: World, number: int) -> None:
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def in_thread(work: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                start.wait(10)
                work()
            except DomainError:
                pass
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    actor = world.actor("bo")
    threads = [
        in_thread(lambda: actions.acknowledge(actor=actor, number=number)),
        in_thread(lambda: engine.tick(by="test")),
    ]
    for thread in threads:
        thread.join(20)
    assert not failures
    with transaction.atomic():
        incident = Incident.objects.get(number=number)
        assert incident.page_status == "acknowledged"
        subject = f"incident:{number}"
        assert not EscalationRun.objects.filter(subject_key=subject, status="active").exists()
        pages = RunPage.objects.filter(run__subject_key=subject).count()
    assert not Delivery.objects.filter(subject_key=subject, status="pending").exists()
    engine.tick(by="test")
    assert RunPage.objects.filter(run__subject_key=subject).count() == pages
