"""Grouping of a service's alerts: by key, by service within a window, as symptoms of what it stands on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import actions
from alerts.models import Alert
from alerts.processing import process_intake
from core.errors import InvalidInput, NotAllowed, NotVisible
from incidents import actions as incident_actions
from incidents.models import Incident
from oncall.models import EscalationRun
from services.models import Dependency, Service
from tests.alerts.support import native
from tests.factories import make_team
from tests.incidents.support import START, declare, put
from tests.world import World, make_integration, make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return make_world()


def settings(world: World, **fields: Any) -> None:
    actions.set_alerting(actor=world.actor("ada"), service_id=world.service.pk, **fields)


def incidents() -> list[int | None]:
    return list(Alert.objects.order_by("pk").values_list("incident__number", flat=True))


def test_by_service_within_the_window(world: World, drain: Drain) -> None:
    settings(world, group_by="service", window_minutes=10)
    with time_machine.travel(START, tick=False) as clock:
        native(world.key, [{"title": "a"}, {"title": "b"}])
        drain()
        clock.shift(9 * MINUTE)
        native(world.key, {"title": "c"})
        drain()
        clock.shift(9 * MINUTE)
        native(world.key, {"title": "d"})
        drain()
        assert incidents() == [1, 1, 1, 1]
        assert Alert.objects.get(title="d").route[-1] == (
            "Joined #1: open for this service, last alert within 10 minutes"
        )
        clock.shift(11 * MINUTE)
        native(world.key, {"title": "e"})
        drain()
        assert incidents() == [1, 1, 1, 1, 2]
        put(Incident.objects.get(number=2), "resolved")
        native(world.key, {"title": "f"})
        drain()
    assert incidents()[-1] == 3


def test_by_service_never_joins_what_people_declared(world: World, drain: Drain) -> None:
    settings(world, group_by="service")
    declare(world)
    native(world.key, {"title": "a"})
    drain()
    assert incidents() == [2]


def chain(world: World, *kinds: str) -> list[Service]:
    """Services that `checkout` stands on, one upon the other."""
    found, below = [], world.service
    for number, kind in enumerate(kinds):
        policy = make_policy(world.team, (5, [world.bo]), name=f"P{number}")
        upper = make_service(world.team, f"up{number}", escalation_policy=policy)
        Dependency.objects.create(downstream=below, upstream=upper, kind=kind)
        found.append(upper)
        below = upper
    return found


def runs() -> int:
    return EscalationRun.objects.count()


def test_a_symptom_joins_the_incident_of_what_its_service_depends_on(world: World, drain: Drain) -> None:
    near, far = chain(world, "hard", "hard")
    Dependency.objects.create(downstream=far, upstream=world.service, kind="hard")
    settings(world, attach_symptoms=True)
    _row, key = make_integration(far, name="Far")
    native(key, {"title": "Cause", "severity": "warning"})
    drain()
    paged = runs()
    native(world.key, {"title": "Symptom", "severity": "critical"})
    drain()
    symptom = Alert.objects.get(title="Symptom")
    cause = Incident.objects.get()
    assert (symptom.incident, symptom.symptom_of, runs()) == (cause, cause, paged)
    assert symptom.route[-1] == "Joined #1: Up1, which Checkout depends on, is affected"
    assert (cause.urgency, cause.firing_count) == ("low", 2)
    native(make_integration(near, name="Near")[1], {"title": "Nearer"})
    drain()
    native(world.key, {"title": "Another"})
    drain()
    assert Alert.objects.get(title="Another").symptom_of == Alert.objects.get(title="Nearer").incident


def test_told_so_a_symptom_pages(world: World, drain: Drain) -> None:
    (upper,) = chain(world, "hard")
    settings(world, attach_symptoms=True, page_symptoms=True)
    native(make_integration(upper, name="Up")[1], {"title": "Cause", "severity": "warning"})
    drain()
    native(world.key, {"title": "Symptom", "severity": "critical"})
    drain()
    assert Incident.objects.get().urgency == "high"


@pytest.mark.parametrize("case", ["off", "soft", "over", "drill", "restricted", "hidden team"])
def test_what_is_no_cause(world: World, drain: Drain, case: str) -> None:
    (upper,) = chain(world, "soft" if case == "soft" else "hard")
    settings(world, attach_symptoms=case != "off")
    if case == "hidden team":
        upper.team = make_team("Hidden", visibility="members")
        upper.save(update_fields=["team"])
    incident = incident_actions.declare_incident(
        actor=world.actor("root"), title="Cause", service_ids=[upper.pk], page=False
    )
    cases: dict[str, dict[str, Any]] = {
        "over": {"status": "resolved", "resolved_at": START},
        "drill": {"kind": "drill"},
        "restricted": {"visibility": "restricted"},
    }
    if case in cases:
        Incident.objects.filter(pk=incident.pk).update(**cases[case])
    native(world.key, {"title": "No symptom"})
    drain()
    alert = Alert.objects.get()
    assert (alert.symptom_of, alert.incident) == (None, Incident.objects.get(number=2))


def test_its_own_open_incident_comes_first(world: World, drain: Drain) -> None:
    (upper,) = chain(world, "hard")
    settings(world, attach_symptoms=True)
    native(world.key, {"title": "Own", "dedup_key": "own"})
    drain()
    native(make_integration(upper, name="Up")[1], {"title": "Cause"})
    native(world.key, {"title": "Own", "dedup_key": "own", "status": "resolved"})
    native(world.key, {"title": "Own", "dedup_key": "own"})
    drain()
    assert set(Alert.objects.filter(dedup_key="own").values_list("incident__number", flat=True)) == {1}


def test_what_ended_while_it_was_looked_at_is_not_joined(
    world: World, drain: Drain, monkeypatch: Any
) -> None:
    from alerts.processing import grouping

    native(world.key, {"title": "a", "dedup_key": "a"})
    native(world.key, {"title": "a", "dedup_key": "a", "status": "resolved"})
    drain()
    real = grouping.Grouping._load

    def raced(self: Any, keys: set[str]) -> None:
        real(self, keys)
        put(Incident.objects.get(number=1), "resolved")

    monkeypatch.setattr(grouping.Grouping, "_load", raced)
    native(world.key, {"title": "a", "dedup_key": "a"})
    drain()
    assert incidents() == [1, 2]


def test_the_settings_are_the_managers_and_bounded(world: World) -> None:
    for who, error in (("bo", NotAllowed), ("zoe", NotAllowed)):
        with pytest.raises(error):
            actions.set_alerting(actor=world.actor(who), service_id=world.service.pk, window_minutes=5)
    with pytest.raises(NotVisible):
        actions.set_alerting(actor=world.actor("ada"), service_id=0, window_minutes=5)
    refused: list[dict[str, Any]] = [
        {"window_minutes": 0},
        {"flap_changes": 1},
        {"flap_minutes": 1441},
        {"storm_per_minute": 19},
        {"group_by": "nothing"},
    ]
    for fields in refused:
        with pytest.raises(InvalidInput):
            settings(world, **fields)


def test_flapping_pages_once_and_writes_one_entry(world: World, drain: Drain) -> None:
    settings(world, flap_changes=2, flap_minutes=60)

    def entries() -> int:
        timeline = Incident.objects.get().timeline
        return int(timeline.filter(kind__in=("alert_attached", "alerts_clear")).count())

    with time_machine.travel(START, tick=False) as clock:
        counts = []
        for _time in range(7):
            native(world.key, {"title": "Flaps", "dedup_key": "f"})
            drain()
            counts.append((entries(), runs()))
            clock.shift(MINUTE)
            native(world.key, {"title": "Flaps", "dedup_key": "f", "status": "resolved"})
            drain()
            clock.shift(MINUTE)
        rows = list(Alert.objects.order_by("pk").values_list("changes", "flapping"))
        assert rows == [(0, False), (1, False), (2, False), (3, True), (4, True), (5, True), (6, True)]
        assert counts[3:] == [(counts[2][0] + 2, 1)] * 4
        assert {paged for _entries, paged in counts} == {1}
        assert "Flapping: came back 3 times within 60 minutes" in Alert.objects.all()[3].route[1]
        # Quiet for the whole window: it is news again.
        clock.shift(61 * MINUTE)
        native(world.key, {"title": "Flaps", "dedup_key": "f"})
        drain()
    last = Alert.objects.first()
    assert last is not None
    assert (last.changes, last.flapping) == (0, False)


def test_flapping_within_one_batch_counts_the_same(world: World, drain: Drain) -> None:
    settings(world, flap_changes=2)
    fires = {"title": "Flaps", "dedup_key": "f"}
    native(world.key, [fires, {**fires, "status": "resolved"}] * 5)
    drain()
    rows = list(Alert.objects.order_by("pk").values_list("changes", "flapping", "status"))
    assert rows == [(n, n > 2, "resolved") for n in range(5)]
    assert (Incident.objects.count(), runs()) == (1, 1)


def test_flapping_after_somebody_resolved_opens_anew(world: World, drain: Drain) -> None:
    settings(world, flap_changes=2)
    fires = {"title": "Flaps", "dedup_key": "f"}
    for _time in range(5):
        native(world.key, fires)
        drain()
        native(world.key, {**fires, "status": "resolved"})
        drain()
    put(Incident.objects.get(), "resolved")
    native(world.key, fires)
    drain()
    alert = Alert.objects.first()
    assert alert is not None
    assert (alert.flapping, alert.incident, runs()) == (True, Incident.objects.get(number=2), 2)


def test_a_plain_alert_costs_what_it_cost(world: World) -> None:
    """Statements of one batch that opens one incident, and of one that joins it."""

    def cost(title: str) -> int:
        native(world.key, {"title": title, "dedup_key": title})
        with CaptureQueriesContext(connection) as found:
            process_intake()
        return len(found)

    cost("warm")
    assert cost("new") <= PLAIN_NEW
    assert cost("new") <= PLAIN_REPEAT


# What a batch took before there were rules, storms and symptoms.
PLAIN_NEW, PLAIN_REPEAT = 36, 13
