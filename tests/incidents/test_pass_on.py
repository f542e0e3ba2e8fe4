""" "I cannot take it": who may say it, what it does, and what the timeline tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from incidents.actions import acknowledge, declare_incident, pass_on, resolve
from incidents.choices import PageStatus
from incidents.models import Incident, TimelineEntry
from incidents.sentences import sentence
from notifications import replies
from oncall.escalation import engine
from oncall.models import EscalationPolicy, PolicyStep, RunPage
from tests.factories import api_client, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def open_incident(world: World) -> Incident:
    return declare_incident(
        actor=world.actor("sam"), title="Checkout is slow", service_ids=[world.service.pk]
    )


def paged(incident: Incident) -> list[str]:
    rows = RunPage.objects.filter(run__subject_key=incident.subject_key).order_by("pk")
    return [str(name) for name in rows.values_list("user__name", flat=True)]


def told(incident: Incident) -> list[str]:
    return [sentence(entry) for entry in TimelineEntry.objects.filter(incident=incident).order_by("seq")]


def test_the_next_step_is_paged_at_once_and_the_timeline_says_why(drain: Callable[[], None]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        incident = open_incident(world)
        engine.tick()
        answer = pass_on(actor=world.actor("ada"), number=incident.number)
        assert answer.sentence == "Passed on: the next step is being paged now."
        engine.tick()
        drain()
    assert paged(incident) == ["Ada", "Bo"]
    assert "Ada cannot take it: the next step is paged now" in told(incident)


def test_each_person_and_each_state_gets_the_right_answer() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        incident = open_incident(world)
        engine.tick()
        url = f"/api/v1/incidents/{incident.number}/pass-on/"
        codes = {
            name: api_client(getattr(world, name)).post(url).status_code
            for name in ("bo", "sam", "zoe", "ada")
        }
        assert codes == {"bo": 409, "sam": 403, "zoe": 403, "ada": 200}
        acknowledge(actor=world.actor("bo"), number=incident.number)
        refused = api_client(world.ada).post(url)
        assert (refused.status_code, refused.json()["code"]) == (409, "acknowledged")


def test_the_button_is_there_for_whoever_is_paged_alone() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        incident = open_incident(world)
        engine.tick()
        path = f"{incident.get_absolute_url()}pass-on/"
        shown = {name: path in page(world, name, incident) for name in ("ada", "bo", "sam", "zoe")}
        assert shown == {"ada": True, "bo": False, "sam": False, "zoe": False}
        assert path in signed_in(world.ada).get("/").content.decode()
        done = signed_in(world.ada).post(path)
        assert (done.status_code, done["Location"]) == (302, incident.get_absolute_url())
        assert path not in page(world, "ada", incident)


def page(world: World, name: str, incident: Incident) -> str:
    return signed_in(getattr(world, name)).get(incident.get_absolute_url()).content.decode()


def test_a_reply_declines_and_resolves_with_the_rights_of_its_person() -> None:
    world = make_world()
    port = replies.port()
    with time_machine.travel(START, tick=False):
        incident = open_incident(world)
        engine.tick()
        key = incident.subject_key
        assert port.decline(subject_key=key, user_id=world.zoe.pk, via="sms") == "You may not do that."
        assert port.decline(subject_key=key, user_id=world.ada.pk, via="sms").startswith("Passed on")
        sentence = port.resolve(subject_key=key, user_id=world.bo.pk, via="voice")
        assert Incident.objects.get().status != "resolved"
        assert "resolved" not in sentence.split()[:1]
        port.acknowledge(subject_key=key, user_id=world.bo.pk, via="voice")
    entry = TimelineEntry.objects.get(incident=incident, kind="acknowledged")
    assert (entry.author_id, entry.source) == (world.bo.pk, "voice")
    assert port.decline(subject_key="other:1", user_id=world.bo.pk, via="sms") == "This link no longer works."


def test_an_acknowledge_that_expired_shows_as_paging_and_can_be_given_again(
    drain: Callable[[], None],
) -> None:
    world = make_world()
    EscalationPolicy.objects.filter(pk=world.policy.pk).update(acknowledge_timeout_minutes=30)
    with time_machine.travel(START, tick=False) as clock:
        incident = open_incident(world)
        engine.tick()
        acknowledge(actor=world.actor("ada"), number=incident.number)
        clock.shift(30 * MINUTE)
        engine.tick()
        assert acknowledge(actor=world.actor("ada"), number=incident.number).changed
        drain()
        incident.refresh_from_db()
        assert incident.page_status == PageStatus.ACKNOWLEDGED
        clock.shift(30 * MINUTE)
        engine.tick()
        drain()
        incident.refresh_from_db()
        assert incident.page_status == PageStatus.PAGING
        assert told(incident).count("Acknowledged and still open after 30 minutes: paging again") == 2
        resolve(actor=world.actor("ada"), number=incident.number, override_reason="It was the test.")
        clock.shift(60 * MINUTE)
        engine.tick()
        drain()
    incident.refresh_from_db()
    assert incident.page_status != PageStatus.PAGING


def test_steps_look_at_the_severity_of_the_incident() -> None:
    world = make_world()
    PolicyStep.objects.filter(policy=world.policy, position=0).update(severities=[0])
    with time_machine.travel(START, tick=False):
        incident = declare_incident(
            actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk], severity=3
        )
        engine.tick()
    assert paged(incident) == ["Bo"]
