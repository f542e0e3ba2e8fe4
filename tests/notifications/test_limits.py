"""Delivery limits: what they change, who may change them, and that they cost the senders nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from notifications import limits
from notifications.actions.limits import set_limits
from notifications.models import Delivery, DeliveryLimits
from notifications.sending import send_due
from tests.factories import People, make_people, make_user
from tests.notifications.support import NOW, FakeTransport, page, table

pytestmark = pytest.mark.django_db
API = "/api/v1/delivery-limits/"
PAGE = "/settings/delivery-limits/"
USUAL = {"singles": 5, "window_seconds": 60, "hold_seconds": 30, "expire_minutes": 30}
Clock = time_machine.Traveller


@pytest.fixture
def people(clock: Clock) -> People:
    limits.forget()
    return make_people()


def changed(people: People, **values: int) -> DeliveryLimits:
    row = set_limits(actor=people.actor("admin"), now=NOW, **{**USUAL, **values})
    limits.forget()
    return row


def test_without_a_row_the_defaults_count(people: People) -> None:
    assert limits.current() == limits.Limits(
        5, dt.timedelta(seconds=60), dt.timedelta(seconds=30), dt.timedelta(minutes=30)
    )


def test_the_senders_use_them(people: People, mail: FakeTransport) -> None:
    changed(people, singles=1, hold_seconds=7, expire_minutes=2)
    ada = make_user("Ada")
    for number in range(4):
        page(ada.pk, key=f"{number}/0/0", subject=f"incident:{number}", urgency="low")
    send_due()
    first, second, *rest = Delivery.objects.order_by("pk")
    # The first page of a service and one more; the others wait for their bundle.
    assert (first.status, second.status) == ("sent", "sent")
    assert {row.hold_until for row in rest} == {NOW + dt.timedelta(seconds=7)}
    assert {row.expires_at for row in rest} == {NOW + dt.timedelta(minutes=2)}


def test_they_are_remembered_for_a_few_seconds(people: People, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        limits.current()
        limits.current()
    DeliveryLimits.objects.create(singles=9)
    assert limits.current().singles == 5
    limits.remember(limits.current(), seconds=0)
    assert limits.current().singles == 9


def test_the_process_that_changes_them_follows_at_once(
    people: People, django_capture_on_commit_callbacks: Any
) -> None:
    assert limits.current().singles == 5
    with django_capture_on_commit_callbacks(execute=True):
        set_limits(actor=people.actor("admin"), now=NOW, **{**USUAL, "singles": 3})
    assert limits.current().singles == 3


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"singles": 0}, "singles"),
        ({"singles": 1001}, "singles"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"window_seconds": 3601}, "window_seconds"),
        ({"hold_seconds": -1}, "hold_seconds"),
        ({"expire_minutes": 1441}, "expire_minutes"),
        ({"hold_seconds": 60, "expire_minutes": 1}, "hold_seconds"),
    ],
)
def test_bounds_have_reasons(people: People, values: dict[str, int], field: str) -> None:
    answer = people.api("admin").put(API, {**USUAL, **values})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    shown = people.browser("admin").post(PAGE, {**USUAL, **values})
    assert (shown.status_code, DeliveryLimits.objects.count()) == (422, 0)


def test_admins_alone(people: People) -> None:
    for who, code in (("owner", 404), ("teammate", 404), ("support", 404), ("stranger", 404), ("admin", 200)):
        assert people.api(who).get(API).status_code == code, who
        assert people.api(who).put(API, USUAL).status_code == code, who
        assert people.browser(who).get(PAGE).status_code == code, who
        assert people.browser(who).post(PAGE, USUAL).status_code == (302 if code == 200 else 404), who
    assert people.api("admin", scopes=["read"]).put(API, USUAL).status_code == 403


def test_page_api_and_audit_agree(people: People) -> None:
    from teams.models import AuditEntry

    browser = people.browser("admin")
    assert browser.post(PAGE, {**USUAL, "singles": 8}).status_code == 302
    shown = browser.get(PAGE).content.decode()
    assert "at most 8 single pages in 60 seconds" in shown
    found = people.api("admin").get(API).json()
    assert {name: found[name] for name in USUAL} == {**USUAL, "singles": 8}
    assert AuditEntry.objects.get(object_type="delivery_limits").data == {"singles": [5, 8]}
    assert people.api("admin").put(API, {}).status_code == 400
    assert people.api("admin").put(API, {**USUAL, "singles": "many"}).status_code == 400
    assert browser.get("/settings/").content.decode().count(PAGE) > 0
    assert people.browser("owner").get("/settings/").content.decode().count(PAGE) == 0


def test_in_django_admin(people: People) -> None:
    changed(people)
    browser = people.browser("admin")
    for model in ("deliverylimits", "quiethours"):
        assert browser.get(f"/admin/notifications/{model}/").status_code == 200
    assert table("pk") == []
