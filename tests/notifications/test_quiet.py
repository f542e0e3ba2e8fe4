"""Quiet hours: the arithmetic, what they hold and what never, and who may set them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifications import selectors
from notifications.actions.messages import request_message
from notifications.actions.quiet import set_quiet_hours
from notifications.models import Delivery, QuietHours
from notifications.quiet import inside, postponed
from notifications.sending import send_due
from tests.factories import People, make_people, make_user
from tests.notifications.support import NOW, page, table

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
)
MINUTE = dt.timedelta(minutes=1)
API = "/api/v1/users/me/quiet-hours/"
Clock = time_machine.Traveller


@dataclass(frozen=True)
class Hours:
    starts: dt.time
    ends: dt.time


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


minutes = st.integers(0, 1439).map(lambda n: dt.time(n // 60, n % 60))
instants = st.integers(0, 3 * 366 * 1440).map(lambda n: utc(2025, 1, 1) + n * MINUTE)
SPRING = utc(2026, 3, 29, 1, 0)
AUTUMN = utc(2026, 10, 25, 1, 0)
near = st.builds(
    lambda moment, n: moment + n * MINUTE, st.sampled_from([SPRING, AUTUMN]), st.integers(-300, 300)
)


@settings(max_examples=150, deadline=None)
@given(at=instants | near, starts=minutes, ends=minutes, name=st.sampled_from(ZONES))
@example(at=utc(2026, 3, 28, 23, 0), starts=dt.time(22), ends=dt.time(2, 30), name="Europe/Berlin")
@example(at=utc(2026, 10, 25, 1, 10), starts=dt.time(22), ends=dt.time(2, 30), name="Europe/Berlin")
@example(at=utc(2026, 10, 24, 22, 0), starts=dt.time(22), ends=dt.time(2, 30), name="Europe/Berlin")
def test_it_ends_at_the_first_minute_that_is_not_quiet(
    at: dt.datetime, starts: dt.time, ends: dt.time, name: str
) -> None:
    if starts == ends:
        return
    hours, zone = Hours(starts, ends), zoneinfo.ZoneInfo(name)
    expected = at
    while inside(expected, hours, zone):
        expected += MINUTE
    assert postponed(at, hours, zone) == expected


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NIGHT = Hours(dt.time(22), dt.time(7))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (utc(2026, 11, 20, 20, 59), utc(2026, 11, 20, 20, 59)),
        (utc(2026, 11, 20, 21, 0), utc(2026, 11, 21, 6, 0)),
        (utc(2026, 11, 20, 3, 0), utc(2026, 11, 20, 6, 0)),
        (utc(2026, 11, 20, 6, 0), utc(2026, 11, 20, 6, 0)),
        # The nights in which the clocks change: seven in the morning is an hour earlier or later.
        (utc(2026, 3, 28, 22, 0), utc(2026, 3, 29, 5, 0)),
        (utc(2026, 10, 24, 21, 0), utc(2026, 10, 25, 6, 0)),
    ],
)
def test_a_night_in_berlin(at: dt.datetime, until: dt.datetime) -> None:
    assert postponed(at, NIGHT, BERLIN) == until


def test_without_quiet_hours_nothing_waits() -> None:
    assert postponed(NOW, None, BERLIN) == NOW


def sleeper() -> Any:
    """Somebody in Berlin, where it is 04:00 now, who sleeps until seven."""
    ada = make_user("Ada", time_zone="Europe/Berlin")
    QuietHours.objects.create(user=ada, starts=dt.time(22), ends=dt.time(7))
    return ada


SEVEN = utc(2026, 11, 20, 6, 0)


@pytest.mark.django_db
def test_what_can_wait_waits_and_expires_from_then_on(clock: Clock) -> None:
    ada = sleeper()
    page(ada.pk, urgency="low")
    assert table("due_at", "expires_at") == [(SEVEN, SEVEN + dt.timedelta(minutes=30))]
    assert send_due() == 0
    clock.move_to(SEVEN)
    assert send_due() == 1
    assert table("status") == [("sent",)]


@pytest.mark.django_db
def test_high_urgency_never_waits(clock: Clock) -> None:
    ada = sleeper()
    page(ada.pk, urgency="high")
    due = [row[0] - NOW for row in table("due_at")]
    assert due == [dt.timedelta(), dt.timedelta(), dt.timedelta(minutes=5)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("category", "urgency", "until"),
    [
        ("update", "low", SEVEN),
        ("reminder", "low", SEVEN),
        ("update", "high", NOW),
        ("account", "low", NOW),
        ("test", "low", NOW),
    ],
)
def test_messages_wait_unless_somebody_is_waiting_for_them(
    clock: Clock, category: str, urgency: str, until: dt.datetime
) -> None:
    row = request_message(
        key="m",
        category=category,
        user_id=sleeper().pk,
        title="t",
        body="",
        url_path="",
        urgency=urgency,
        now=NOW,
    )
    assert row is not None and row.expires_at is not None
    assert (row.due_at, row.expires_at > until) == (until, True)


@pytest.mark.django_db
def test_quiet_hours_cost_no_statement(django_assert_num_queries: Any, clock: Clock) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(*users: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            page(*(user.pk for user in users), urgency="low", key=f"{users[0].pk}/0/0")
        return len(found)

    without = cost(make_user("Bo"))
    assert {cost(sleeper()), cost(sleeper(), sleeper(), sleeper())} == {without}
    assert Delivery.objects.filter(due_at=SEVEN).count() == 4


@pytest.mark.django_db
def test_the_preview_tells_when_it_would_come(clock: Clock) -> None:
    ada = sleeper()
    assert [step.at for step in selectors.preview(ada, "low", NOW)] == [SEVEN]
    assert selectors.preview(ada, "high", NOW)[0].at == NOW


@pytest.fixture
def people(db: None, clock: Clock) -> People:
    return make_people()


def test_a_person_sets_and_removes_them_on_the_page(people: People) -> None:
    browser = people.browser("owner")
    url = "/settings/notifications/quiet-hours/"
    assert browser.post(url, {"starts": "22:00", "ends": "06:30"}).status_code == 302
    assert QuietHours.objects.values_list("user_id", "starts", "ends").get() == (
        people.owner.pk,
        dt.time(22),
        dt.time(6, 30),
    )
    shown = browser.get("/settings/notifications/").content.decode()
    assert 'value="22:00"' in shown and "From 22:00 to 06:30" in shown
    for wrong in ({"starts": "22:00", "ends": "22:00"}, {"starts": "25:00", "ends": "x"}, {}):
        assert browser.post(url, wrong).status_code == 422, wrong
    assert browser.get(url).status_code == 302
    assert browser.get(f"{url}remove/").status_code == 405
    assert browser.post(f"{url}remove/").status_code == 302
    assert QuietHours.objects.exists() is False


def test_the_api(people: People) -> None:
    api = people.api("owner")
    assert api.get(API).status_code == 404
    made = api.put(API, {"starts": "22:00", "ends": "07:00"})
    assert (made.status_code, made.json()) == (
        200,
        {"starts": "22:00", "ends": "07:00", "time_zone": str(people.owner.zone)},
    )
    assert api.get(API).json() == made.json()
    same = api.put(API, {"starts": "07:00", "ends": "07:00"})
    assert (same.status_code, list(same.json()["errors"])) == (400, ["ends"])
    wrong = api.put(API, {"starts": "7 pm"})
    assert (wrong.status_code, sorted(wrong.json()["errors"])) == (400, ["ends", "starts"])
    for who in ("teammate", "support", "stranger", "admin"):
        assert people.api(who).get(API).status_code == 404
    assert people.api("owner", scopes=["read"]).delete(API).status_code == 403
    assert people.api("owner", team=people.team).delete(API).status_code == 403
    assert api.delete(API).status_code == 204
    assert QuietHours.objects.exists() is False


@pytest.mark.parametrize(("who", "allowed"), [("owner", True), ("admin", True), ("teammate", False)])
def test_only_the_person_and_admins_may(people: People, who: str, allowed: bool) -> None:
    from core.errors import NotVisible
    from teams.models import AuditEntry

    values = {"user_id": people.owner.pk, "starts": dt.time(1), "ends": dt.time(2)}
    if not allowed:
        with pytest.raises(NotVisible):
            set_quiet_hours(actor=people.actor(who), **values)
        return
    set_quiet_hours(actor=people.actor(who), **values)
    recorded = AuditEntry.objects.filter(verb="quiet hours set").count()
    assert recorded == (1 if who == "admin" else 0)
