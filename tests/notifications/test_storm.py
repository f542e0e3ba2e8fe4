"""Pace and bundles: a storm becomes a handful of messages, and first pages never wait."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection

from notifications.actions.pages import withdraw
from notifications.models import Delivery
from notifications.sending import send_due
from notifications.transports.base import TransportError
from tests.factories import make_user
from tests.notifications.support import FakeTransport, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def storm(user_id: int, count: int, lane: str = "svc:7", start: int = 0) -> None:
    for number in range(start, start + count):
        page(
            user_id,
            key=f"{lane}-{number}/0/0",
            subject=f"incident:{number}",
            lane=lane,
            title=f"Alarm {number}",
            urgency="low",
            now=dt.datetime.now(tz=dt.UTC),
        )


def states() -> dict[str, int]:
    rows = Delivery.objects.exclude(origin="bundle").values_list("status", flat=True)
    return {status: list(rows).count(status) for status in sorted(set(rows))}


def test_a_storm_becomes_a_handful_of_messages(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 200)
    send_due()
    assert [message.title for message in mail.sent] == [f"Alarm {number}" for number in range(6)]
    assert states() == {"pending": 194, "sent": 6}
    clock.shift(dt.timedelta(seconds=30))
    send_due()
    assert states() == {"bundled": 194, "sent": 6}
    bundle = mail.sent[6]
    assert bundle.title == "194 more pages: Alarm 6, Alarm 7, Alarm 8"
    assert (len(bundle.lines), bundle.more, bundle.url_path) == (20, 174, "/")
    assert (bundle.lines[0].title, bundle.acknowledge_url) == ("Alarm 6", "")
    assert (len(mail.sent), send_due()) == (7, 0)


def test_the_first_page_of_another_service_overtakes_the_storm(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 50)
    send_due()
    storm(ada.pk, 1, lane="svc:8")
    send_due()
    assert mail.sent[-1].title == "Alarm 0"
    assert len(mail.sent) == 7


def test_a_first_page_outranks_older_ones_that_wait(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 3)
    storm(ada.pk, 1, lane="svc:8", start=100)
    send_due()
    assert [message.title for message in mail.sent] == ["Alarm 0", "Alarm 100", "Alarm 1", "Alarm 2"]


def test_a_storm_for_one_person_does_not_slow_another(clock: Clock, mail: FakeTransport) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    storm(ada.pk, 30)
    storm(bo.pk, 3, lane="svc:9")
    send_due()
    assert sum(message.user_id == bo.pk for message in mail.sent) == 3


def test_what_is_withdrawn_while_it_waits_drops_out(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 10)
    send_due()
    for number in (7, 8):
        assert withdraw(subject_key=f"incident:{number}", reason="Acknowledged", now=clock_now()) == 1
    clock.shift(dt.timedelta(seconds=30))
    send_due()
    assert [line.title for line in mail.sent[-1].lines] == ["Alarm 6", "Alarm 9"]


def test_one_that_waits_alone_goes_as_it_is(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 7)
    send_due()
    clock.shift(dt.timedelta(seconds=30))
    send_due()
    assert (mail.sent[-1].title, mail.sent[-1].lines) == ("Alarm 6", ())
    assert states() == {"sent": 7}


def test_pages_that_come_while_others_wait_join_them(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 8)
    send_due()
    clock.shift(dt.timedelta(seconds=20))
    storm(ada.pk, 5, start=8)
    send_due()
    clock.shift(dt.timedelta(seconds=10))
    send_due()
    assert len(mail.sent) == 7
    assert mail.sent[-1].title == "7 more pages: Alarm 6, Alarm 7, Alarm 8"


def test_a_bundle_that_is_not_accepted_is_tried_again_with_what_is_left(
    clock: Clock, mail: FakeTransport
) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 9)
    send_due()
    clock.shift(dt.timedelta(seconds=30))
    mail.answers = [TransportError("busy")]
    send_due()
    withdraw(subject_key="incident:6", reason="Acknowledged", now=clock_now())
    clock.shift(dt.timedelta(seconds=5))
    send_due()
    assert [line.title for line in mail.sent[-1].lines] == ["Alarm 7", "Alarm 8"]
    assert mail.sent[-1].key == mail.sent[-2].key
    assert states() == {"bundled": 2, "sent": 6, "withdrawn": 1}


def test_a_bundle_whose_pages_are_all_withdrawn_is_not_sent(clock: Clock, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 8)
    send_due()
    clock.shift(dt.timedelta(seconds=30))
    mail.answers = [TransportError("busy")]
    send_due()
    for number in (6, 7):
        withdraw(subject_key=f"incident:{number}", reason="Acknowledged", now=clock_now())
    clock.shift(dt.timedelta(seconds=5))
    sent = len(mail.sent)
    send_due()
    assert len(mail.sent) == sent
    assert Delivery.objects.get(origin="bundle").status == "withdrawn"


def test_a_refused_bundle_takes_every_page_another_way(
    clock: Clock, mail: FakeTransport, browser_toast: FakeTransport
) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 8)
    send_due()
    clock.shift(dt.timedelta(seconds=30))
    mail.always = TransportError("550 no.", permanent=True)
    send_due()
    assert Delivery.objects.get(origin="bundle").status == "failed"
    assert [message.title for message in browser_toast.sent] == ["Alarm 6", "Alarm 7"]


def clock_now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_eight_senders_send_each_of_fifty_once(mail: FakeTransport) -> None:
    people = [make_user().pk for _ in range(50)]
    for user in people:
        page(user, key=f"{user}/0/0", urgency="low", now=clock_now())
    failures: list[BaseException] = []

    def work() -> None:
        try:
            send_due()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(message.user_id or 0 for message in mail.sent) == people
    assert {(status, count) for status, count in table("status", "attempts")} == {("sent", 1)}


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_eight_senders_in_a_storm_and_an_acknowledge_end_without_a_deadlock(mail: FakeTransport) -> None:
    ada = make_user("Ada")
    storm(ada.pk, 60)
    failures: list[BaseException] = []

    def work(job: object) -> None:
        try:
            job()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def acknowledge() -> None:
        for number in range(0, 60, 2):
            withdraw(subject_key=f"incident:{number}", reason="Acknowledged", now=clock_now())

    jobs = [send_due] * 7 + [acknowledge]
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(mail.sent) <= 1 + 5 + 7
    assert Delivery.objects.filter(status="sending").count() == 0
