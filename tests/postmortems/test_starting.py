"""A postmortem begins by itself when the severity demands it, filled from the record and with people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from incidents import actions as incident_actions
from incidents.models import Incident, SeverityLevel
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import Attendee, DefaultAttendee, Postmortem, PostmortemTemplate, ReviewDefaults
from services.actions import record_change
from tests.factories import make_user
from tests.incidents.support import START, declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


def resolve(world: World, *, severity: int | None = 1, **fields: object) -> int:
    number = declare(world, title="Checkout down", impact="Nobody can pay", **fields).number
    bo = world.actor("bo")
    if severity is not None:
        incident_actions.set_severity(actor=bo, number=number, severity=severity)
    incident_actions.assign_role(actor=bo, number=number, role="commander", user_id=world.ada.pk)
    incident_actions.set_status(actor=bo, number=number, status="monitoring")
    incident_actions.resolve(actor=world.actor("ada"), number=number, override_reason="Seen to work")
    return number


@pytest.mark.parametrize(
    ("severity", "begins"), [(0, True), (1, True), (2, False), (3, False), (None, False)]
)
def test_the_severity_says_whether_it_begins(severity: int | None, begins: bool, drain: Drain) -> None:
    world = make_world()
    number = resolve(world, severity=severity)
    drain()
    assert Postmortem.objects.filter(incident__number=number).exists() is begins


def test_a_drill_gets_one_whatever_its_severity(drain: Drain) -> None:
    world = make_world()
    number = resolve(world, severity=3, kind="drill")
    drain()
    assert Postmortem.objects.filter(incident__number=number).exists()


def test_it_begins_once_and_when_the_severity_is_raised_afterwards(drain: Drain) -> None:
    world = make_world()
    number = resolve(world, severity=2)
    drain()
    assert not Postmortem.objects.exists()
    incident_actions.set_severity(actor=world.actor("bo"), number=number, severity=1)
    drain()
    document = Postmortem.objects.get(incident__number=number)
    assert actions.start_if_due(number=number) is None
    assert actions.start_postmortem(actor=world.actor("bo"), incident_number=number) == document


def test_its_times_count_from_the_resolution(drain: Drain) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        number = resolve(world, severity=0)
        clock.shift(dt.timedelta(hours=5))
        drain()
    document = Postmortem.objects.get(incident__number=number)
    level = SeverityLevel.objects.get(rank=0)
    assert (level.review_hours, level.postmortem_days) == (24, 3)
    assert document.review_due_at == START + dt.timedelta(hours=24)
    assert document.due_at == START + dt.timedelta(days=3)


def test_people_come_from_roles_then_from_the_team(drain: Drain) -> None:
    world = make_world()
    pia = make_user("Pia")
    ReviewDefaults.objects.create(team=world.team, organiser=world.bo, process_owner=pia)
    DefaultAttendee.objects.create(team=world.team, user=pia, part="product")
    number = resolve(world)
    drain()
    document = Postmortem.objects.get(incident__number=number)
    assert document.owner == world.ada
    assert document.organiser == world.bo
    assert document.process_owner == pia
    assert document.process_owner_backup != pia
    parts = dict(Attendee.objects.filter(postmortem=document).values_list("user__name", "part"))
    assert parts[pia.name] == "product"
    assert parts[world.ada.name] == "engineering"
    told = Delivery.objects.filter(user=world.ada, title__contains="is yours")
    assert told.count() >= 1


def test_who_may_not_see_it_is_not_named(drain: Drain) -> None:
    world = make_world()
    ReviewDefaults.objects.create(team=world.team, organiser=world.zoe)
    number = declare(world, title="Breach", impact="Keys").number
    bo = world.actor("bo")
    incident_actions.set_severity(actor=bo, number=number, severity=1)
    incident_actions.set_visibility(actor=world.actor("ada"), number=number, visibility="restricted")
    incident_actions.resolve(actor=world.actor("ada"), number=number, override_reason="Seen to work")
    drain()
    document = Postmortem.objects.get(incident__number=number)
    assert document.organiser != world.zoe


def test_the_record_fills_the_sections(drain: Drain) -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False):
        number = declare(world, title="Checkout down", impact="Nobody can pay").number
        record_change(actor=bo, service_id=world.service.pk, summary="Release 47", source="ci")
        incident_actions.add_impact(
            actor=bo, number=number, service_id=world.service.pk, condition="unavailable", customers=1200
        )
        cause = incident_actions.add_cause(actor=bo, number=number, text="Pool too small")
        incident_actions.set_cause_state(actor=bo, number=number, cause_id=cause.pk, state="confirmed")
        starred = incident_actions.add_note(actor=bo, number=number, text="Pool at its limit")
        incident_actions.add_note(actor=bo, number=number, text="Coffee")
        incident_actions.star_entry(actor=bo, number=number, seq=starred.seq, starred=True)
        incident_actions.post_update(actor=bo, number=number, audience="internal", text="On it")
        incident_actions.set_severity(actor=bo, number=number, severity=1)
        incident_actions.resolve(actor=world.actor("ada"), number=number, override_reason="Seen to work")
        drain()
    document = Postmortem.objects.get(incident__number=number)
    texts = dict(document.sections.values_list("key", "text"))
    assert len(texts) == 12
    assert "1,200 customers" in texts["impact"]
    assert "Pool at its limit" in texts["timeline"]
    assert "Coffee" not in texts["timeline"]
    assert document.sections.get(key="timeline").entries == [starred.seq]
    assert "Confirmed: Pool too small" in texts["causes"]
    assert "Release 47" in texts["causes"]
    assert "> On it" in texts["messages"]
    assert f"/incidents/{number}/" in texts["links"]
    assert {row.revisions.count() for row in document.sections.all()} == {1}


def test_a_template_says_where_the_record_goes(drain: Drain) -> None:
    world = make_world()
    PostmortemTemplate.objects.create(name="House", sections={"summary": "At {{ started }}: {{ impact }}"})
    PostmortemTemplate.objects.create(
        team=world.team,
        name="Team",
        sections={"summary": "{{ number }} hit {{ services }}", "impact": "Before\n\n{{ record }}\n\nAfter"},
    )
    number = resolve(world)
    drain()
    document = Postmortem.objects.get(incident__number=number)
    texts = dict(document.sections.values_list("key", "text"))
    assert document.template is not None
    assert document.template.name == "Team"
    assert texts["summary"] == f"#{number} hit {world.service.name}"
    assert texts["impact"].startswith("Before\n\nNobody can pay")
    assert texts["impact"].endswith("After")


def test_review_and_publishing_move_the_incident(drain: Drain) -> None:
    world = make_world()
    bo = world.actor("bo")
    number = resolve(world)
    drain()
    document = Postmortem.objects.get(incident__number=number)
    actions.edit_section(actor=bo, postmortem_id=document.pk, key="summary", text="Short")
    above = None
    for text in ("Down", "Full", "Leak"):
        above = actions.add_why(actor=bo, postmortem_id=document.pk, text=text, parent_id=above and above.pk)
    for state in ("in_review", "reviewed", "published"):
        actions.set_status(actor=bo, postmortem_id=document.pk, status=state)
    incident = Incident.objects.get(number=number)
    assert incident.status == "in_review"
    assert incident.postmortem_published_at is not None
