"""Impact rows, the priority matrix and what a severity sets in motion."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from core import clock
from core.errors import InvalidInput, NotVisible
from incidents import actions
from incidents.actions.severity_list import plan
from incidents.models import ImpactRow, Incident, RoleDefinition, SeverityLevel
from incidents.priority import matrix, suggest
from oncall.models import EscalationRun
from tests.factories import api_client, make_team, make_user
from tests.incidents.support import START, declare
from tests.world import make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def test_a_new_row_ends_the_former_one_and_the_service_follows() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as time:
        incident = declare(world)
        number, service = incident.number, world.service.pk
        actions.add_impact(actor=bo, number=number, service_id=service, condition="unavailable", reach="all")
        time.shift(10 * MINUTE)
        second = actions.add_impact(
            actor=bo,
            number=number,
            service_id=service,
            condition="degraded",
            reach="some",
            regions=["eu-1", " eu-1 ", "us-1"],
            customers=120,
        )
        rows = list(incident.impact_rows.values_list("condition", "started_at", "ended_at"))
        assert rows == [
            ("unavailable", START, START + 10 * MINUTE),
            ("degraded", START + 10 * MINUTE, None),
        ]
        assert (second.regions, second.customers) == (["eu-1", "us-1"], 120)
        assert incident.service_rows.get().condition == "degraded"
        time.shift(5 * MINUTE)
        actions.end_impact(actor=bo, number=number, row_id=second.pk)
        assert incident.service_rows.get().condition == "operational"
        actions.remove_impact(actor=bo, number=number, row_id=second.pk)
    incident.refresh_from_db()
    assert incident.impact_started_at == START
    assert list(
        incident.timeline.filter(kind="impact").values_list("data__what", flat=True).order_by("seq")
    ) == [
        "added",
        "added",
        "changed",
        "removed",
    ]


def test_an_earlier_start_is_that_of_the_incident_and_a_late_one_is_not() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        actions.add_impact(actor=bo, number=number, condition="bug", started_at=START - 20 * MINUTE)
        actions.add_impact(actor=bo, number=number, condition="bug", started_at=START - 5 * MINUTE)
        assert Incident.objects.get(number=number).impact_started_at == START - 20 * MINUTE
        actions.set_status(actor=bo, number=number, status="monitoring", mitigated_at=START - 10 * MINUTE)
        other = declare(world).number
        actions.set_status(actor=bo, number=other, status="monitoring", mitigated_at=START - 10 * MINUTE)
        actions.add_impact(actor=bo, number=other, condition="bug", started_at=START)
    assert Incident.objects.get(number=other).impact_started_at is None


def test_what_is_refused() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        wrong = (
            ({"condition": "fine"}, "condition"),
            ({"reach": "nobody"}, "reach"),
            ({"started_at": START + 5 * MINUTE}, "started_at"),
            ({"ended_at": START - MINUTE}, "ended_at"),
            ({"ended_at": START + 5 * MINUTE}, "ended_at"),
            ({"customers": -1}, "customers"),
            ({"regions": [f"r{n}" for n in range(31)]}, "regions"),
            ({"service_id": 99999}, "service"),
        )
        for facts, field in wrong:
            with pytest.raises(InvalidInput) as refused:
                actions.add_impact(actor=bo, number=number, **facts)
            assert list(refused.value.fields) == [field], facts
    assert not ImpactRow.objects.exists()


def test_a_service_one_may_not_see_stays_hidden() -> None:
    """Neither named by somebody who does not see it nor shown to them."""
    world = make_world()
    secret = make_service(make_team("Secret", visibility="members", manager=make_user("Mo")), "vault")
    number = declare(world).number
    with pytest.raises(InvalidInput):
        actions.add_impact(actor=world.actor("bo"), number=number, service_id=secret.pk)
    row = actions.add_impact(actor=world.actor("root"), number=number, service_id=secret.pk, condition="bug")
    with pytest.raises(NotVisible):
        actions.edit_impact(actor=world.actor("bo"), number=number, row_id=row.pk, condition="degraded")
    assert api_client(world.bo).get(f"/api/v1/incidents/{number}/impact-rows/").json() == {"results": []}


SQUARES = {
    "unavailable": {"all": 0, "half": 1, "some": 2, "internal": 3},
    "degraded": {"all": 1, "half": 2, "some": 2, "internal": 3},
    "bug": {"all": 2, "half": 3, "some": 3, "internal": 4},
    "operational": {"all": 4, "half": 4, "some": 4, "internal": 4},
}


@pytest.mark.parametrize("condition", SQUARES)
def test_the_matrix_as_shipped(condition: str) -> None:
    squares = matrix()
    for reach, rank in SQUARES[condition].items():
        for tier, expected in ((1, rank), (2, rank), (3, min(rank + 1, 4)), (4, min(rank + 1, 4))):
            service = make_service(None, f"{condition}-{reach}-{tier}", tier=tier)
            row = ImpactRow(condition=condition, reach=reach, service=service, started_at=clock.now())
            found = suggest([row], squares)
            assert found is not None
            assert found.rank == (4 if condition == "operational" else expected)


def test_the_gravest_row_that_lasts_decides() -> None:
    rows = [
        ImpactRow(condition="unavailable", reach="all", started_at=START, ended_at=START + MINUTE),
        ImpactRow(condition="degraded", reach="half", started_at=START),
        ImpactRow(condition="bug", reach="some", started_at=START),
        ImpactRow(condition="unavailable", reach="", started_at=START),
    ]
    found = suggest(rows, matrix())
    assert found is not None
    assert (found.rank, found.reason) == (2, "It is degraded for over half")
    assert suggest(rows[:1], matrix()) is None


def test_raising_pages_the_list_of_the_level_once() -> None:
    world = make_world()
    bo, chief = world.actor("bo"), make_user("Chief")
    grave = make_policy(world.team, (5, [chief]), name="Grave")
    for rank in (0, 1):
        SeverityLevel.objects.get(rank=rank).policies.add(grave)
    incident = declare(world)
    number = incident.number
    found = plan(incident, SeverityLevel.objects.get(rank=1), clock.now())
    assert [(each.policy, each.people) for each in found.called] == [(grave, ["Chief"])]
    assert found.clocks == [("Internal", 30), ("Public", 30), ("Executive", 60)]
    assert found.missing_roles == ["Commander", "Communications"]
    assert not EscalationRun.objects.filter(policy=grave).exists(), "a preview changes nothing"

    actions.set_severity(actor=bo, number=number, severity=3)
    assert not EscalationRun.objects.filter(policy=grave).exists()
    actions.set_severity(actor=bo, number=number, severity=1, reason="Half of them cannot pay")
    actions.set_severity(actor=bo, number=number, severity=0)
    actions.set_severity(actor=bo, number=number, severity=2)
    assert EscalationRun.objects.filter(policy=grave, subject_key=incident.subject_key).count() == 1
    entry = incident.timeline.filter(kind="severity").order_by("seq")[1]
    assert (entry.text, entry.data["new"]) == ("Half of them cannot pay", 1)
    assert incident.timeline.get(kind="escalated").data == {"people": ["Grave"], "by_severity": 1}


def test_a_drill_and_what_is_over_page_nobody() -> None:
    world = make_world()
    grave = make_policy(world.team, (5, [world.ada]), name="Grave")
    SeverityLevel.objects.get(rank=0).policies.add(grave)
    drill = declare(world, kind="drill")
    actions.set_severity(actor=world.actor("bo"), number=drill.number, severity=0)
    over = declare(world)
    actions.resolve(actor=world.actor("ada"), number=over.number, override_reason="Over")
    actions.set_severity(actor=world.actor("bo"), number=over.number, severity=0)
    assert not EscalationRun.objects.filter(policy=grave).exists()


def test_declared_with_a_severity_runs_its_list_too() -> None:
    world = make_world()
    grave = make_policy(world.team, (5, [world.ada]), name="Grave")
    SeverityLevel.objects.get(rank=0).policies.add(grave)
    incident = declare(world, severity=0)
    assert EscalationRun.objects.filter(policy=grave, subject_key=incident.subject_key).count() == 1
    assert incident.next_update_due_at is not None


def test_a_policy_slower_than_the_window_is_warned_about() -> None:
    world = make_world()
    slow = make_policy(world.team, (20, [world.ada]), (5, [world.bo]), name="Slow")
    service = make_service(world.team, "slow", escalation_policy=slow)
    incident = actions.declare_incident(
        actor=world.actor("bo"), title="Slow", service_ids=[service.pk], page=False
    )
    warned = plan(incident, SeverityLevel.objects.get(rank=0), clock.now()).warnings
    assert warned == ["Slow waits 20 minutes for its first step; this level expects an answer in 5."]
    fast = declare(world)
    assert plan(fast, SeverityLevel.objects.get(rank=0), clock.now()).warnings == []


def test_required_roles_are_those_nobody_holds() -> None:
    world = make_world()
    incident = declare(world, severity=0)
    actions.assign_role(
        actor=world.actor("ada"), number=incident.number, role="commander", user_id=world.bo.pk
    )
    level = SeverityLevel.objects.get(rank=0)
    assert plan(incident, level, clock.now()).missing_roles == ["Communications"]
    RoleDefinition.objects.filter(key="scribe").update(required_to_rank=0)
    assert plan(incident, level, clock.now()).missing_roles == ["Scribe", "Communications"]


def test_the_api_of_impact_and_preview() -> None:
    world = make_world()
    number = declare(world).number
    api, url = api_client(world.bo), f"/api/v1/incidents/{number}/impact-rows/"
    body = {"service": "checkout", "condition": "unavailable", "reach": "half", "regions": ["eu-1"]}
    made = api.post(url, body, format="json")
    assert made.status_code == 201
    row = made.json()
    assert {name: row[name] for name in ("service", "condition", "reach", "regions", "ended_at")} == {
        **body,
        "ended_at": None,
    }
    preview = api.get(f"/api/v1/incidents/{number}/severity-preview/?severity=1").json()
    assert preview["suggestion"]["severity"] == (1 if world.service.tier < 3 else 2)
    assert preview["raises"] is True
    assert api.get(f"/api/v1/incidents/{number}/severity-preview/?severity=7").status_code == 400
    changed = api.patch(f"{url}{row['id']}/", {"condition": "degraded"}, format="json")
    assert (changed.status_code, changed.json()["condition"], changed.json()["reach"]) == (
        200,
        "degraded",
        "half",
    )
    assert api_client(world.sam).post(url, body, format="json").status_code == 403
    assert api_client(world.zoe).post(url, body, format="json").status_code == 403
    assert api.delete(f"{url}{row['id']}/").status_code == 204
    assert api.delete(f"{url}{row['id']}/").status_code == 404
