"""What Twilio reports: early, late, twice, out of order, forged."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.signing import Signer
from django.test import Client

from core import relay
from core.events import _subscribers, subscribe
from notifications import links
from notifications.actions.deliveries import retry_delivery
from notifications.actions.pages import withdraw
from notifications.events import DeliveryFailed
from notifications.models import ContactMethod, Delivery, NotificationRule, ProviderEvent
from notifications.outbox.claims import Claim, claim_next
from notifications.sending import send, send_due
from tests.factories import actor_of, make_user
from tests.notifications.providers import Api, FakePort, method, twilio_post
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@pytest.fixture
def row(clock: Clock, twilio: Api, port: FakePort) -> Delivery:
    """A text that Twilio has."""
    return written()


def written(channel: str = "sms") -> Delivery:
    ada = make_user("Ada")
    NotificationRule.objects.create(user=ada, urgency="high", method=method(ada, channel))
    page(ada.pk)
    send_due()
    return Delivery.objects.get(channel=channel)


def report(row: Delivery, status: str, sid: str = "", **more: str) -> int:
    path = links.twilio_status_path(row.pk)
    sid = sid or row.provider_id
    names = ("CallSid", "CallStatus") if row.channel == "voice" else ("MessageSid", "MessageStatus")
    return twilio_post(path, **{names[0]: sid, names[1]: status}, **more).status_code


def state(row: Delivery) -> str:
    row.refresh_from_db()
    return row.status


def test_delivered_is_seen_once_and_nothing_moves_it_back(row: Delivery) -> None:
    for status in ("sent", "delivered", "delivered", "sent", "queued", "failed", "undelivered"):
        assert report(row, status) == 204
    assert state(row) == "delivered"
    assert [event.kind for event in ProviderEvent.objects.order_by("pk")] == [
        "sent",
        "delivered",
        "queued",
        "failed",
        "undelivered",
    ]
    assert Delivery.objects.count() == 1


def test_out_of_order_the_last_word_counts(row: Delivery) -> None:
    report(row, "delivered")
    report(row, "sending")
    assert state(row) == "delivered"


@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_what_could_not_be_delivered_goes_another_way_at_once(row: Delivery, status: str) -> None:
    method(row.user, "slack", "U0123ABCD9")  # not set up here, so no way
    heard: list[str] = []
    subscribe(DeliveryFailed, name="tests.reports")(lambda event: heard.append(event.detail))
    report(row, "sent")
    assert report(row, status, ErrorCode="30005") == 204
    relay.drain()
    del _subscribers[DeliveryFailed.kind]["tests.reports"]
    assert state(row) == "failed"
    assert "(Twilio 30005)." in row.error
    assert row.user is not None
    assert heard == [f"{row.error} Sent by E-mail {row.user.email} instead."]
    assert ContactMethod.objects.get(channel="sms").last_failure == row.error
    send_due()
    assert table("channel", "status") == [("sms", "failed"), ("email", "sent")]
    report(row, status)
    assert Delivery.objects.count() == 2


def test_row_16_a_late_failure_does_not_page_again_after_an_answer(row: Delivery, port: FakePort) -> None:
    method(row.user, "email", "ada@private.example")
    port.settled["incident:42"] = "acknowledge"
    report(row, "undelivered")
    assert (state(row), Delivery.objects.count()) == ("sent", 1)


def test_a_failure_about_something_unseen_or_withdrawn_changes_nothing(row: Delivery, port: FakePort) -> None:
    method(row.user, "email", "ada@private.example")
    port.titles.clear()
    report(row, "undelivered")
    assert (state(row), Delivery.objects.count()) == ("sent", 1)
    Delivery.objects.update(status="withdrawn")
    report(row, "failed", sid="SM-other")
    assert (state(row), Delivery.objects.count()) == ("withdrawn", 1)


def test_a_report_that_comes_before_our_own_record_is_not_lost(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    """The sender dies after the call; Twilio's report saves the person a second text."""
    ada = make_user("Ada")
    NotificationRule.objects.create(user=ada, urgency="high", method=method(ada, "sms"))
    page(ada.pk)
    claim = claim_next()
    assert isinstance(claim, Claim)
    row = Delivery.objects.get()
    report(row, "sent", sid="SM77")
    assert (state(row), row.provider_id, row.lease_token) == ("sent", "SM77", None)
    report(row, "delivered", sid="SM77")
    clock.shift(dt.timedelta(seconds=20))
    assert send_due() == 0
    send(claim)
    assert (state(row), twilio.calls) == ("delivered", [])


