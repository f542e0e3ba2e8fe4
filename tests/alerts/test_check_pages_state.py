"""What the pages of checks say and draw, and the pages of their locations."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from alerts.actions.check_locations import own_location
from alerts.checks import uptime
from alerts.choices import SourceKind
from alerts.models import Alert, Check, CheckLocation, CheckResult, CheckSpan
from alerts.views import check_figures as figures
from alerts.views import check_words as words
from core.crypto import digest
from tests.alerts.test_check_pages import DAY, EVERYBODY, SECOND, make_check, make_places, put, see, text
from tests.factories import signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("status", "length", "seen", "said"),
    [
        (
            "up",
            12 * DAY + 5 * HOUR,
            {"Dublin": True, "Frankfurt": True},
            "Up for 12 days, seen from 2 of 2 locations",
        ),
        ("up", HOUR, {"Dublin": True, "Frankfurt": False}, "Up for 1 hour, seen from 1 of 2 locations"),
        (
            "down",
            12 * MINUTE,
            {"Dublin": False, "Frankfurt": False},
            "Down for 12 minutes: 2 of 2 locations see it fail",
        ),
        (
            "unknown",
            40 * SECOND,
            {"Dublin": True},
            "Not checked for 40 seconds: 1 of 2 locations report, 2 are needed",
        ),
        ("paused", 3 * DAY, {}, "Paused for 3 days: nothing is checked and nobody is told"),
        ("waiting", MINUTE, {}, "Waiting for the first results: 0 of 2 locations have reported"),
    ],
)
def test_its_state_comes_first_in_words(
    status: str, length: dt.timedelta, seen: dict[str, bool], said: str
) -> None:
    world = make_world()
    check = make_check(world)
    put(check, (status, length), now=NOW)
    see(check, seen, NOW - 10 * SECOND)
    client = signed_in(world.bo)
    page = text(client.get(f"/checks/{check.pk}/"))
    assert said in page
    part = text(client.get(f"/checks/{check.pk}/", headers={"HX-Request": "true"}))
    assert said in part
    assert "<html" not in part
    if False in seen.values():
        assert "Connection refused &lt;b&gt;" in part


def test_what_is_too_old_counts_no_more() -> None:
    check = make_check(make_world())
    see(check, {"Dublin": True}, NOW - 220 * SECOND)
    see(check, {"Frankfurt": True}, NOW - 219 * SECOND)
    places = words.seen(check, check.runs.select_related("location").order_by("location__name"), NOW)
    assert [(place.name, place.state) for place in places] == [("Dublin", "old"), ("Frankfurt", "ok")]


def test_a_paused_check_blames_no_location() -> None:
    world = make_world()
    check = make_check(world)
    see(check, {"Dublin": True, "Frankfurt": True}, NOW - DAY)
    put(check, ("up", DAY), ("paused", HOUR), now=NOW)
    for path in ("/checks/", f"/checks/{check.pk}/"):
        page = text(signed_in(world.bo).get(path))
        assert (page.count("Not asked while paused"), "Too long ago" in page) == (2, False)


def test_a_page_asks_often_only_while_results_are_about_to_come() -> None:
    world = make_world()
    check = make_check(world)
    client = signed_in(world.bo)

    def every() -> str:
        return text(client.get(f"/checks/{check.pk}/")).partition('hx-trigger="every ')[2].partition("s")[0]

    assert every() == "3"
    check.runs.update(next_at=NOW - HOUR)
    assert every() == "30"
    check.runs.update(next_at=NOW + HOUR)
    assert every() == "30"
    check.runs.filter(location__name="Dublin").update(leased_until=NOW + MINUTE)
    assert every() == "3"


def test_uptime_leaves_out_what_is_not_known() -> None:
    world = make_world()
    check = make_check(world)
    put(
        check,
        ("up", 9 * DAY),
        ("down", HOUR),
        ("paused", 5 * DAY),
        ("unknown", 2 * DAY),
        ("up", HOUR),
        now=NOW,
    )
    page = text(signed_in(world.bo).get(f"/checks/{check.pk}/"))
    found = [part.partition("<")[0] for part in page.split('<dd class="strong num">')[1:]]
    assert found == ["100 %", "100 %", "99.54 %", "99.54 %"]
    assert "99.54 %" in text(signed_in(world.bo).get("/checks/"))
    assert "99.54 %" in text(signed_in(world.bo).get("/checks/panel/checkout/"))


@pytest.mark.parametrize(
    ("fraction", "said"),
    [
        (None, ""),
        (1.0, "100 %"),
        (0.999999, "99.99 %"),
        (0.999, "99.90 %"),
        (0.0, "0.00 %"),
        (0.5, "50.00 %"),
    ],
)
def test_uptime_is_never_rounded_up(fraction: float | None, said: str) -> None:
    assert figures.percent(fraction) == said


def test_days_are_drawn_and_told() -> None:
    world = make_world()
    check = make_check(world)
    # From noon to noon: the outage is on the 18th, from 00:30 to 01:15.
    put(
        check,
        ("up", DAY),
        ("down", 45 * MINUTE),
        ("up", NOW - dt.datetime(2026, 11, 18, 1, 15, tzinfo=dt.UTC)),
        now=NOW,
    )
    days = figures.last_days(7, NOW)
    found = uptime.lengths([check.pk], days, NOW)[check.pk]
    assert [(round(length.up), round(length.down)) for length in found] == [
        (0, 0),
        (0, 0),
        (0, 0),
        (int(23.5 * 3600), 0),
        (86_400 - 2700, 2700),
        (86_400, 0),
        (43_200, 0),
    ]
    bar = figures.bar(days, found)
    assert [cell.state for cell in bar.cells] == ["none", "none", "none", "up", "down", "up", "up"]
    assert bar.cells[4].title == "18 Nov: down for 45 min"
    assert bar.text == "Last 7 days: down on 1 day: 18 Nov (45 min); 3 days without data"
    assert figures.bar(days, [uptime.Lengths()] * 7).text == "Last 7 days: no data"
    assert figures.bar(days[-2:], found[-2:]).text == "Last 2 days: never down"
    assert uptime.lengths([], days, NOW) == {}


def test_response_times_by_half_hour_and_location() -> None:
    check = make_check(make_world())
    assert figures.answers(check, NOW) is None
    dublin, frankfurt = make_places()
    rows = [
        (dublin, 5 * MINUTE, True, 100),
        (dublin, 6 * MINUTE, True, 300),
        (frankfurt, 7 * MINUTE, True, 50),
        (frankfurt, 3 * HOUR, False, 9000),
        (None, 4 * HOUR, True, 30),
        (dublin, 25 * HOUR, True, 5000),
    ]
    for place, ago, ok, milliseconds in rows:
        CheckResult.objects.create(
            made_for=check, location=place, at=NOW - ago, ok=ok, milliseconds=milliseconds
        )
    found = figures.answers(check, NOW)
    assert found is not None
    assert found.hours == 24
    assert found.whole == figures.Speed(average=120, slowest=300, results=5, failed=1)
    assert found.by_location == {
        dublin.pk: figures.Speed(average=200, slowest=300, results=2, failed=0),
        frankfurt.pk: figures.Speed(average=50, slowest=50, results=2, failed=1),
    }
    assert [(column.title, column.failed) for column in found.columns] == [
        ("08:00: 30 ms", False),
        ("09:00: 1 of 1 failed", True),
        ("11:30: 150 ms", False),
    ]
    assert found.columns[2].slow_height == found.height
    assert found.text == "120 ms on average, 300 ms at most; 1 of 5 results failed"
    check.interval_seconds = 86_400
    week = figures.answers(check, NOW)
    assert week is not None
    assert (week.hours, week.whole.results) == (168, 6)


def test_the_alert_that_is_open_is_linked() -> None:
    world = make_world()
    check = make_check(world)
    put(check, ("up", DAY), ("down", HOUR), now=NOW)
    values = {"integration": check.integration, "team": world.team, "service": world.service}
    old = Alert.objects.create(
        **values,
        dedup_key="old",
        title="Older one",
        status="resolved",
        first_seen_at=NOW - DAY,
        resolved_at=NOW,
    )
    new = Alert.objects.create(
        **values, dedup_key=f"check:{check.pk}", title="Shop is down", first_seen_at=NOW
    )
    client = signed_in(world.bo)
    part = text(client.get(f"/checks/{check.pk}/", headers={"HX-Request": "true"}))
    assert (f"/alerts/{new.pk}/" in part, f"/alerts/{old.pk}/" in part) == (True, False)
    page = text(client.get(f"/checks/{check.pk}/"))
    assert "Older one" in page
    assert CheckSpan.objects.filter(made_for=check).count() == 2
    assert check.integration.kind == SourceKind.CHECK


@pytest.mark.parametrize("name", EVERYBODY)
def test_locations_are_for_admins(name: str) -> None:
    world = make_world()
    place = make_places()[0]
    client = signed_in(getattr(world, name))
    admin = name == "root"
    wanted = 200 if admin else 404
    one = f"/checks/locations/{place.pk}/"
    assert [client.get(path).status_code for path in ("/checks/locations/", one)] == [wanted] * 2
    assert client.post(one, {"name": "Renamed"}).status_code == (302 if admin else 404)
    assert client.post(f"{one}new-token/").status_code == wanted
    assert client.post("/checks/locations/", {"name": "More", "is_active": "on"}).status_code == wanted
    assert client.post(f"{one}delete/").status_code == (302 if admin else 404)
    names = {"Frankfurt", "More"} if admin else {"Dublin", "Frankfurt"}
    assert set(CheckLocation.objects.values_list("name", flat=True)) == names
    assert ('href="/checks/locations/"' in text(client.get("/checks/"))) == admin


def token_in(page: str) -> str:
    return page.partition("secret__value")[2].partition(">")[2].partition("<")[0]


def test_a_token_is_shown_once_with_what_to_run() -> None:
    world = make_world()
    client = signed_in(world.root)
    page = text(client.post("/checks/locations/", {"name": "Frankfurt", "is_active": "on"}))
    place = CheckLocation.objects.get()
    token = token_in(page)
    assert digest(token) == place.token_digest
    assert f"&#x27;{token}&#x27; &gt; check-worker.token" in page
    assert "manage.py check_worker --url http" in page
    one = f"/checks/locations/{place.pk}/"
    for path in ("/checks/locations/", one):
        assert token not in text(client.get(path))
    assert "TOKEN" in text(client.get(one))
    renewed = token_in(text(client.post(f"{one}new-token/")))
    place.refresh_from_db()
    assert renewed != token
    assert digest(renewed) == place.token_digest
    assert client.post(one, {"name": "Main"}).status_code == 302
    place.refresh_from_db()
    assert (place.name, place.is_active) == ("Main", False)


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "This field is required."), ("Dublin", "There is a location of that name already.")],
)
def test_a_location_needs_a_name_of_its_own(name: str, said: str) -> None:
    world = make_world()
    _dublin, frankfurt = make_places()
    client = signed_in(world.root)
    for path in ("/checks/locations/", f"/checks/locations/{frankfurt.pk}/"):
        answer = client.post(path, {"name": name, "is_active": "on"})
        assert (answer.status_code, said in text(answer)) == (422, True)
    assert CheckLocation.objects.count() == 2


def test_a_location_that_is_needed_stays() -> None:
    world = make_world()
    check = make_check(world)
    place = make_places()[0]
    answer = signed_in(world.root).post(f"/checks/locations/{place.pk}/delete/")
    assert answer.status_code == 409
    assert check.name in text(answer)
    assert CheckLocation.objects.filter(pk=place.pk).exists()


def test_this_installation_has_no_token() -> None:
    world = make_world()
    place = own_location()
    client = signed_in(world.root)
    one = f"/checks/locations/{place.pk}/"
    page = text(client.get(one))
    assert ("new-token" in page, "check_worker" in page) == (False, False)
    assert client.post(f"{one}new-token/").status_code == 409


@pytest.mark.parametrize(
    ("seen", "active", "said"),
    [
        (None, True, "Waiting for its worker"),
        (NOW - MINUTE, True, "Working"),
        (NOW - HOUR, True, "Silent"),
        (NOW - MINUTE, False, "Switched off"),
    ],
)
def test_how_a_location_is(seen: dt.datetime | None, active: bool, said: str) -> None:
    world: World = make_world()
    make_places("Dublin")
    CheckLocation.objects.update(last_seen_at=seen, is_active=active)
    assert said in text(signed_in(world.root).get("/checks/locations/"))
    assert not Check.objects.exists()
