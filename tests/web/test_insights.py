"""The sums, with data made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import IncidentUpdate
from postmortems.models import ActionItem, ContributingFactor, Factor
from tests.factories import make_team
from tests.web.insight_support import DAY, HOUR, MINUTE, NOW, ask, at, document, past, values
from tests.world import make_service, make_world
from web.insights import durations, learning, volume, windows
from web.insights.behind import behind
from web.insights.figures import FIGURES
from web.insights.learning import items_behind

pytestmark = pytest.mark.django_db


def test_lengths_are_median_percentile_and_count() -> None:
    world = make_world()
    for minutes, severity in ((2, 1), (4, 1), (10, 1), (30, 3)):
        past(world, at("2026-10-05T10:00"), severity=severity, ack=minutes)
    past(world, at("2026-11-02T10:00"), severity=None, ack=6)
    past(world, at("2026-11-03T10:00"), severity=1)
    found = durations.by_month(ask(world.actor("bo")), "acknowledge")
    assert found.total == 5
    assert values(found) == [
        ("all", "all", 5, 360, 1320),
        ("all", "1", 3, 240, 528),
        ("all", "3", 1, 1800, 1800),
        ("all", "none", 1, 360, 360),
        ("2026-10", "all", 4, 420, 1440),
        ("2026-10", "1", 3, 240, 528),
        ("2026-10", "3", 1, 1800, 1800),
        ("2026-11", "all", 1, 360, 360),
        ("2026-11", "none", 1, 360, 360),
    ]
    told = durations.summary(ask(world.actor("bo")))
    assert (told["incidents"], told["acknowledge"], told["resolve"]) == (6, 360, None)


def test_each_length_uses_the_times_it_names() -> None:
    world = make_world()
    row = past(world, at("2026-10-05T10:00"), ack=3, mitigated=30, resolved=60)
    type(row).objects.filter(pk=row.pk).update(impact_started_at=row.detected_at - 5 * MINUTE)
    document(row, status="published", published_at=row.resolved_at + 2 * DAY)
    question = ask(world.actor("bo"))
    found = {key: values(durations.by_month(question, key))[0][3] for key in durations.PAIRS}
    assert found == {
        "acknowledge": 180,
        "mitigate": 35 * 60,
        "resolve": 65 * 60,
        "detect": 300,
        "learn": 2 * 86400,
    }


def test_what_is_no_incident_is_left_out() -> None:
    world = make_world()
    began = at("2026-10-05T10:00")
    kept = past(world, began, ack=1)
    for kind in ("drill", "backfilled", "maintenance"):
        past(world, began, ack=100, kind=kind)
    past(world, began, ack=100, status="declined", reason="Nothing")
    past(world, began, ack=100, status="merged", merged_into=kept)
    question = ask(world.actor("root"))
    assert values(durations.by_month(question, "acknowledge"))[0] == ("all", "all", 1, 60, 60)
    assert values(volume.hours(question)) == [(0, 10, 1)]
    assert [row.pk for row in behind(question, "hours", {})] == [kept.pk]


@pytest.mark.parametrize(
    ("zone", "month", "hour"), [("UTC", "2026-09", (2, 22)), ("Europe/Berlin", "2026-10", (3, 0))]
)
def test_a_month_ends_where_the_viewer_lives(zone: str, month: str, hour: tuple[int, int]) -> None:
    world = make_world()
    row = past(world, at("2026-09-30T22:30"), ack=1)
    question = ask(world.actor("bo"), zone)
    found = durations.by_month(question, "acknowledge")
    assert [line[0] for line in values(found)] == ["all", "all", month, month]
    assert values(volume.hours(question)) == [(*hour, 1)]
    for cell in ({"month": month}, {"weekday": str(hour[0]), "hour": str(hour[1])}):
        assert [each.pk for each in behind(question, "acknowledge", cell)] == [row.pk]
    assert not behind(question, "acknowledge", {"month": "2026-11"})
    first = {"from": "2026-10-01", "to": "2026-10-31"}
    assert durations.by_month(ask(world.actor("bo"), zone, **first), "acknowledge").total == (zone != "UTC")


def test_filters_narrow_by_team_service_and_severity() -> None:
    world = make_world()
    other = make_service(make_team("Search"), "search")
    began = at("2026-10-05T10:00")
    past(world, began, severity=1)
    past(world, began, severity=None, service=other, team=other.team)
    actor = world.actor("bo")

    def count(**query: Any) -> int:
        return durations.summary(ask(actor, **query))["incidents"]

    assert count() == 2
    assert (
        count(team="checkout")
        == count(service="search")
        == count(severity="1")
        == count(severity="none")
        == 1
    )
    assert count(severity="1,none") == 2
    assert count(team="nobody") == count(service="no\0") == count(severity="3") == 0
    assert count(days="30") == 0


def test_weeks_without_incidents_are_shown_and_what_comes_again_is_counted() -> None:
    world = make_world()
    first = at("2026-10-05T10:00")
    for day, severity in ((0, 0), (20, 2), (21, 1), (60, 2)):
        past(world, first + day * DAY - 30 * DAY, severity=severity)
    question = ask(world.actor("bo"), **{"from": "2026-09-01", "to": "2026-09-30"})
    assert [(str(row[0]), *row[1:]) for row in values(volume.load(question))] == [
        ("2026-08-31", 1, 1),
        ("2026-09-07", 0, 0),
        ("2026-09-14", 0, 0),
        ("2026-09-21", 2, 1),
        ("2026-09-28", 0, 0),
    ]
    assert [row.severity_id for row in behind(question, "load", {"week": "2026-09-21", "severe": "1"})] == [1]
    question = ask(world.actor("bo"))
    [row] = values(volume.recurrence(question))
    assert row == ("Checkout", 4, 2, 20 * 86400, first + 30 * DAY)
    assert values(volume.by_service(question)) == [("Checkout", 10, 4)]
    of_service = ask(world.actor("bo"), service="checkout")
    assert behind(of_service, "recurrence", {"again": "1"}).count() == 2


def test_windows_count_what_is_known_by_now() -> None:
    world = make_world()
    began = at("2026-10-05T10:00")
    good = past(world, began, severity=1, resolved=60, ack_window_met=True, review_held_at=began + 2 * HOUR)
    late = past(world, began, severity=1, resolved=60, ack_window_met=False)
    past(world, NOW - 2 * HOUR, severity=1, resolved=60)
    document(good, due_at=began + 5 * DAY, published_at=began + 4 * DAY, status="published")
    document(late, due_at=began + 5 * DAY, published_at=began + 6 * DAY, status="published")
    for incident, minutes, due in ((good, 5, 30), (good, 20, 40), (late, 5, 10), (late, 30, 70)):
        IncidentUpdate.objects.create(
            incident=incident,
            audience="public",
            state="sent",
            text="x",
            status="investigating",
            sent_at=began + minutes * MINUTE,
            next_update_due_at=began + due * MINUTE,
        )
    question = ask(world.actor("bo"))
    # Of the four updates: 20 keeps 30, the end at 60 misses 40, 30 misses 10, the end keeps 70.
    assert [row[1:] for row in values(windows.kept(question))] == [
        (50, 1, 1),
        (50, 1, 1),
        (50, 1, 1),
        (50, 2, 2),
    ]
    for promise in windows.WINDOWS:
        found = behind(question, "windows", {"promise": promise, "met": "no"})
        assert set(found) == ({good, late} if promise == "updates" else {late}), promise


def test_items_are_on_time_by_the_day_where_the_viewer_lives() -> None:
    world = make_world()
    row = past(world, at("2026-10-05T10:00"))
    drill = past(world, at("2026-10-05T10:00"), kind="drill")

    def item(due: str, incident: Any = row, **fields: Any) -> None:
        ActionItem.objects.create(
            title="Fix", owner=world.bo, due_on=due, incident=incident, team=world.team, **fields
        )

    item("2026-10-10", status="done", closed_at=at("2026-10-10T23:30"))
    item("2026-10-10", status="done", closed_at=at("2026-10-12T10:00"))
    item("2026-11-19")
    item("2026-11-20")
    item("2026-11-01", status="wont_do", closed_at=NOW, reason="Gone")
    item("2026-10-10", incident=drill)
    item("2025-10-10")
    question = ask(world.actor("bo"))
    assert values(learning.on_time(question)) == [("Checkout", "Prevent", 33, 1, 1, 1, 1, 1)]
    assert [row[3:5] for row in values(learning.on_time(ask(world.actor("bo"), "Europe/Berlin")))] == [(0, 2)]
    for zone, late in (("UTC", 1), ("Europe/Berlin", 2)):
        asked = ask(world.actor("bo"), zone)
        assert items_behind(asked, {"state": "late", "class": "prevent"}).count() == late
    for state in learning.STATES:
        assert items_behind(question, {"state": state, "of_team": "checkout"}).count() == 1, state


def test_factors_that_come_again_are_marked() -> None:
    world = make_world()
    drift, load = (Factor.objects.create(kind="drift", name=name) for name in ("Stale flag", "Full disk"))
    days = {drift: (0, 80, 175), load: (10,)}
    for factor, offsets in days.items():
        for day in offsets:
            row = past(world, at("2026-05-28T10:00") + day * DAY)
            ContributingFactor.objects.create(postmortem=document(row), factor=factor)
    question = ask(world.actor("bo"))
    found = learning.factors(question)
    assert [row[:4] for row in values(found)] == [
        ("Stale flag", "Configuration error or drift", 3, 1),
        ("Full disk", "Configuration error or drift", 1, 0),
    ]
    assert [bool(row.mark) for row in found.rows] == [True, False]
    assert behind(question, "factors", {"factor": str(drift.pk)}).count() == 3
    assert behind(question, "factors", {"factor": str(drift.pk), "again": "1"}).count() == 1


@pytest.mark.parametrize("name", ["ada", "bo", "sam", "zoe"])
def test_restricted_incidents_of_others_are_left_out(name: str) -> None:
    world = make_world()
    began = at("2026-10-05T10:00")
    past(world, began, ack=1)
    hidden = past(world, began, ack=99, visibility="restricted")
    actor = world.actor(name)
    assert values(durations.by_month(ask(actor), "acknowledge"))[0][2:] == (1, 60, 60)
    assert volume.hours(ask(actor)).total == 1
    assert hidden not in behind(ask(actor), "hours", {})
    assert volume.hours(ask(world.actor("root"))).total == 2


@pytest.mark.parametrize(("name", "seen"), [("ada", 1), ("bo", 1), ("sam", 0), ("zoe", 0)])
def test_a_closed_teams_incidents_stay_inside(name: str, seen: int) -> None:
    world = make_world("members")
    past(world, at("2026-10-05T10:00"), ack=1)
    question = ask(world.actor(name))
    assert durations.summary(question)["incidents"] == seen
    assert volume.by_service(question).total == seen


def test_figures_take_as_many_statements_for_three_as_for_one() -> None:
    world = make_world()
    made, question = [], ask(world.actor("bo"))
    for count in (1, 2):
        for _each in range(count):
            row = past(world, at("2026-10-05T10:00"), ack=1, resolved=5)
            factor = Factor.objects.create(kind="drift", name=f"Factor {row.pk}")
            ContributingFactor.objects.create(postmortem=document(row), factor=factor)
        taken = {}
        for figure in FIGURES:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                figure.find(question)
            taken[figure.key] = len(queries)
        made.append(taken)
    assert made[0] == made[1]
    assert {key for key, number in made[0].items() if number > 1} <= {"noise", "nights"}
