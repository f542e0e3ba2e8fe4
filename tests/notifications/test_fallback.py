"""Another way at once for urgent pages; one provider in trouble holds up nobody else."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from core import relay
from core.events import _subscribers, subscribe
from notifications import reach
from notifications.actions.pages import withdraw
from notifications.events import DeliveryEvent, DeliveryFailed
from notifications.models import ContactMethod, Delivery, NotificationRule
from notifications.sending import send_due
from notifications.transports.base import TransportError
from teams.models import User
from tests.factories import make_user
from tests.notifications.providers import MEMBER, Api, FakePort, method
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    found: list[tuple[str, str]] = []

    def note(event: DeliveryEvent) -> None:
        found.append((event.channel, event.detail))

    subscribe(DeliveryFailed, name="tests.fallback")(note)
    yield found
    del _subscribers[DeliveryFailed.kind]["tests.fallback"]


def said(heard: list[tuple[str, str]]) -> list[tuple[str, str]]:
    heard.clear()
    relay.drain()
    return list(heard)


def rules(user: User, *steps: tuple[ContactMethod, int], urgency: str = "high") -> None:
    for chosen, minutes in steps:
        NotificationRule.objects.create(user=user, urgency=urgency, method=chosen, delay_minutes=minutes)


def test_an_urgent_page_is_brought_forward_by_the_next_rule_at_the_first_failure(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, heard: list[tuple[str, str]]
) -> None:
    ada = make_user("Ada")
    first, later, last = (
        method(ada, "email", "a@x.org"),
        method(ada, "browser", ""),
        method(ada, "slack", MEMBER),
    )
    rules(ada, (first, 0), (last, 9), (later, 4))
    mail.always = TransportError("No answer within 5 s.")
    page(ada.pk)
    send_due()
    assert table("channel", "status", "due_at") == [
        ("email", "pending", Delivery.objects.get(channel="email").due_at),
        ("browser", "sent", NOW),
        ("slack", "pending", NOW + dt.timedelta(minutes=9)),
    ]
    assert said(heard) == [("email", "No answer within 5 s. Sent by This browser too, trying on.")]
    for _ in range(6):
        clock.move_to(Delivery.objects.get(channel="email").due_at)
        send_due()
    assert said(heard) == []
    assert (len(browser_toast.sent), Delivery.objects.count()) == (1, 3)
    # What went another way is no less withdrawn with the rest.
    assert withdraw(subject_key="incident:42", reason="Acknowledged", now=NOW) == 2


def test_another_provider_comes_before_the_next_rule_of_the_same_one(
    clock: Clock, twilio: Api, port: FakePort, mail: FakeTransport
) -> None:
    ada = make_user("Ada")
    rules(ada, (method(ada, "sms"), 0), (method(ada, "voice"), 2), (method(ada, "email", "a@x.org"), 5))
    twilio.answers = [(503, {}, {})]
    page(ada.pk)
    send_due()
    assert table("channel", "status") == [("sms", "pending"), ("voice", "pending"), ("email", "sent")]
    assert Delivery.objects.get(channel="voice").due_at == NOW + dt.timedelta(minutes=2)


def test_without_a_later_rule_an_unused_method_is_taken(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport
) -> None:
    ada = make_user("Ada")
    method(ada, "browser", "")
    rules(ada, (method(ada, "email", "a@x.org"), 0))
    mail.answers = [TransportError("busy")]
    page(ada.pk)
    send_due()
    assert [channel for channel, _key in table("channel", "key")] == ["email", "browser"]
    assert table("key")[1][0].endswith(
        f"/{ada.pk}/fallback/{ContactMethod.objects.get(channel='browser').pk}"
    )


def test_a_page_that_can_wait_stays_with_its_method(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, heard: list[tuple[str, str]]
) -> None:
    page(make_user("Ada").pk, urgency="low")
    mail.answers = [TransportError("busy")]
    send_due()
    assert (table("channel", "status"), said(heard)) == ([("email", "pending")], [])


def test_what_has_been_reached_in_fact_is_said(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, heard: list[tuple[str, str]]
) -> None:
    """The browser's turn comes at once by default: no other way is left, and the page is there all the same."""
    ada = make_user("Ada")
    browser = method(ada, "browser", "")
    method(ada, "email", ada.email, disabled_at=NOW)
    rules(ada, (browser, 0), (method(ada, "email", "a@x.org"), 0))
    mail.always = TransportError("550 no.", permanent=True)
    page(ada.pk)
    send_due()
    details = said(heard)
    assert details == [("email", "550 no. It has gone out by This browser.")]


