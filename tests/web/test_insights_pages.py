"""The pages, downloads and API of insights."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from postmortems.models import ActionItem, ContributingFactor, Factor
from tests.factories import api_client, signed_in
from tests.web.insight_support import DAY, document, past
from tests.world import World, make_service, make_world
from web.insights.figures import FIGURES

pytestmark = pytest.mark.django_db

KEYS = [figure.key for figure in FIGURES]
ODD = (
    "days=9999",
    "days=x",
    "from=2026-13-45",
    "from=0001-01-01",
    "from=9999-12-31",
    "to=2000-01-01",
    "from=2026-05-01&to=2026-01-01",
    "severity=99,x",
    "severity=%00",
    "team=%00'--&service=%00",
    "month=2026-99&week=x&weekday=9&hour=99&factor=99999999999999999999&again=1",
    "promise=x&met=y&state=x&class=x&of_team=%00&cursor=b%00",
    "month=9999-12&week=9999-12-31&hour=٣&factor=٣",
)


def filled(world: World, title: str = "Checkout down") -> Any:
    now = clock.now()
    row = past(world, now - 10 * DAY, ack=3, mitigated=9, resolved=30, title=title, ack_window_met=True)
    written = document(row, status="published", published_at=now - 5 * DAY, due_at=now - 4 * DAY)
    factor = Factor.objects.create(kind="drift", name="=HYPERLINK(1)")
    ContributingFactor.objects.create(postmortem=written, factor=factor)
    ActionItem.objects.create(
        title="Mend it", owner=world.bo, due_on=(now - 6 * DAY).date(), incident=row, team=world.team
    )
    return row


@pytest.mark.parametrize(("name", "seen"), [("ada", True), ("bo", True), ("sam", False), ("zoe", False)])
def test_everybody_reads_what_they_may_see(name: str, seen: bool) -> None:
    world = make_world("members")
    row = filled(world, "Needle")
    browser = signed_in(getattr(world, name))
    page = browser.get("/insights/")
    assert page.status_code == 200
    assert ("No incident in this range" in page.content.decode()) is not seen
    for key in KEYS:
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
            assert browser.get(f"/insights/{key}/", **headers).status_code == 200, key
        listed = browser.get(f"/insights/{key}/incidents/")
        assert listed.status_code == 200
        word = "Mend it" if key == "items" else f"/incidents/{row.number}/"
        if key not in ("detect",):
            assert (word in listed.content.decode()) is seen, key
        told = b"".join(browser.get(f"/insights/{key}/?format=csv")).decode()
        assert told.startswith("\ufeff")
        if key not in ("detect", "windows", "noise", "nights", "load", "recurrence"):
            assert (len(told.splitlines()) > 1) is seen, key


def test_visitors_sign_in_first_and_unknown_figures_are_not_found() -> None:
    world = make_world()
    for url in ("/insights/", "/insights/hours/", "/insights/hours/incidents/"):
        assert signed_in(None).get(url).status_code == 302
    for url in ("/insights/nothing/", "/insights/nothing/incidents/"):
        assert signed_in(world.bo).get(url).status_code == 404


@pytest.mark.parametrize("query", ODD)
def test_odd_addresses_do_no_harm(query: str) -> None:
    world = make_world()
    filled(world)
    browser, client = signed_in(world.bo), api_client(world.bo)
    assert browser.get(f"/insights/?{query}").status_code == 200
    for key in ("acknowledge", "hours", "load", "items", "factors", "windows", "nights"):
        assert browser.get(f"/insights/{key}/?{query}").status_code == 200, key
        assert browser.get(f"/insights/{key}/incidents/?{query}").status_code == 200, key
        assert client.get(f"/api/v1/insights/{key}/?{query}").status_code in (200, 400), key


def test_every_link_of_a_figure_leads_to_what_it_counts() -> None:
    world = make_world()
    row = filled(world)
    browser = signed_in(world.bo)
    for key in KEYS:
        body = api_client(world.bo).get(f"/api/v1/insights/{key}/").json()
        for line in body["rows"]:
            for column, url in line["pages"].items():
                text = browser.get(url).content.decode()
                word = "Mend it" if key == "items" else f"/incidents/{row.number}/"
                value = line[column]
                if key in ("acknowledge", "mitigate", "resolve", "learn", "hours") or isinstance(value, int):
                    assert (word in text) is bool(value), (key, column)


def test_downloads_are_no_formulas() -> None:
    world = make_world()
    filled(world)
    answer = signed_in(world.bo).get("/insights/factors/?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == "\ufefffactor,kind,count,again,last"
    assert lines[1].startswith("'=HYPERLINK(1),Configuration error or drift,1,0,20")


def test_the_api_tells_the_figure_and_refuses_what_is_wrong() -> None:
    world = make_world()
    filled(world)
    client = api_client(world.bo)
    body = client.get("/api/v1/insights/acknowledge/?days=30&severity=2").json()
    assert (body["figure"], body["severity"], body["time_zone"]) == ("acknowledge", ["2"], world.bo.zone.key)
    assert [column["key"] for column in body["columns"]] == [
        "month",
        "severity",
        "count",
        "median_seconds",
        "p90_seconds",
    ]
    assert body["rows"][0]["median_seconds"] == 180
    assert "detected" in body["times"]
    assert client.get("/api/v1/insights/nothing/").status_code == 404
    assert set(client.get("/api/v1/insights/hours/?days=7&severity=9").json()["errors"]) == {
        "days",
        "severity",
    }
    assert client.post("/api/v1/insights/hours/").status_code == 405
    assert api_client(None).get("/api/v1/insights/hours/").status_code == 401
    assert api_client(world.bo, scopes=[]).get("/api/v1/insights/hours/").status_code == 403


def test_a_page_of_incidents_takes_as_many_statements_for_three_as_for_one() -> None:
    world = make_world()
    filled(world)
    browser = signed_in(world.bo)
    taken = []
    for _each in range(2):
        counts = []
        for url in (
            "/insights/",
            "/insights/services/",
            "/insights/hours/incidents/",
            "/insights/items/incidents/",
        ):
            browser.get(url)
            with CaptureQueriesContext(connection) as queries:
                browser.get(url)
            counts.append(len(queries))
        taken.append(counts)
        for slug in ("search", "mail"):
            if taken[1:] == []:
                past(world, clock.now() - DAY, ack=2, service=make_service(world.team, slug))
    assert taken[0] == taken[1]


def test_the_list_behind_a_number_goes_on() -> None:
    world = make_world()
    rows = [past(world, clock.now() - dt.timedelta(hours=each + 1), ack=1) for each in range(27)]
    browser = signed_in(world.bo)
    first = browser.get("/insights/acknowledge/incidents/?days=30").content.decode()
    newest = sorted(row.number for row in rows)
    assert f"/incidents/{newest[-1]}/" in first
    assert f"/incidents/{newest[0]}/" not in first
    older = browser.get(f"/insights/acknowledge/incidents/?days=30&cursor=b{newest[2]}").content.decode()
    assert f"/incidents/{newest[0]}/" in older


def test_nights_show_oneself_and_whom_one_leads(drain: Any) -> None:
    from tests.incidents.support import declare

    world = make_world()
    declare(world, page=True)
    drain()
    found = {
        name: [
            row["person"]
            for row in api_client(getattr(world, name)).get("/api/v1/insights/nights/").json()["rows"]
        ]
        for name in ("ada", "bo", "sam", "zoe", "root")
    }
    assert found == {"ada": ["Ada"], "bo": [], "sam": [], "zoe": [], "root": ["Ada"]}
