"""Exit criteria: written down, ticked, checked by machine, and the gate before "resolved"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from alerts.intake.messages import IntakeRequest
from alerts.intake.receive import handle
from core import clock
from core.errors import Conflict, InvalidInput, NotVisible
from incidents import actions
from incidents.actions import gate
from incidents.actions.criteria import verdicts
from incidents.errors import NotFinished
from incidents.models import Incident, IncidentService
from incidents.timers import TIMERS
from tests.factories import api_client
from tests.incidents.support import START, declare, put
from tests.world import World, make_integration, make_service, make_world

pytestmark = pytest.mark.django_db


def alert(key: str, dedup: str, status: str = "firing", region: str = "") -> None:
    import json

    body = {"title": f"Alert {dedup}", "dedup_key": dedup, "status": status}
    if region:
        body["labels"] = {"region": region}  # type: ignore[assignment]  # one body for both
    path = f"/api/v1/intake/generic/{key}/"
    reply = handle(
        IntakeRequest("POST", path, {}, {"content-type": "application/json"}, json.dumps(body).encode())
    )
    assert reply.status == 202


def state(world: World, number: int) -> list[tuple[str, bool, str]]:
    incident = Incident.objects.get(number=number)
    return [(row.criterion.kind, row.met, row.why) for row in verdicts(incident, clock.now())]


def run_timers() -> None:
    for work in TIMERS:
        work(clock.now())


def test_a_manual_one_is_ticked_and_the_gate_names_what_is_open() -> None:
    world = make_world()
    bo, number = world.actor("bo"), declare(world).number
    row = actions.add_criterion(actor=bo, number=number, text="Orders flow again")
    put(Incident.objects.get(number=number), "monitoring")
    with pytest.raises(NotFinished) as refused:
        actions.resolve(actor=bo, number=number)
    assert refused.value.code == "criteria_open"
    assert refused.value.sentence == "“Orders flow again” does not hold: not ticked yet."

    actions.tick_criterion(actor=bo, number=number, criterion_id=row.pk)
    again = actions.tick_criterion(actor=bo, number=number, criterion_id=row.pk)
    assert again.met_by == world.bo
    resolved = actions.resolve(actor=bo, number=number)
    assert (resolved.status, resolved.exit_overridden) == ("resolved", False)
    assert resolved.verified_at == resolved.resolved_at
    entries = resolved.timeline.filter(kind="exit_criterion").order_by("seq")
    assert [entry.data["what"] for entry in entries] == ["added", "met"]


def test_a_commander_overrides_in_writing_and_that_is_kept() -> None:
    world = make_world()
    number = declare(world).number
    actions.add_criterion(actor=world.actor("bo"), number=number, text="Orders flow again")
    put(Incident.objects.get(number=number), "monitoring")
    done = actions.resolve(actor=world.actor("ada"), number=number, override_reason="Shop is closed tonight")
    assert (done.status, done.exit_overridden, done.verified_at) == ("resolved", True, None)
    assert done.timeline.order_by("-seq")[0].text == "Shop is closed tonight"
    back = actions.reopen(actor=world.actor("bo"), number=number)
    assert (back.exit_overridden, back.verified_at) == (False, None)


def test_alerts_must_be_clear_for_as_long_as_was_asked(drain: Callable[[], None]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        alert(world.key, "a")
        drain()
        incident = Incident.objects.get()
        actions.add_criterion(actor=world.actor("bo"), number=1, kind="alerts_clear", minutes=10)
        assert state(world, 1) == [("alerts_clear", False, "1 alert fires")]
        put(incident, "monitoring")
        alert(world.key, "a", "resolved")
        drain()
        assert state(world, 1) == [("alerts_clear", False, "holds, 10 minutes to go")]
        time.shift(dt.timedelta(minutes=9, seconds=1))
        assert state(world, 1) == [("alerts_clear", False, "holds, 1 minute to go")]
        with pytest.raises(NotFinished):
            actions.resolve(actor=world.actor("bo"), number=1)
        time.shift(dt.timedelta(seconds=59))
        assert state(world, 1) == [("alerts_clear", True, "")]
        run_timers()
        run_timers()
        Incident.objects.update(firing_count=1, alerts_clear_at=None)
        run_timers()
    said = list(incident.timeline.filter(kind="exit_criterion").order_by("seq"))
    assert [entry.data["what"] for entry in said] == ["added", "met", "open"]
    assert said[-1].data["why"] == "1 alert fires"


def test_services_must_be_healthy_in_every_region(drain: Callable[[], None]) -> None:
    """Also by alerts that belong to another incident of the service."""
    world = make_world()
    other = make_service(world.team, "payments")
    _row, key = make_integration(other, name="Payments monitor")
    with time_machine.travel(START, tick=False) as time:
        incident = declare(world)
        number = incident.number
        IncidentService.objects.create(incident=incident, service=other, position=1)
        actions.add_criterion(actor=world.actor("bo"), number=number, kind="services_healthy", minutes=5)
        assert state(world, number) == [("services_healthy", False, "holds, 5 minutes to go")]
        alert(key, "eu", region="eu-1")
        alert(key, "us", region="us-1")
        drain()
        why = "alerts fire on Payments (eu-1), Payments (us-1)"
        assert state(world, number) == [("services_healthy", False, why)]
        time.shift(dt.timedelta(minutes=10))
        alert(key, "eu", "resolved", region="eu-1")
        drain()
        assert state(world, number) == [("services_healthy", False, "alerts fire on Payments (us-1)")]
        time.shift(dt.timedelta(minutes=10))
        alert(key, "us", "resolved", region="us-1")
        drain()
        assert state(world, number) == [("services_healthy", False, "holds, 5 minutes to go")]
        time.shift(dt.timedelta(minutes=5))
        assert state(world, number) == [("services_healthy", True, "")]


def test_conditions_follow_the_impact_rows() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as time:
        number = declare(world).number
        actions.add_criterion(actor=bo, number=number, kind="conditions_clear", minutes=1)
        row = actions.add_impact(
            actor=bo, number=number, service_id=world.service.pk, condition="degraded", reach="some"
        )
        assert state(world, number) == [("conditions_clear", False, "not operational: Checkout")]
        time.shift(dt.timedelta(minutes=3))
        actions.end_impact(actor=bo, number=number, row_id=row.pk)
        assert state(world, number) == [("conditions_clear", False, "holds, 1 minute to go")]
        time.shift(dt.timedelta(minutes=1))
        assert state(world, number) == [("conditions_clear", True, "")]


def test_what_is_refused() -> None:
    world = make_world()
    bo, number = world.actor("bo"), declare(world).number
    for wrong, field in (
        ({"kind": "moon"}, "kind"),
        ({"text": " "}, "text"),
        ({"kind": "alerts_clear", "minutes": 1441}, "minutes"),
        ({"kind": "alerts_clear", "minutes": -1}, "minutes"),
    ):
        with pytest.raises(InvalidInput) as refused:
            actions.add_criterion(actor=bo, number=number, **wrong)
        assert list(refused.value.fields) == [field]
    first = actions.add_criterion(actor=bo, number=number, kind="alerts_clear", minutes=5)
    same = actions.add_criterion(actor=bo, number=number, kind="alerts_clear", minutes=10)
    assert (same.pk, same.minutes) == (first.pk, 10)
    with pytest.raises(Conflict) as machine:
        actions.tick_criterion(actor=bo, number=number, criterion_id=first.pk)
    assert machine.value.code == "machine_checked"
    for position in range(19):
        actions.add_criterion(actor=bo, number=number, text=f"Criterion {position}")
    with pytest.raises(InvalidInput):
        actions.add_criterion(actor=bo, number=number, text="One too many")
    other = declare(world).number
    with pytest.raises(NotVisible):
        actions.remove_criterion(actor=bo, number=other, criterion_id=first.pk)
    actions.resolve(actor=world.actor("ada"), number=other, override_reason="Over")
    with pytest.raises(Conflict):
        actions.add_criterion(actor=bo, number=other, text="Too late")


def test_the_api_writes_ticks_lists_and_takes_away() -> None:
    world = make_world()
    number = declare(world).number
    api, url = api_client(world.bo), f"/api/v1/incidents/{number}/criteria/"
    made = api.post(url, {"text": "Orders flow again"}, format="json")
    assert (made.status_code, made.json()["met"]) == (201, False)
    pk = made.json()["id"]
    assert api.post(f"{url}{pk}/tick/", {}, format="json").json()["met"] is True
    assert api.post(f"{url}{pk}/tick/", {"met": False}, format="json").json()["met"] is False
    found = api.get(f"/api/v1/incidents/{number}/gate/").json()
    assert [row["code"] for row in found["resolved"]] == ["criteria_open"]
    assert [row["summary"] for row in api.get(url).json()["results"]] == ["Orders flow again"]
    assert api.post(url, {"text": "x", "extra": 1}, format="json").status_code == 400
    assert api.delete(f"{url}{pk}/").status_code == 204
    assert api.delete(f"{url}{pk}/").status_code == 404
    assert api.get(url).json() == {"results": []}


def test_the_cost_does_not_grow_with_the_criteria(django_assert_num_queries: Callable[..., object]) -> None:
    world = make_world()
    bo, number = world.actor("bo"), declare(world).number
    for kind in ("alerts_clear", "services_healthy", "conditions_clear"):
        actions.add_criterion(actor=bo, number=number, kind=kind)
    for position in range(10):
        actions.add_criterion(actor=bo, number=number, text=f"Criterion {position}")
    incident = Incident.objects.get(number=number)
    with django_assert_num_queries(4):
        assert len(verdicts(incident, clock.now())) == 13


def test_closing_asks_for_review_follow_up_and_repair() -> None:
    world = make_world()
    ada, number = world.actor("ada"), declare(world, severity=1).number
    actions.set_workaround(actor=ada, number=number, text="Traffic runs through the old gateway")
    actions.resolve(actor=ada, number=number, override_reason="Done")
    incident = Incident.objects.get(number=number)
    codes = [code for code, _text in gate.in_the_way(incident, "closed", clock.now())]
    assert codes == ["review_needed", "follow_up_missing"]
    with pytest.raises(NotFinished):
        actions.set_status(actor=ada, number=number, status="closed")
    light = declare(world, severity=3).number
    actions.resolve(actor=ada, number=light, override_reason="Done")
    assert actions.set_status(actor=ada, number=light, status="closed").status == "closed"