def test_row_15_a_backlog_expires_and_nothing_is_replayed(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport, heard: list[tuple[str, str]]
) -> None:
    ada = make_user("Ada")
    rules(ada, (method(ada, "email", "a@x.org"), 0), (method(ada, "browser", ""), 60))
    for number in range(3):
        page(ada.pk, key=f"{number}/0/0", lane=f"svc:{number}")
    clock.shift(dt.timedelta(minutes=31))
    assert send_due() == 0
    assert (mail.sent, browser_toast.sent) == ([], [])
    assert table("channel", "status") == [("email", "failed"), ("browser", "pending")] * 3
    assert [detail[:8] for _channel, detail in said(heard)] == ["Expired:"] * 3


def test_a_brought_forward_page_still_ends_at_its_own_time(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport
) -> None:
    ada = make_user("Ada")
    rules(ada, (method(ada, "email", "a@x.org"), 0), (method(ada, "browser", ""), 10))
    mail.always = browser_toast.always = TransportError("busy")
    page(ada.pk)
    send_due()
    clock.shift(dt.timedelta(minutes=41))
    send_due()
    send_due()
    assert {status for (status,) in table("status")} == {"failed"}


def test_one_provider_that_hangs_and_one_that_breaks_hold_up_nobody(
    local: None, twilio: Api, slack: Api, port: FakePort, mail: FakeTransport, settings: Any
) -> None:
    """Twilio says nothing, Slack answers 500: mail to ten people leaves within the time of one call each."""
    settings.PROVIDER_TIMEOUT = 0.5
    twilio.hangs = 3
    slack.answers = [(500, {}, {})] * 200
    now = dt.datetime.now(tz=dt.UTC)
    people = [make_user(f"P{number}") for number in range(10)]
    for number, user in enumerate(people):
        own = [
            method(user, "sms", f"+4915123456{number:03}", verified_at=now),
            method(user, "slack", f"{MEMBER}{number}", verified_at=now),
            method(user, "email", user.email, verified_at=now),
        ]
        rules(user, *((each, 0) for each in own))
    begun = time.monotonic()
    page(*(user.pk for user in people), now=now)
    send_due()
    assert len(mail.sent) == 10
    # Five calls of half a second until Twilio is left alone, the rest at once; the machine may be busy.
    assert time.monotonic() - begun < 5 * 0.5 + 15
    assert len(twilio.calls) <= 5
    assert {status for status, channel in table("status", "channel") if channel == "email"} == {"sent"}
    assert all(
        "did not answer" in error or "No answer" in error or "has not been answering" in error
        for error, channel in table("error", "channel")
        if channel == "sms"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_default_steps_use_what_the_person_has(
    clock: Clock, count: int, django_assert_num_queries: Any
) -> None:
    people = [make_user(f"P{number}") for number in range(count)]
    for user in people:
        method(user, "voice")
        method(user, "sms")
        method(user, "push", "Chrome 12ab")
        method(user, "push", "Safari 34cd")
        method(user, "sms", "+4915100000000", verified_at=None)
    with django_assert_num_queries(3):
        loaded = reach.load([user.pk for user in people], NOW)
    for user in people:
        steps = [
            (step.delay_minutes, step.method.channel) for step in reach.steps_of(loaded[user.pk], "high")
        ]
        assert steps == [
            (0, "email"),
            (0, "browser"),
            (0, "push"),
            (0, "push"),
            (0, "sms"),
            (2, "voice"),
            (5, "email"),
        ]
        names = [step.name for step in reach.steps_of(loaded[user.pk], "high")]
        assert (names[:2], names[4:], len(set(names))) == (
            ["default", "default-2"],
            ["default-sms", "default-voice", "default-3"],
            7,
        )
        assert [step.method.channel for step in reach.steps_of(loaded[user.pk], "low")] == ["email"]


def test_somebody_with_a_telephone_alone_is_reached(clock: Clock) -> None:
    ada = make_user("Ada")
    method(ada, "email", ada.email, disabled_at=NOW)
    method(ada, "browser", "", disabled_at=NOW)
    method(ada, "voice")
    person = reach.load([ada.pk], NOW)[ada.pk]
    for urgency, minutes in (("high", 2), ("low", 0)):
        steps = reach.steps_of(person, urgency)
        assert [(step.method.channel, step.delay_minutes) for step in steps] == [("voice", minutes)]
