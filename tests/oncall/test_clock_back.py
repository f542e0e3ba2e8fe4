"""Row 10: the database clock jumps back five minutes in the middle of an escalation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import structlog
import time_machine

from core import clock as core_clock
from core import relay
from incidents.actions import declare_incident
from notifications.models import ContactMethod, Delivery, NotificationRule
from notifications.sending import send_due
from oncall.escalation import engine
from oncall.models import EngineHeartbeat, EscalationRun, RunPage
from tests.notifications.support import FakeTransport
from tests.oncall.support import START
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)


@pytest.fixture
def mail() -> Iterator[FakeTransport]:
    from notifications import transports

    fake = FakeTransport()
    before = transports.register("email", fake)
    yield fake
    transports.register("email", before)


def by_one_mail(world: World) -> None:
    for user in (world.ada, world.bo):
        own = ContactMethod.objects.create(user=user, channel="email", address=user.email, verified_at=START)
        NotificationRule.objects.create(user=user, urgency="high", method=own)


def test_row_10_a_database_clock_set_back_repeats_nothing_and_raises_the_alarm(
    mail: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [START]
    monkeypatch.setattr(core_clock, "database_now", lambda: now[0])
    with time_machine.travel(START, tick=False), structlog.testing.capture_logs() as logs:

        def work() -> None:
            for _round in range(3):
                relay.drain()
                engine.tick(by="test")
                send_due()

        world = make_world()
        by_one_mail(world)
        declare_incident(actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk], now=START)
        work()
        now[0] = START + 5 * MINUTE
        work()
        assert [message.address for message in mail.sent] == [world.ada.email, world.bo.email]
        faults = engine.CLOCK_FAULTS._value.get()
        assert logs == [] or all(entry["log_level"] != "error" for entry in logs)

        for back in (START, START + MINUTE, START + 4 * MINUTE + 59 * SECOND):
            now[0] = back
            work()
        assert len(mail.sent) == 2
        assert list(RunPage.objects.order_by("pk").values_list("step", "user__name")) == [
            (0, "Ada"),
            (1, "Bo"),
        ]
        assert set(Delivery.objects.values_list("status", "attempts")) == {("sent", 1)}

        # The alarm: a metric, an error in the log, and the moment in the heartbeat.
        assert engine.CLOCK_FAULTS._value.get() > faults
        said = {entry["event"] for entry in logs if entry["log_level"] == "error"}
        assert said == {"the database clock has jumped back; nothing is repeated"}
        assert EngineHeartbeat.objects.get().clock_fault_at == START + 5 * MINUTE

        # It has caught up: the run goes on where it was, once.
        run = EscalationRun.objects.get()
        assert (run.status, run.next_at) == ("active", START + 10 * MINUTE)
        now[0] = START + 10 * MINUTE
        work()
        run.refresh_from_db()
        assert (run.status, len(mail.sent)) == ("exhausted", 2)
