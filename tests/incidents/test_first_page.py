"""The main job end to end inside one process: alert → incident → page → next step → acknowledge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from alerts.intake.messages import IntakeRequest, Reply
from alerts.intake.receive import handle
from incidents import actions
from incidents.models import Incident
from notifications.models import Delivery
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


def post(world: World, body: bytes, kind: str = "generic") -> Reply:
    path = f"/api/v1/intake/{kind}/{world.key}/"
    return handle(IntakeRequest("POST", path, {}, {"content-type": "application/json"}, body))


def kinds(number: int) -> list[str]:
    return list(Incident.objects.get(number=number).timeline.order_by("seq").values_list("kind", flat=True))


def test_an_alert_pages_and_escalates_until_somebody_acknowledges(drain: Callable[[], None]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        reply = post(world, b'{"title": "Payments failing", "severity": "critical", "dedup_key": "pay"}')
        assert (reply.status, reply.body["accepted"]) == (202, 1)
        drain()
        incident = Incident.objects.get()
        assert (incident.number, incident.status, incident.page_status) == (1, "triage", "paging")
        assert incident.title == "Payments failing"
        assert {d.user for d in Delivery.objects.filter(status="sent")} == {world.ada}
        assert kinds(1) == ["declared", "alert_attached", "page_sent"]

        post(world, b'{"title": "Payments failing", "severity": "critical", "dedup_key": "pay"}')
        clock.shift(dt.timedelta(minutes=4, seconds=59))
        drain()
        assert not Delivery.objects.filter(user=world.bo).exists()
        clock.shift(dt.timedelta(seconds=1))
        drain()
        assert Delivery.objects.filter(user=world.bo, status="sent").exists()
        assert kinds(1)[-1] == "page_sent"

        done = actions.acknowledge(actor=world.actor("bo"), number=1)
        assert done.sentence == "Acknowledged 03:05 UTC, escalation stopped."
        drain()
        before = Delivery.objects.filter(status="sent").count()
        clock.shift(dt.timedelta(hours=2))
        drain()
        assert Delivery.objects.filter(status="sent").count() == before
        assert not Delivery.objects.filter(status="pending").exists()
        incident.refresh_from_db()
        assert (incident.page_status, incident.acknowledged_by) == ("acknowledged", world.bo)


def test_all_alerts_clear_asks_and_an_untouched_one_resolves_after_five_minutes(
    drain: Callable[[], None],
) -> None:
    world = make_world()
    from incidents.tasks import run_timers

    with time_machine.travel(START, tick=False) as clock:
        post(world, b'{"title": "Disk full", "dedup_key": "disk"}')
        drain()
        post(world, b'{"title": "Disk full", "dedup_key": "disk", "status": "resolved"}')
        drain()
        incident = Incident.objects.get()
        assert (incident.firing_count, incident.alert_count, incident.alerts_clear_at) == (0, 1, START)
        clock.shift(dt.timedelta(minutes=4))
        run_timers()
        incident.refresh_from_db()
        assert incident.status == "triage"
        clock.shift(dt.timedelta(minutes=1))
        run_timers()
        incident.refresh_from_db()
        assert (incident.status, incident.auto_resolved) == ("resolved", True)

        post(world, b'{"title": "Disk full", "dedup_key": "disk"}')
        drain()
        incident.refresh_from_db()
        assert (Incident.objects.count(), incident.status, incident.firing_count) == (1, "triage", 1)
        assert incident.page_status == "paging"


def test_the_whole_life_by_hand(drain: Callable[[], None]) -> None:
    world = make_world()
    bo = world.actor("bo")
    incident = actions.declare_incident(actor=bo, title="Checkout down", service_ids=[world.service.pk])
    drain()
    number = incident.number
    actions.acknowledge(actor=bo, number=number)
    actions.set_severity(actor=bo, number=number, severity=1)
    actions.assign_role(actor=bo, number=number, role="commander", user_id=world.bo.pk)
    actions.add_note(actor=bo, number=number, text="Gateway times out")
    actions.post_update(actor=bo, number=number, audience="public", text="We are looking into it.")
    actions.set_status(actor=bo, number=number, status="monitoring")
    actions.resolve(actor=bo, number=number)
    drain()
    incident.refresh_from_db()
    assert (incident.status, incident.commander, incident.severity_id) == ("resolved", world.bo, 1)
    assert kinds(number) == [
        "declared",
        "page_sent",
        "acknowledged",
        "severity",
        "role",
        "note",
        "update_sent",
        "state",
        "state",
    ]
    assert list(incident.timeline.values_list("seq", flat=True)) == list(range(1, 10))
