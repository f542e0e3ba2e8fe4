"""From an announcement to one message each: who is concerned, in batches, once, whatever dies in between."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock as our_clock
from core import housekeeping
from core.crypto import unseal
from statuspage.actions import Window, set_component_status
from statuspage.actions.subscribers import end
from statuspage.announcing import announce_reminder, announce_update
from statuspage.choices import SubscriberState
from statuspage.fanout import claims, outcomes, queueing, sending
from statuspage.fanout.queueing import fan_out, queue_batch
from statuspage.fanout.sending import send_due
from statuspage.models import Announcement, StatusPage, Subscriber, SubscriberMessage
from tests.notifications.support import smtp_server
from tests.statuspage.subscribing import mails, messages, subscriber, work
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
EVIL = "<img src=x onerror=alert(1)>\r\nBcc: all@example.com\r\n\r\n<script>alert(2)</script>"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world, parts=("Website", "API"))


def told() -> list[str]:
    """Names of those a message was queued for since it was last asked, sorted."""
    fan_out()
    found = sorted(
        unseal(row.subscriber.address).partition("@")[0] for row in SubscriberMessage.objects.all()
    )
    SubscriberMessage.objects.all().delete()
    return found


def test_who_hears_of_what(world: World, shop: StatusPage) -> None:
    web, api = part(shop), part(shop, "API")
    elsewhere = make_page(world, "elsewhere")
    notice = tell(world, shop, component_ids=[web.pk])
    other = tell(world, shop, title="Other", component_ids=[])
    assert told() == []
    people: dict[str, dict[str, Any]] = {
        "all": {},
        "web": {"parts": [web]},
        "api": {"parts": [api]},
        "notice": {"notice": notice},
        "other": {"notice": other},
        "asked": {"state": SubscriberState.PENDING, "confirmed_at": None},
        "ended": {"state": SubscriberState.ENDED},
        "paused": {"state": SubscriberState.QUARANTINED},
    }
    for name, options in people.items():
        subscriber(shop, f"{name}@example.com", **options)
    subscriber(elsewhere, "elsewhere@example.com")
    subscriber(shop, "https://hook/", kind="webhook")
    hook = "https://hook/"
    say(world, notice)
    assert told() == ["all", hook, "notice", "web"]
    # Webhooks hear of the component too.
    say(world, notice, statuses={api.pk: "partial_outage"})
    assert told() == ["all", "api", hook, hook, "notice", "web"]
    say(world, other)
    assert told() == ["all", "api", hook, "other", "web"]
    set_component_status(actor=world.actor("bo"), component_id=web.pk, status="major_outage")
    assert told() == [hook]
    say(world, notice, deliver=False)
    assert told() == []
    planned = tell(world, shop, title="Planned", component_ids=[], kind="maintenance", window=_window())
    assert told() == ["all", "api", hook, "web"]
    announce_reminder(planned, our_clock.now())
    assert told() == ["all", "api", hook, "web"]


def _window() -> Window:
    starts_at = our_clock.now() + dt.timedelta(hours=2)
    return Window(starts_at=starts_at, ends_at=starts_at + dt.timedelta(hours=1))


def test_who_follows_page_and_notice_is_told_once(world: World, shop: StatusPage) -> None:
    notice = tell(world, shop)
    both = [
        subscriber(shop, "ada@example.com"),
        subscriber(shop, "ada@example.com", notice=notice),
        subscriber(shop, "bo@example.com", parts=[part(shop, "API")]),
        subscriber(shop, "bo@example.com", notice=notice),
    ]
    say(world, notice)
    fan_out()
    assert messages("subscriber_id") == [both[0].pk, both[3].pk]


def test_whoever_came_later_is_not_told_of_before(world: World, shop: StatusPage) -> None:
    with time_machine.travel(NOW) as clock:
        tell(world, shop)
        clock.shift(60)
        subscriber(shop)
        assert fan_out() == 0
        assert Announcement.objects.get().done_at is not None


def test_a_killed_worker_goes_on_where_it_stopped(
    world: World, shop: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [subscriber(shop) for _ in range(7)]
    tell(world, shop)
    first = queue_batch(3)
    assert first is not None
    assert (first.queued, first.done) == (3, False)
    # Killed between the statement and the cursor: neither stays.
    with monkeypatch.context() as patch:
        patch.setattr(queueing, "wake", lambda name: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            queue_batch(3)
    assert len(messages("pk")) == 3
    while queue_batch(3):
        pass
    # A cursor that was lost finds what is there already.
    Announcement.objects.update(after=0, done_at=None)
    while queue_batch(3):
        pass
    assert messages("subscriber_id") == [row.pk for row in rows]
    assert Announcement.objects.get().queued == 7


def test_queueing_costs_the_same_for_one_and_for_many(world: World, shop: StatusPage) -> None:
    queued, sent = [], []
    for more in (1, 2):
        for _ in range(more):
            subscriber(shop)
        tell(world, shop)
        with CaptureQueriesContext(connection) as found:
            queue_batch()
        queued.append(len(found))
        with CaptureQueriesContext(connection) as found:
            sending._mails()
        sent.append(len(found))
    assert len(mails()) == 4
    assert queued[0] == queued[1]
    # One look, one mail that is kept, and what became of it.
    assert (sent[1] - sent[0]) / 2 <= 6


def test_what_a_mail_says_and_carries(world: World, shop: StatusPage) -> None:
    row = subscriber(shop)
    notice = tell(world, shop, title=EVIL, body=EVIL)
    say(world, notice, EVIL, next_update_at=our_clock.now() + dt.timedelta(hours=1))
    work()
    first, second = mails()
    message = SubscriberMessage.objects.order_by("pk")[0]
    thread = f"<notice.{notice.public_id}@127.0.0.1>"
    stop = first.headers["List-Unsubscribe"]
    assert stop.startswith(f"<http://127.0.0.1:8000/status/shop/unsubscribe/{row.public_id}.")
    assert first.headers == {
        "Message-ID": f"<{message.key.hex}@127.0.0.1>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "bulk",
        "List-Id": "<shop.status.127.0.0.1>",
        "List-Unsubscribe": stop,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "References": thread,
        "In-Reply-To": thread,
    }
    assert (second.headers["References"], stop[1:-1] in first.text) == (thread, True)
    assert second.headers["Message-ID"] != first.headers["Message-ID"]
    for mail in (first, second):
        assert "\n" not in mail.subject and "\r" not in mail.subject
        assert "<script" not in mail.html and "<img" not in mail.html
        assert "&lt;script&gt;alert(2)" in mail.html
    assert "Next update by" in second.text


def test_mail_in_the_language_of_the_reader(world: World, shop: StatusPage) -> None:
    shop.languages, shop.time_zone = ["en", "de"], "Europe/Berlin"
    shop.save()
    subscriber(shop, language="de")
    subscriber(shop, language="ja")
    tell(world, shop, body_in={"de": "Wir schauen nach."}, title_in={"de": "Bestellungen scheitern"})
    work()
    german, english = mails()
    assert ("Bestellungen scheitern" in german.subject, "Wir schauen nach." in german.text) == (True, True)
    assert "/status/shop/de/incidents/" in german.text
    assert ("Orders fail" in english.subject, "We look into it." in english.text) == (True, True)


def test_a_sender_that_dies_before_it_wrote_sends_once_more_under_the_same_id(
    world: World, shop: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOW) as clock:
        subscriber(shop)
        tell(world, shop)
        fan_out()
        with monkeypatch.context() as patch:
            patch.setattr(outcomes, "accepted", lambda message: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                send_due()
        assert (send_due(), messages("state")) == (0, ["sending"])
        clock.shift(claims.MAILS.lease.total_seconds() + 1)
        work()
    one, two = mails()
    assert one.headers["Message-ID"] == two.headers["Message-ID"]
    assert messages("state", "attempts") == [("sent", 2)]


def test_a_late_sender_does_not_write_over_another(world: World, shop: StatusPage) -> None:
    with time_machine.travel(NOW) as clock:
        subscriber(shop)
        tell(world, shop)
        fan_out()
        _token, [late] = claims.claim(claims.MAILS)
        clock.shift(200)
        work()
        outcomes.failed(late, outcomes.Failure("Too late."))
        outcomes.dropped(late)
    assert messages("state", "error") == [("sent", "")]
    assert Subscriber.objects.get().last_error == ""


def test_who_leaves_meanwhile_gets_nothing_more(
    world: World, shop: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [subscriber(shop) for _ in range(3)]
    tell(world, shop)
    fan_out()
    end(page=shop, public_id=rows[0].public_id)
    # The last one leaves while the batch is on its way.
    accepted = outcomes.accepted

    def then_leaves(message: SubscriberMessage) -> None:
        accepted(message)
        end(page=shop, public_id=rows[2].public_id)

    monkeypatch.setattr(outcomes, "accepted", then_leaves)
    send_due()
    assert messages("state") == ["dropped", "sent", "dropped"]


def test_updates_of_one_notice_come_in_order(world: World, shop: StatusPage) -> None:
    with time_machine.travel(NOW) as clock:
        subscriber(shop)
        notice = tell(world, shop)
        fan_out()
        SubscriberMessage.objects.update(next_at=our_clock.now() + dt.timedelta(minutes=10))
        say(world, notice)
        tell(world, shop, title="Another")
        work()
        assert [mail.subject for mail in mails()] == ["[Shop] Investigating: Another"]
        clock.shift(601)
        work()
    assert messages("state") == ["sent", "sent", "sent"]
    assert [mail.text.count("More.") for mail in mails()] == [0, 0, 1]


def test_addresses_that_do_not_exist(world: World, shop: StatusPage, settings: Any) -> None:
    row = subscriber(shop, "gone@example.com")
    with smtp_server(b"550 5.1.1 <gone@example.com> no such user") as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
        notice = tell(world, shop)
        work()
        row.refresh_from_db()
        assert (row.state, row.failures, "gone@example.com" in row.last_error) == ("active", 1, False)
        say(world, notice)
        work()
        row.refresh_from_db()
        assert (row.state, row.failures) == ("bounced", 2)
        say(world, notice)
        work()
    assert messages("state") == ["failed", "failed"]


def test_trouble_of_the_mail_server_blames_nobody(world: World, shop: StatusPage, settings: Any) -> None:
    rows = [subscriber(shop) for _ in range(3)]
    with time_machine.travel(NOW) as clock:
        for row in rows:
            Subscriber.objects.filter(pk=row.pk).update(confirmed_at=None)
        with smtp_server(b"451 try later") as server:
            settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
            tell(world, shop)
            work()
        settings.EMAIL_URL = "smtp://127.0.0.1:1"
        for _time in range(3):
            clock.shift(3700)
            work()
        assert set(messages("state")) == {"pending"}
        with smtp_server() as server:
            settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
            clock.shift(3700)
            work()
            assert (len(server.mails), set(messages("state"))) == (3, {"sent"})
            assert Subscriber.objects.filter(failures=0, state="active", last_error="").count() == 3
        settings.EMAIL_URL = "smtp://127.0.0.1:1"
        tell(world, shop, title="Never heard")
        for _time in range(30):
            clock.shift(3700)
            work()
    assert messages("state").count("failed") == 3
    assert set(Subscriber.objects.values_list("state", flat=True)) == {"active"}


def test_nobody_to_tell_costs_nothing(world: World, shop: StatusPage) -> None:
    StatusPage.objects.filter(pk=shop.pk).update(takes_subscribers=False)
    shop.refresh_from_db()
    notice = tell(world, shop)
    assert Announcement.objects.count() == 0
    subscriber(shop)
    update = say(world, notice).updates.first()
    assert Announcement.objects.count() == 1
    assert update is not None
    notice.backfilled = True
    update.notice = notice
    assert announce_update(update, our_clock.now()) is None


def test_what_is_forgotten_and_when(world: World, shop: StatusPage) -> None:
    with time_machine.travel(NOW) as clock:
        long_ago = NOW - dt.timedelta(days=40)
        kept = subscriber(shop)
        notice = tell(world, shop)
        subscriber(shop, state="pending", asked_at=NOW, created_at=long_ago)
        for state, at in (("pending", 8), ("ended", 31), ("ended", 29)):
            moment = NOW - dt.timedelta(days=at)
            subscriber(shop, state=state, asked_at=moment, ended_at=moment)
        subscriber(shop, notice=notice)
        work()
        housekeeping.run(our_clock.now())
        assert sorted(Subscriber.objects.values_list("state", flat=True)) == [
            "active",
            "active",
            "ended",
            "pending",
        ]
        say(world, notice, status="resolved")
        clock.shift(dt.timedelta(days=31))
        housekeeping.run(our_clock.now())
        housekeeping.run(our_clock.now())
    assert list(Subscriber.objects.values_list("pk", flat=True)) == [kept.pk]
    assert messages("pk") == []
