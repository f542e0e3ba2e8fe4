"""The noise page: what fires most, and what is proposed against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert
from alerts.noise import report
from core import clock
from teams.choices import TeamVisibility
from tests.alerts.support import native
from tests.factories import make_user, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


def fire(
    world: World, name: str, key: str, *, drain: Drain, minutes: int | None = None, repeats: int = 0
) -> None:
    """An alert of that name; over after `minutes`, or still firing."""
    body = {"title": f"{name} on {key}", "dedup_key": key, "labels": {"alertname": name}}
    for _again in range(1 + repeats):
        native(world.key, body, "generic")
    drain()
    if minutes is not None:
        with time_machine.travel(clock.now() + dt.timedelta(minutes=minutes), tick=False):
            native(world.key, body | {"status": "resolved"}, "generic")
            drain()


@time_machine.travel(START, tick=False)
def test_figures_and_proposals(drain: Drain) -> None:
    world = make_world()
    for number in range(4):
        fire(world, "Short", f"s{number}", drain=drain, minutes=2, repeats=3)
    for number in range(6):
        fire(world, "Ignored", f"i{number}", drain=drain, minutes=30)
    fire(world, "Once", "o", drain=drain)
    found = report(world.actor("ada"), days=7, now=clock.now() + dt.timedelta(hours=1))
    assert (found.fired, found.repeats, found.alone) == (11, 12, 4)
    rows = {row.name: row for row in found.rows}
    assert list(rows) == ["Ignored", "Short", "Once"]
    short, ignored = rows["Short"], rows["Ignored"]
    assert (short.fired, short.repeats, short.alone_share, ignored.alone) == (4, 12, 100, 0)
    assert ignored.ignored_share == 100
    assert short.proposal is not None and ignored.proposal is not None
    assert "hold_minutes=5" in short.proposal.url
    assert "alertname%3D%22Short%22" in short.proposal.url
    assert "urgency=low" in ignored.proposal.url
    assert rows["Once"].proposal is None


@time_machine.travel(START, tick=False)
def test_a_name_without_label_is_its_title_and_quotes_are_written_as_such(drain: Drain) -> None:
    world = make_world()
    for number in range(5):
        native(world.key, {"title": 'Disk "C:\\" full', "dedup_key": str(number)}, "generic")
    drain()
    (row,) = report(world.actor("ada"), days=1, now=clock.now() + dt.timedelta(minutes=1)).rows
    assert (row.name, row.by_label, row.fired) == ('Disk "C:\\" full', False, 5)
    assert row.proposal is not None
    assert "%40title%3D%22Disk+%5C%22C%3A%5C%5C%5C%22+full%22" in row.proposal.url


@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe", "root"])
def test_who_sees_the_noise_of_a_team_for_members_only(who: str, drain: Drain) -> None:
    world = make_world(TeamVisibility.MEMBERS)
    fire(world, "Secret", "s", drain=drain)
    person: Any = getattr(world, who)
    text = signed_in(person).get("/alerts/noise/").content.decode()
    assert ("Secret" in text) == (who in ("ada", "bo", "root"))


def test_only_managers_are_offered_rules(drain: Drain) -> None:
    world = make_world()
    for number in range(5):
        fire(world, "Loud", f"l{number}", drain=drain)
    assert "/alerts/rules/new/" in signed_in(world.ada).get("/alerts/noise/").content.decode()
    assert "/alerts/rules/new/" not in signed_in(world.bo).get("/alerts/noise/").content.decode()
    assert "/alerts/rules/new/" not in signed_in(make_user()).get("/alerts/noise/").content.decode()


def test_the_page_asks_as_much_for_many_names_as_for_one(drain: Drain) -> None:
    world = make_world()
    browser = signed_in(world.ada)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/alerts/noise/?days=30&team=nonsense' OR 1").status_code == 200
            assert browser.get("/alerts/noise/").status_code == 200
        return len(queries)

    fire(world, "One", "1", drain=drain)
    count()
    one = count()
    for number in range(4):
        fire(world, f"Name {number}", f"k{number}", drain=drain)
    assert Alert.objects.count() == 5
    assert count() == one
