"""The life of a delivery: leases, fencing, withdrawal, retries, expiry, another way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from core.events import _subscribers, subscribe
from notifications.actions.pages import withdraw
from notifications.events import DeliveryEvent, DeliveryFailed, DeliverySent, DeliveryUnknown
from notifications.models import ContactMethod, Delivery, DeliveryAttempt
from notifications.outbox import outcomes
from notifications.outbox.claims import Claim, claim_next
from notifications.sending import send, send_due
from notifications.transports.base import Outgoing, Receipt, TransportError
from tests.factories import make_user
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@pytest.fixture
def facts() -> Iterator[list[DeliveryEvent]]:
    """Events as their subscribers see them, after the relay ran (call `relay.drain`)."""
    heard: list[DeliveryEvent] = []
    for kind in (DeliverySent, DeliveryFailed, DeliveryUnknown):
        subscribe(kind, name="tests.notifications")(heard.append)
    yield heard
    for kind in (DeliverySent, DeliveryFailed, DeliveryUnknown):
        del _subscribers[kind.kind]["tests.notifications"]


def said(facts: list[DeliveryEvent]) -> list[tuple[str, str, str]]:
    from core import relay

    facts.clear()
    relay.drain()
    return [(fact.kind, fact.channel, fact.detail) for fact in facts]


def low_page(clock: Clock) -> Delivery:
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    return Delivery.objects.get()


def attempts(row: Delivery) -> list[tuple[int, str, str]]:
    return list(DeliveryAttempt.objects.filter(delivery=row).values_list("number", "outcome", "detail"))


def claimed() -> Claim:
    found = claim_next()
    assert isinstance(found, Claim)
    return found


def test_a_due_page_is_sent_once_and_recorded(
    clock: Clock, mail: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    row = low_page(clock)
    assert (send_due(), send_due()) == (1, 0)
    row.refresh_from_db()
    assert (row.status, row.sent_at, row.provider_id, row.lease_token) == ("sent", NOW, "fake-1", None)
    assert attempts(row) == [(1, "accepted", "")]
    assert said(facts) == [("delivery.sent", "email", "")]
    assert [(m.key, m.title, m.url) for m in mail.sent] == [
        (row.key, "Payments failing", "http://127.0.0.1:8000/incidents/42/")
    ]


def test_a_later_step_waits_for_its_time(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport
) -> None:
    ada = make_user("Ada")
    page(ada.pk)
    assert (send_due(), len(mail.sent)) == (2, 1)
    clock.shift(dt.timedelta(minutes=4, seconds=59))
    assert send_due() == 0
    clock.shift(dt.timedelta(seconds=1))
    assert (send_due(), len(mail.sent)) == (1, 2)


def test_row_1_a_sender_that_died_is_followed_by_one_more_with_the_same_key(
    clock: Clock, mail: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    row = low_page(clock)
    died = claimed()
    mail.send(Outgoing(row.key, row.pk, "page", "email", "", ""), limit=1)
    clock.shift(dt.timedelta(seconds=14))
    assert send_due() == 0
    clock.shift(dt.timedelta(seconds=1))
    assert (send_due(), send_due()) == (1, 0)
    assert [message.key for message in mail.sent] == [row.key, row.key]
    assert attempts(row) == [
        (1, "unknown", "The sender did not report back; sent again."),
        (2, "accepted", ""),
    ]
    assert said(facts) == [
        ("delivery.unknown", "email", "outcome unknown, sent again"),
        ("delivery.sent", "email", ""),
    ]
    assert outcomes.accepted(died, Receipt()) is False


def test_row_2_a_sender_that_died_before_the_call_costs_one_lease(clock: Clock, mail: FakeTransport) -> None:
    low_page(clock)
    claimed()
    clock.shift(dt.timedelta(seconds=15))
    assert (send_due(), len(mail.sent)) == (1, 1)


def test_row_8_a_late_writer_is_refused_and_changes_nothing(clock: Clock, mail: FakeTransport) -> None:
    row = low_page(clock)
    frozen = claimed()
    clock.shift(dt.timedelta(minutes=2))
    second = claimed()
    assert outcomes.accepted(frozen, Receipt(provider_id="late")) is False
    assert outcomes.refused(frozen, TransportError("late", permanent=True)) is False
    row.refresh_from_db()
    assert (row.status, row.lease_token, row.provider_id) == ("sending", second.token, "")
    assert outcomes.accepted(second, Receipt(provider_id="mine")) is True
    assert table("status", "provider_id") == [("sent", "mine")]


def test_a_sender_that_was_frozen_before_the_call_does_not_make_it(clock: Clock, mail: FakeTransport) -> None:
    low_page(clock)
    frozen = claimed()
    clock.shift(dt.timedelta(seconds=11))
    send(frozen)
    assert (mail.sent, table("status")) == ([], [("sending",)])


def test_withdrawn_between_claim_and_call_nothing_is_sent(clock: Clock, mail: FakeTransport) -> None:
    row = low_page(clock)
    claim = claimed()
    assert withdraw(subject_key="incident:42", reason="Acknowledged", now=NOW) == 1
    send(claim)
    assert mail.sent == []
    assert attempts(row) == [(1, "skipped", "Withdrawn or taken over before the call.")]
    assert table("status", "error") == [("withdrawn", "Acknowledged")]


def test_withdrawn_during_the_call_stays_withdrawn_and_the_attempt_tells(
    clock: Clock, mail: FakeTransport
) -> None:
    row = low_page(clock)
    mail.before = lambda _message: withdraw(subject_key="incident:42", reason="Acknowledged", now=NOW)
    send_due()
    assert table("status") == [("withdrawn",)]
    assert attempts(row) == [(1, "accepted", "")]


def test_temporary_failures_are_retried_with_growing_pauses(clock: Clock, mail: FakeTransport) -> None:
    row = low_page(clock)
    mail.answers = [TransportError("busy"), TransportError("busy", retry_after=40), None]
    send_due()
    row.refresh_from_db()
    first = (row.due_at - NOW).total_seconds()
    assert row.status == "pending"
    assert 1 <= first <= 2
    clock.move_to(row.due_at)
    send_due()
    row.refresh_from_db()
    assert (row.due_at - NOW).total_seconds() == pytest.approx(first + 40)
    clock.move_to(row.due_at)
    send_due()
    assert [outcome for _n, outcome, _d in attempts(row)] == ["retry", "retry", "accepted"]
    assert table("status", "error", "attempts") == [("sent", "", 3)]


def test_the_pause_is_capped() -> None:
    for category, cap in (("page", 30), ("update", 300), ("event", 3600)):
        pauses = [outcomes.backoff(category, 40).total_seconds() for _ in range(50)]
        assert cap / 2 <= min(pauses) < max(pauses) <= cap


def test_row_15_an_old_page_expires_instead_of_being_replayed(
    clock: Clock, mail: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    low_page(clock)
    clock.shift(dt.timedelta(minutes=30))
    assert send_due() == 0
    assert mail.sent == []
    assert table("status", "error") == [("failed", "Expired: it could not be sent in time.")]
    assert [kind for kind, _channel, _detail in said(facts)] == ["delivery.failed"]


def test_a_refused_page_goes_another_way_at_once(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    row = low_page(clock)
    mail.always = TransportError("550 no such user.", permanent=True)
    assert send_due() == 2
    assert table("key", "channel", "status") == [
        (row.key, "email", "failed"),
        (
            f"1/0/0/{row.user_id}/fallback/{ContactMethod.objects.get(channel='browser').pk}",
            "browser",
            "sent",
        ),
    ]
    assert len(browser_toast.sent) == 1
    assert said(facts) == [
        ("delivery.failed", "email", "550 no such user. Sent by This browser instead."),
        ("delivery.sent", "browser", ""),
    ]
    assert ContactMethod.objects.get(channel="email").last_failure == "550 no such user."


def test_without_another_way_the_failure_says_so(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    ada = make_user("Ada")
    page(ada.pk)
    mail.always = TransportError("550 no.", permanent=True)
    browser_toast.always = TransportError("gone.", permanent=True)
    send_due()
    assert said(facts) == [
        ("delivery.failed", "email", "550 no. It is on its way by This browser."),
        ("delivery.failed", "browser", "gone. There is no other contact method left."),
    ]


def test_row_14_a_provider_that_keeps_failing_is_joined_by_another_way(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, facts: list[DeliveryEvent]
) -> None:
    row = low_page(clock)
    mail.always = TransportError("No answer within 5 s.")
    for _ in range(5):
        send_due()
        row.refresh_from_db()
        clock.move_to(row.due_at)
    assert len(browser_toast.sent) == 1
    assert ("delivery.failed", "email", "No answer within 5 s. Sent by This browser too, trying on.") in said(
        facts
    )
    assert withdraw(subject_key="incident:42", reason="Acknowledged", now=NOW) == 1


def test_a_provider_known_to_be_down_is_left_alone_and_the_page_goes_another_way(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport
) -> None:
    low_page(clock)
    mail.answers = [TransportError("Down.", unavailable=True, retry_after=30)]
    send_due()
    assert table("channel", "status") == [("email", "pending"), ("browser", "sent")]
    clock.shift(dt.timedelta(seconds=30))
    send_due()
    assert table("channel", "status") == [("email", "sent"), ("browser", "sent")]


def test_a_bug_in_one_message_does_not_stop_the_others(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    page(ada.pk, key="1/0/0", urgency="low")
    page(ada.pk, key="2/0/0", urgency="low", lane="svc:8")

    def explode(message: Outgoing) -> None:
        if message.key.startswith("1/"):
            raise ZeroDivisionError

    mail.before = explode
    send_due()
    assert table("status", "error") == [("pending", "Internal error: ZeroDivisionError."), ("sent", "")]
