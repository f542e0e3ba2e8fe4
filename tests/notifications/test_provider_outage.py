"""Rows 14 and 15: a provider that is down for an hour, from the first failure to the time after."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from types import SimpleNamespace

import pytest
import time_machine

from notifications.models import Delivery, DeliveryAttempt, NotificationRule
from notifications.sending import send_due
from notifications.transports import breaker as circuits
from tests.factories import make_user
from tests.notifications.providers import Api, FakePort, method
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _circuits_follow_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(monotonic=lambda: dt.datetime.now(dt.UTC).timestamp())
    monkeypatch.setattr(circuits, "time", now)


def run_until(clock: Clock, end: dt.datetime) -> None:
    """Send whatever is due when it is due, as the workers do."""
    while True:
        send_due()
        due = Delivery.objects.filter(status="pending").order_by("due_at").values_list("due_at", flat=True)
        following = due.first()
        if following is None or following > end:
            clock.move_to(end)
            return
        clock.move_to(max(following, dt.datetime.now(dt.UTC)))


@pytest.mark.parametrize(
    ("status", "headers", "least"), [(429, {"Retry-After": "20"}, 20), (503, {}, 1)], ids=["429", "503"]
)
def test_row_15_an_hour_without_a_provider(
    clock: Clock,
    twilio: Api,
    port: FakePort,
    mail: FakeTransport,
    browser_toast: FakeTransport,
    status: int,
    headers: dict[str, str],
    least: float,
) -> None:
    """Pauses grow to a cap and differ; the person's other methods come at their time; nothing old is sent."""
    ada = make_user("Ada")
    steps = [
        (method(ada, "sms"), 0),
        (method(ada, "email", "a@x.org"), 3),
        (method(ada, "browser", ""), 9),
    ]
    for each, minutes in steps:
        NotificationRule.objects.create(user=ada, urgency="high", method=each, delay_minutes=minutes)
    called: list[dt.datetime] = []
    twilio.before = lambda _call: called.append(dt.datetime.now(dt.UTC))
    twilio.usual = lambda _call: (status, headers, {"message": "later"})
    page(ada.pk)
    run_until(clock, NOW + 60 * MINUTE)

    # Mail is brought forward by the first failure; the step after it keeps its time.
    sent = {row.channel: row.sent_at for row in Delivery.objects.filter(status="sent")}
    assert sent == {"email": NOW, "browser": NOW + 9 * MINUTE}
    starts = DeliveryAttempt.objects.filter(delivery__channel="sms").order_by("number")
    times = list(starts.values_list("started_at", flat=True))
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(least <= pause <= 31 for pause in pauses)
    assert len({round(pause, 2) for pause in pauses}) > 5
    assert 30 < len(times) < 150
    assert max(times) < NOW + 30 * MINUTE
    # Failures so far apart that five of them take over a minute leave the circuit closed.
    assert len(called) < len(times) if least == 1 else called == times
    row = Delivery.objects.get(channel="sms")
    assert (row.status, row.error[:8]) == ("failed", "Expired:")

    # It is back: nothing of the hour is replayed, and the next page goes out at once.
    del twilio.usual, called[:]
    twilio.usual = _answers
    run_until(clock, NOW + 90 * MINUTE)
    assert called == []
    page(ada.pk, key="2/0/0", subject="incident:43", now=NOW + 90 * MINUTE)
    send_due()
    assert [call.form["Body"][0][:24] for call in twilio.calls[-1:]]
    assert Delivery.objects.get(channel="sms", subject_key="incident:43").status == "sent"
    assert len(called) == 1


def _answers(call: object) -> tuple[int, dict[str, str], dict[str, str]]:
    return 201, {}, {"sid": "SM1", "status": "queued"}


def test_row_14_the_circuit_opens_after_five_failures_and_lets_one_probe_through(
    clock: Clock, twilio: Api, port: FakePort, mail: FakeTransport
) -> None:
    twilio.answers = [(500, {}, {})] * 6
    people = [make_user(f"P{number}") for number in range(9)]
    for number, user in enumerate(people):
        sms = method(user, "sms", f"+4915123456{number:03}")
        method(user, "email", user.email)
        NotificationRule.objects.create(user=user, urgency="high", method=sms)
    page(*(user.pk for user in people))
    send_due()
    assert len(twilio.calls) == 5
    # Whoever was called for nothing and whoever was spared the call have their page by mail at once.
    assert {(channel, status) for channel, status in table("channel", "status")} == {
        ("sms", "pending"),
        ("email", "sent"),
    }
    assert len(mail.sent) == 9
    clock.shift(29 * SECOND)
    send_due()
    assert len(twilio.calls) == 5
    clock.shift(2 * SECOND)
    send_due()
    assert len(twilio.calls) == 6
    clock.shift(31 * SECOND)
    for _again in range(3):
        send_due()
        clock.shift(31 * SECOND)
    assert Delivery.objects.filter(channel="sms", status="sent").count() == 9
    assert len(mail.sent) == 9
