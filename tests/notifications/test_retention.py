"""What is over goes after its days, in small steps; what still has to be sent stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError

from core import housekeeping
from core.models import IdempotentRequest, LiveEntry, OutboxEvent
from core.tasks import keep_house
from notifications.actions.pages import withdraw
from notifications.models import CapturedMail, Delivery, DeliveryAttempt
from notifications.sending import send_due
from tests.factories import make_user
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_sent_and_failed_deliveries_go_with_their_attempts_after_90_days(
    clock: time_machine.Traveller, mail: FakeTransport
) -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low", title="old")
    send_due()
    clock.shift(1)
    page(ada.pk, key="2/0/0", urgency="low", title="younger")
    send_due()
    assert (Delivery.objects.count(), DeliveryAttempt.objects.count()) == (2, 2)
    clock.move_to(NOW + 90 * DAY)
    keep_house()
    assert table("title") == [("old",), ("younger",)]
    clock.move_to(NOW + 90 * DAY + dt.timedelta(milliseconds=500))
    keep_house()
    assert table("title", "status") == [("younger", "sent")]
    assert DeliveryAttempt.objects.count() == 1


def test_what_is_still_due_never_goes(clock: time_machine.Traveller, mail: FakeTransport) -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low", title="waiting")
    page(ada.pk, key="2/0/0", urgency="low", title="being sent")
    Delivery.objects.filter(title="being sent").update(
        status="sending", lease_token="6f0f1e9e-5f0c-4d6f-9b0a-1c2d3e4f5a6b", lease_until=NOW
    )
    clock.shift(4000 * DAY)
    keep_house()
    assert sorted(table("title", "status")) == [("being sent", "sending"), ("waiting", "pending")]


def test_days_are_the_operators(clock: time_machine.Traveller, settings: Any) -> None:
    settings.KEEP_DELIVERIES_DAYS, settings.KEEP_MAIL_DAYS = 2, 1
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    send_due()
    clock.shift(DAY + dt.timedelta(seconds=1))
    keep_house()
    assert (Delivery.objects.count(), CapturedMail.objects.count()) == (1, 0)
    clock.shift(DAY)
    keep_house()
    assert Delivery.objects.count() == 0


def test_kept_mail_goes_after_seven_days(clock: time_machine.Traveller) -> None:
    for subject in ("old", "younger"):
        CapturedMail.objects.create(recipient="a@example.com", subject=subject, text="t", created_at=NOW)
    CapturedMail.objects.filter(subject="younger").update(created_at=NOW + DAY)
    clock.shift(7 * DAY)
    keep_house()
    assert CapturedMail.objects.count() == 2
    clock.shift(1)
    keep_house()
    assert list(CapturedMail.objects.values_list("subject", flat=True)) == ["younger"]


def test_withdrawn_pages_go_too(clock: time_machine.Traveller) -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    withdraw(source="run:1", reason="Acknowledged", now=NOW)
    clock.shift(91 * DAY)
    keep_house()
    assert Delivery.objects.count() == 0


def test_a_bundle_goes_without_its_younger_members(clock: time_machine.Traveller) -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low", title="bundle")
    page(ada.pk, key="2/0/0", urgency="low", title="member")
    bundle = Delivery.objects.get(title="bundle")
    Delivery.objects.filter(pk=bundle.pk).update(status="sent", sent_at=NOW, finished_at=NOW)
    Delivery.objects.filter(title="member").update(
        status="bundled", finished_at=NOW + DAY, bundled_into=bundle
    )
    clock.move_to(NOW + 90 * DAY + dt.timedelta(seconds=1))
    keep_house()
    assert table("title", "bundled_into") == [("member", None)]


def test_a_backlog_is_removed_in_bounded_steps(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    monkeypatch.setattr(housekeeping, "BATCHES", 2)
    CapturedMail.objects.bulk_create(
        CapturedMail(recipient="a@example.com", subject=str(each), text="t", created_at=NOW)
        for each in range(8)
    )
    clock.shift(8 * DAY)
    left = []
    # Three statements for a kind that has nothing to remove, and the batches of the one that has.
    most = 3 * len(housekeeping._kinds) + 13
    for _hour in range(3):
        with django_assert_max_num_queries(most):
            keep_house()
        left.append(CapturedMail.objects.count())
    assert left == [2, 0, 0]


def test_trouble_with_one_kind_stops_no_other(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: dt.datetime) -> Any:
        raise DatabaseError("no")

    kinds = {"broken": broken, **housekeeping._kinds}
    monkeypatch.setattr(housekeeping, "_kinds", kinds)
    CapturedMail.objects.create(recipient="a@example.com", subject="s", text="t", created_at=NOW - 8 * DAY)
    removed = housekeeping.run(NOW)
    assert "broken" not in removed
    assert removed["kept mail"] == 1


def test_facts_live_entries_and_answers_keep_their_times(clock: time_machine.Traveller) -> None:
    for age in (dt.timedelta(hours=25), 8 * DAY):
        OutboxEvent.objects.create(stream="s", kind="k", payload={}, status="done", created_at=NOW - age)
    OutboxEvent.objects.create(
        stream="s", kind="k", payload={}, status="dead", last_error="x", created_at=NOW - 80 * DAY
    )
    keep_house()
    assert sorted(OutboxEvent.objects.values_list("status", "created_at")) == [
        ("dead", NOW - 80 * DAY),
        ("done", NOW - dt.timedelta(hours=25)),
    ]
    assert {"events", "live entries", "answers", "deliveries", "kept mail"} <= set(housekeeping._kinds)
    assert (LiveEntry.objects.count(), IdempotentRequest.objects.count()) == (0, 0)
