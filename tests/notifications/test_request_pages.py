from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.actions.pages import withdraw
from notifications.actions.rules import RuleStep, set_rules
from notifications.choices import Priority
from notifications.models import ContactMethod, Delivery
from notifications.selectors import reachability
from tests.factories import actor_of, make_user
from tests.notifications.support import NOW, page, table

pytestmark = pytest.mark.django_db


def minutes(row: Delivery) -> int:
    return int((row.due_at - NOW).total_seconds() // 60)


def test_a_person_without_rules_is_reached_by_the_defaults() -> None:
    ada = make_user("Ada")
    assert page(ada.pk) == {ada.pk: ""}
    rows = list(Delivery.objects.order_by("pk"))
    assert [(row.key, row.channel, minutes(row), row.priority) for row in rows] == [
        (f"1/0/0/{ada.pk}/default", "email", 0, Priority.FIRST_PAGE),
        (f"1/0/0/{ada.pk}/default-2", "browser", 0, Priority.FIRST_PAGE),
        (f"1/0/0/{ada.pk}/default-3", "email", 5, Priority.PAGE),
    ]
    assert {row.address for row in rows if row.channel == "email"} == {ada.email}
    assert {row.expires_at - row.due_at for row in rows} == {dt.timedelta(minutes=30)}


def test_low_urgency_is_one_mail() -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    assert table("channel", "urgency") == [("email", "low")]


def test_own_rules_take_the_place_of_the_defaults() -> None:
    ada = make_user("Ada")
    phone = ContactMethod.objects.create(user=ada, channel="email", address="phone@x.org", verified_at=NOW)
    rule = set_rules(actor=actor_of(ada), user_id=ada.pk, urgency="high", steps=[RuleStep(2, phone.pk)])[0]
    page(ada.pk)
    assert [(row.key, row.address, minutes(row)) for row in Delivery.objects.all()] == [
        (f"1/0/0/{ada.pk}/{rule.pk}", "phone@x.org", 2)
    ]


def test_rules_whose_methods_cannot_be_used_leave_the_defaults() -> None:
    ada = make_user("Ada")
    phone = ContactMethod.objects.create(user=ada, channel="email", address="phone@x.org", verified_at=NOW)
    set_rules(actor=actor_of(ada), user_id=ada.pk, urgency="high", steps=[RuleStep(0, phone.pk)])
    ContactMethod.objects.filter(pk=phone.pk).update(disabled_at=NOW)
    assert page(ada.pk) == {ada.pk: ""}
    assert table("channel", "address") == [("email", ada.email), ("browser", ""), ("email", ada.email)]


def test_the_same_request_again_writes_nothing() -> None:
    ada = make_user("Ada")
    page(ada.pk)
    before = table("pk", "key")
    assert page(ada.pk) == {ada.pk: ""}
    assert table("pk", "key") == before


def test_who_cannot_be_reached_is_named_with_the_reason() -> None:
    ada, gone = make_user("Ada"), make_user("Gone", is_active=False)
    mute = make_user("Mute")
    for channel, address in (("email", mute.email), ("browser", "")):
        ContactMethod.objects.create(
            user=mute, channel=channel, address=address, verified_at=NOW, disabled_at=NOW
        )
    expected = {
        ada.pk: "",
        gone.pk: "is deactivated",
        mute.pk: "has no usable contact method",
        999_999: "the person was deleted",
    }
    ids = [ada.pk, gone.pk, mute.pk, 999_999]
    assert reachability(ids, "high") == expected
    assert page(*ids) == expected
    assert set(Delivery.objects.values_list("user_id", flat=True)) == {ada.pk}


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_number_of_statements_does_not_grow_with_people(count: int) -> None:
    ids = [make_user().pk for _ in range(count)]
    page(*ids, key="0/0/0")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page(*ids, key="2/0/0")
    assert len(queries) == 5  # people, methods, rules, recent pages, insert


def test_only_the_first_page_of_a_service_goes_first() -> None:
    ada = make_user("Ada")
    for number, lane in enumerate(["svc:7", "svc:7", "svc:8"]):
        page(ada.pk, key=f"{number}/0/0", lane=lane, urgency="low")
    assert table("origin", "priority") == [
        ("svc:7", Priority.FIRST_PAGE),
        ("svc:7", Priority.PAGE),
        ("svc:8", Priority.FIRST_PAGE),
    ]
    page(ada.pk, key="9/0/0", urgency="low", now=NOW + dt.timedelta(minutes=6))
    assert table("priority")[-1] == (Priority.FIRST_PAGE,)


def test_withdrawing_takes_back_what_has_not_left_and_nothing_else() -> None:
    ada = make_user("Ada")
    page(ada.pk, key="1/0/0", subject="incident:1")
    page(ada.pk, key="2/0/0", subject="incident:2", urgency="low")
    Delivery.objects.filter(channel="browser").update(status="sent", sent_at=NOW, finished_at=NOW)
    Delivery.objects.create(
        key="hook-1", category="event", channel="webhook", lane="hook:1", due_at=NOW, subject_key="incident:1"
    )
    assert withdraw(subject_key="incident:1", reason="Acknowledged by Ada", now=NOW) == 2
    assert withdraw(subject_key="incident:1", reason="Acknowledged by Ada", now=NOW) == 0
    assert table("key", "status", "error") == [
        (f"1/0/0/{ada.pk}/default", "withdrawn", "Acknowledged by Ada"),
        (f"1/0/0/{ada.pk}/default-2", "sent", ""),
        (f"1/0/0/{ada.pk}/default-3", "withdrawn", "Acknowledged by Ada"),
        (f"2/0/0/{ada.pk}/default", "pending", ""),
        ("hook-1", "pending", ""),
    ]
    assert withdraw(source="run:2", reason="Stopped", now=NOW) == 1


def test_withdrawing_needs_to_know_what() -> None:
    with pytest.raises(ValueError, match="what to withdraw"):
        withdraw(reason="x", now=NOW)
