"""Components that follow incidents or checks: what moves them, what does not, and who is stronger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Check
from core import clock
from incidents import actions as inside
from incidents.actions.impact import add_impact
from incidents.models import Incident
from statuspage import actions
from statuspage.following import follow
from statuspage.models import Component, ComponentInterval, StatusPage, StatusSnapshot
from tests.incidents.support import at_once, declare
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_integration, make_service, make_world

Drain = Callable[[], None]


def following(
    world: World, follows: str = "incidents", name: str = "Website", slug: str = "shop"
) -> Component:
    """A component on the world's service, alone on its page."""
    page = make_page(world, slug, parts=())
    return actions.add_component(
        actor=world.actor("ada"), page_id=page.pk, name=name, follows=follows, service_ids=[world.service.pk]
    )


def felt(world: World, incident: Incident, condition: str, **facts: Any) -> None:
    add_impact(
        actor=world.actor("ada"),
        number=incident.number,
        service_id=world.service.pk,
        condition=condition,
        **facts,
    )


def status(row: Component) -> str:
    row.refresh_from_db()
    return row.status


@pytest.mark.django_db
def test_impact_of_incidents(drain: Drain) -> None:
    world = make_world()
    row = following(world)
    incident = declare(world)
    drain()
    assert status(row) == "operational"
    seen = []
    for condition in ("unavailable", "degraded", "bug", "unknown", "operational", "unavailable"):
        felt(world, incident, condition)
        drain()
        seen.append(status(row))
    assert seen == [
        "major_outage",
        "degraded_performance",
        "degraded_performance",
        "operational",
        "operational",
        "major_outage",
    ]
    other = declare(world, title="Another")
    felt(world, other, "degraded")
    drain()
    assert status(row) == "major_outage"
    inside.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Fixed")
    drain()
    assert status(row) == "degraded_performance"
    inside.resolve(actor=world.actor("ada"), number=other.number, override_reason="Fixed")
    drain()
    assert status(row) == "operational"
    assert list(row.intervals.filter(until=None).values_list("status", flat=True)) == ["operational"]
    causes = list(StatusSnapshot.objects.filter(page=row.page_id).values_list("cause", flat=True)[:2])
    assert causes == ["Website: Operational", "Website: Degraded performance"]


@pytest.mark.django_db
def test_what_customers_do_not_feel_or_must_not_know(drain: Drain) -> None:
    world = make_world()
    row = following(world)
    felt(world, declare(world, title="Inside"), "unavailable", reach="internal")
    felt(world, declare(world, title="Drill", kind="drill"), "unavailable")
    restricted = declare(world, title="Restricted")
    felt(world, restricted, "unavailable")
    Incident.objects.filter(pk=restricted.pk).update(visibility="restricted")
    over = declare(world, title="Ended")
    felt(world, over, "unavailable", started_at=clock.now() - dt.timedelta(hours=2), ended_at=clock.now())
    elsewhere = make_service(world.team, "elsewhere")
    add_impact(
        actor=world.actor("ada"), number=declare(world, title="Other").number, service_id=elsewhere.pk,
        condition="unavailable",
    )  # fmt: skip
    drain()
    assert (follow(), status(row)) == (0, "operational")
    Incident.objects.filter(pk=restricted.pk).update(visibility="open")
    assert (follow(), status(row), follow()) == (1, "major_outage", 0)


@pytest.mark.django_db
def test_checks() -> None:
    world = make_world()
    row = following(world, "checks")
    checks = [
        Check.objects.create(
            name=f"Check {number}", service=world.service, team=world.team, kind="http",
            target="https://shop.example.com/", integration=make_integration(world.service, name=f"C{number}")[0],
            changed_at=clock.now(),
        )
        for number in range(3)
    ]  # fmt: skip

    def say_so(*states: str) -> str:
        for check, state in zip(checks, states, strict=True):
            Check.objects.filter(pk=check.pk).update(status=state)
        follow()
        return status(row)

    assert say_so("unknown", "unknown", "unknown") == "operational"
    assert say_so("up", "up", "unknown") == "operational"
    assert say_so("down", "up", "unknown") == "partial_outage"
    assert say_so("down", "down", "up") == "partial_outage"
    assert say_so("down", "down", "unknown") == "major_outage"
    assert say_so("up", "up", "up") == "operational"


@pytest.mark.django_db
def test_a_word_by_hand_wins_until_it_is_taken_back() -> None:
    world = make_world()
    row = following(world)
    bo, page = world.actor("bo"), StatusPage.objects.get()
    incident = declare(world)
    felt(world, incident, "unavailable")
    assert (follow(), status(row)) == (1, "major_outage")
    actions.set_component_status(actor=bo, component_id=row.pk, status="operational")
    assert (follow(), status(row), row.override) == (0, "operational", "operational")
    actions.set_component_status(actor=bo, component_id=row.pk, status="")
    assert (status(row), row.override) == ("major_outage", "")
    # A notice is a word by hand as well; with its end the component follows again.
    told = tell(world, page, statuses={row.pk: "partial_outage"})
    assert (follow(), status(row)) == (0, "partial_outage")
    say(world, told, "Over.", status="resolved")
    assert (status(row), row.override, follow()) == ("major_outage", "", 0)
    inside.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Fixed")
    assert (follow(), status(row)) == (1, "operational")


@pytest.mark.django_db
def test_statements_do_not_grow_with_what_follows() -> None:
    world = make_world()
    first = following(world)

    def count(expected: int) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert follow() == expected
        return len(caught)

    incident = declare(world)
    still = count(0)
    for number in range(2):
        actions.add_component(
            actor=world.actor("ada"), page_id=first.page_id, name=f"More {number}", follows="incidents",
            service_ids=[world.service.pk, make_service(world.team, f"more-{number}").pk],
        )  # fmt: skip
        felt(world, declare(world, title=f"More {number}"), "operational")
    assert count(0) == still
    felt(world, incident, "unavailable")
    assert count(3) > still
    # Nothing follows: one look is all it costs.
    Component.objects.update(follows="hand")
    assert count(0) == 1


@pytest.mark.django_db(transaction=True)
def test_several_workers_move_a_component_once() -> None:
    world = make_world()
    row = following(world)
    felt(world, declare(world), "unavailable")
    moved = at_once([follow] * 4, workers=4)
    assert sorted(moved) == [0, 0, 0, 1]
    assert (status(row), ComponentInterval.objects.filter(until=None).count()) == ("major_outage", 1)
    causes = StatusSnapshot.objects.filter(cause="Website: Major outage")
    assert causes.count() == 1
    assert part(row.page).status == "major_outage"
