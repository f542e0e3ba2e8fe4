"""Above a rate the rest of a storm is one alert, that counts and loses nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts import actions
from alerts.models import Alert, FoldedKey, IntakeItem
from incidents import actions as incident_actions
from incidents.models import Incident
from tests.alerts.support import native
from tests.incidents.support import START
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


@pytest.fixture
def world() -> Any:
    """A service that folds above thirty new alerts a minute."""
    with time_machine.travel(START, tick=False) as clock:
        made = make_world()
        actions.set_alerting(actor=made.actor("ada"), service_id=made.service.pk, storm_per_minute=30)
        made.clock = clock  # type: ignore[attr-defined]
        yield made


def fire(world: World, first: int, last: int, **fields: Any) -> None:
    body = {"severity": "critical", **fields}
    native(world.key, [{"title": f"Alert {n}", "dedup_key": str(n), **body} for n in range(first, last)])


def storm() -> Alert:
    return Alert.objects.get(dedup_key__startswith="storm:")


def facts() -> tuple[str, int, int, str]:
    row = storm()
    return row.title, row.count, row.folded, row.status


def test_the_rest_becomes_one_alert(world: World, drain: Drain) -> None:
    fire(world, 0, 25)
    drain()
    fire(world, 25, 100)
    drain()
    assert Alert.objects.count() == 31
    assert facts() == ("70 more alerts", 70, 70, "firing")
    assert FoldedKey.objects.count() == 70
    row = storm()
    assert (row.urgency, row.severity, row.incident) == (
        "high",
        "critical",
        Incident.objects.order_by("-number")[0],
    )
    assert row.description.splitlines()[1:] == [f"Alert {n}" for n in range(30, 50)]
    assert row.items.count() == 70  # type: ignore[attr-defined]
    assert set(IntakeItem.objects.values_list("status", flat=True)) == {"done"}
    entries = row.incident.timeline.count()  # type: ignore[union-attr]
    fire(world, 100, 150)
    drain()
    assert facts() == ("120 more alerts", 120, 120, "firing")
    assert row.incident.timeline.count() == entries  # type: ignore[union-attr]


def test_repeats_count_once_and_what_resolves_counts_down(world: World, drain: Drain) -> None:
    fire(world, 0, 40)
    drain()
    fire(world, 35, 40)
    drain()
    assert facts() == ("10 more alerts", 10, 10, "firing")
    fire(world, 30, 36, status="resolved")
    drain()
    assert facts() == ("10 more alerts", 10, 4, "firing")
    fire(world, 36, 40, status="resolved")
    drain()
    assert facts() == ("10 more alerts", 10, 0, "resolved")
    assert not FoldedKey.objects.exists()
    assert storm().incident.firing_count == 11  # type: ignore[union-attr]
    world.clock.shift(dt.timedelta(minutes=3))  # type: ignore[attr-defined]
    fire(world, 36, 37)
    drain()
    assert Alert.objects.get(dedup_key="36").status == "firing"


def test_a_storm_goes_on_until_it_is_calmer(world: World, drain: Drain) -> None:
    clock: Any = world.clock  # type: ignore[attr-defined]
    fire(world, 0, 100)
    drain()
    clock.shift(dt.timedelta(seconds=65))
    fire(world, 100, 110)
    drain()
    assert facts()[1] == 80
    clock.shift(dt.timedelta(seconds=65))
    fire(world, 110, 120)
    drain()
    assert facts()[1] == 80
    assert Alert.objects.filter(dedup_key="115").exists()


def test_fired_and_resolved_within_a_batch(world: World, drain: Drain) -> None:
    fire(world, 0, 30)
    drain()
    native(
        world.key,
        [
            {"title": "x", "dedup_key": f"x{n}", "status": status}
            for n in range(5)
            for status in ("firing", "resolved")
        ],
    )
    drain()
    assert facts() == ("5 more alerts", 5, 0, "resolved")
    assert not FoldedKey.objects.exists()


def test_resolved_by_people_it_begins_anew(world: World, drain: Drain) -> None:
    fire(world, 0, 40)
    drain()
    incident = storm().incident
    assert incident is not None
    incident_actions.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Over")
    drain()
    assert (storm().status, storm().folded, FoldedKey.objects.count()) == ("resolved", 0, 0)
    world.clock.shift(dt.timedelta(minutes=3))  # type: ignore[attr-defined]
    fire(world, 35, 36)
    drain()
    assert Alert.objects.get(dedup_key="35").status == "firing"


def test_an_urgent_alert_makes_a_calm_storm_urgent(world: World, drain: Drain) -> None:
    fire(world, 0, 40, severity="info")
    drain()
    assert (storm().urgency, storm().incident.urgency) == ("low", "low")  # type: ignore[union-attr]
    fire(world, 40, 41)
    drain()
    assert (storm().urgency, storm().incident.urgency) == ("high", "high")  # type: ignore[union-attr]


def test_acknowledged_at_the_source(world: World, drain: Drain) -> None:
    fire(world, 0, 40)
    drain()
    from tests.alerts.support import pagerduty

    pagerduty(world.key, "acknowledge", "39")
    drain()
    row = storm()
    assert (row.status, row.incident.page_status) == ("acknowledged", "acknowledged")  # type: ignore[union-attr]


def test_silenced_alerts_and_drills_are_not_folded(world: World, drain: Drain) -> None:
    actions.add_silence(
        actor=world.actor("bo"),
        service_id=world.service.pk,
        reason="Known",
        starts_at=START,
        ends_at=START + dt.timedelta(hours=1),
        matchers=[{"name": "quiet", "value": "yes"}],
    )
    fire(world, 0, 50, labels={"quiet": "yes"})
    drain()
    assert (Alert.objects.count(), FoldedKey.objects.count(), Incident.objects.count()) == (50, 0, 0)
    fire(world, 50, 60)
    drain()
    actions.rehearse(actor=world.actor("bo"))
    drain()
    assert Incident.objects.filter(kind="drill").count() == 1