def test_a_report_during_the_call_is_kept_over_our_own_record(
    clock: Clock, mail: FakeTransport, port: FakePort, twilio: Api
) -> None:
    from notifications import transports

    ada = make_user("Ada")
    NotificationRule.objects.create(user=ada, urgency="high", method=method(ada, "sms"))
    page(ada.pk)
    mail.before = lambda message: report(Delivery.objects.get(), "delivered", sid="SM5")
    before = transports.register("sms", mail)
    try:
        send_due()
    finally:
        transports.register("sms", before)
    assert table("status", "provider_id", "attempts") == [("delivered", "SM5", 1)]


def test_an_attempt_that_timed_out_but_arrived_is_not_repeated(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    twilio.answers = [(503, {}, {})]
    row = written()
    assert row.status == "pending"
    report(row, "delivered", sid="SM9")
    clock.move_to(row.due_at)
    send_due()
    assert (state(row), len([c for c in twilio.calls if "Messages" in c.path])) == ("delivered", 1)


def test_a_failure_of_an_earlier_attempt_does_not_undo_the_later_one(row: Delivery) -> None:
    report(row, "undelivered", sid="SM-earlier")
    assert state(row) == "sent"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_a_call_nobody_takes_goes_another_way(clock: Clock, twilio: Api, port: FakePort, status: str) -> None:
    row = written("voice")
    method(row.user, "email", "ada@private.example")
    for earlier in ("initiated", "ringing"):
        report(row, earlier)
    report(row, status)
    send_due()
    assert table("channel", "status") == [("voice", "failed"), ("email", "sent")]


def test_a_call_that_was_taken_is_delivered(clock: Clock, twilio: Api, port: FakePort) -> None:
    row = written("voice")
    for status in ("ringing", "completed", "in-progress"):
        report(row, status)
    assert state(row) == "delivered"


def test_what_has_been_withdrawn_stays_so(row: Delivery, port: FakePort) -> None:
    assert withdraw(subject_key="incident:42", reason="Acknowledged", now=NOW) == 0
    report(row, "delivered")
    assert state(row) == "delivered"


def test_forged_foreign_and_odd_reports_change_nothing(row: Delivery) -> None:
    path = links.twilio_status_path(row.pk)
    form = {"MessageSid": row.provider_id, "MessageStatus": "delivered"}
    assert Client().post(path, form).status_code == 403
    assert twilio_post(path, token="0" * 32, **form).status_code == 403
    other = Signer(salt="something.else", sep=".").sign(str(row.pk))
    assert twilio_post(f"/callbacks/twilio/status/{other}/", **form).status_code == 404
    assert twilio_post(path, MessageSid="SM1", MessageStatus="abducted").status_code == 204
    assert twilio_post(path, MessageStatus="delivered").status_code == 204
    assert twilio_post(path, **{**form, "MessageSid": "S" * 5000}).status_code == 204
    Delivery.objects.filter(pk=row.pk).update(subject_key="")
    assert twilio_post(links.twilio_status_path(10**15), **form).status_code == 204
    assert ProviderEvent.objects.filter(kind="abducted").count() == 0


def test_a_word_about_the_failed_message_says_nothing_about_the_one_sent_again(row: Delivery) -> None:
    report(row, "undelivered", sid=row.provider_id)
    first = row.provider_id
    admin = make_user("Root", admin=True)
    retry_delivery(actor=actor_of(admin), delivery_id=row.pk, now=NOW)
    report(row, "sent", sid=first)
    assert (state(row), row.provider_id) == ("pending", "")
