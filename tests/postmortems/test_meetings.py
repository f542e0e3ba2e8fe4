"""Meetings: proposed, called with an invitation, changed, called off, held."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from icalendar import Calendar

from core.errors import Conflict, InvalidInput
from incidents.models import Incident, TimelineEntry
from notifications.models import Delivery
from notifications.transports.base import Outgoing
from notifications.transports.email import EmailTransport
from postmortems import actions
from postmortems.models import Attendee, Meeting, Postmortem
from postmortems.selectors.review import agenda_for, proposed_time
from tests.factories import signed_in
from tests.incidents.support import START
from tests.postmortems.test_documents import started
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def plan(world: World, document: Postmortem, **fields: Any) -> Meeting:
    fields.setdefault("starts_at", document.created_at + 24 * HOUR)
    return actions.plan_meeting(actor=world.actor("bo"), postmortem_id=document.pk, **fields)


def events(method: str) -> list[Any]:
    rows = Delivery.objects.filter(payload__calendar__method=method).order_by("pk")
    return [Calendar.from_ical(row.payload["calendar"]["text"]).walk("VEVENT")[0] for row in rows]


def test_everybody_is_invited_and_a_change_raises_the_sequence() -> None:
    world = make_world()
    document = started(world)
    actions.add_attendee(
        actor=world.actor("bo"), postmortem_id=document.pk, user_id=world.sam.pk, part="support"
    )
    meeting = plan(world, document, place="Room 5, “left”; https://meet.example.com/a,b", minutes=45)
    people = Attendee.objects.filter(postmortem=document)
    assert Delivery.objects.filter(payload__calendar__method="REQUEST").count() == people.count()
    assert people.filter(invited_at__isnull=True).count() == 0
    event = events("REQUEST")[0]
    assert (int(event["SEQUENCE"]), str(event["UID"])) == (0, f"{meeting.uid}@watchbill")
    assert event["DTSTART"].dt == meeting.starts_at.replace(microsecond=0)
    assert event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(minutes=45)
    assert str(event["LOCATION"]) == meeting.place
    guests = event["ATTENDEE"]
    guests = guests if isinstance(guests, list) else [guests]
    assert f"mailto:{world.sam.email}" in guests
    assert all(guest.params["RSVP"] == "TRUE" for guest in guests)
    text = Delivery.objects.filter(payload__calendar__method="REQUEST")[0].payload["calendar"]["text"]
    assert "VTIMEZONE" not in text
    assert "TZID" not in text
    actions.change_meeting(
        actor=world.actor("bo"), postmortem_id=document.pk, meeting_id=meeting.pk, agenda="Other"
    )
    assert len(events("REQUEST")) == people.count()
    actions.change_meeting(
        actor=world.actor("bo"),
        postmortem_id=document.pk,
        meeting_id=meeting.pk,
        starts_at=meeting.starts_at + HOUR,
    )
    newest = events("REQUEST")[-1]
    assert (int(newest["SEQUENCE"]), newest["UID"]) == (1, event["UID"])
    actions.cancel_meeting(actor=world.actor("bo"), postmortem_id=document.pk, meeting_id=meeting.pk)
    called_off = events("CANCEL")
    assert len(called_off) == people.count()
    assert {(int(one["SEQUENCE"]), str(one["STATUS"])) for one in called_off} == {(2, "CANCELLED")}
    with pytest.raises(Conflict):
        actions.cancel_meeting(actor=world.actor("bo"), postmortem_id=document.pk, meeting_id=meeting.pk)


def test_the_mail_carries_the_calendar(settings: Any, mailoutbox: list[Any]) -> None:
    settings.EMAIL_URL = "memory://"
    world = make_world()
    document = started(world)
    plan(world, document)
    row = Delivery.objects.filter(payload__calendar__method="REQUEST")[0]
    outgoing = Outgoing(
        key=row.key,
        delivery_id=row.pk,
        category=row.category,
        channel=row.channel,
        address=row.address,
        title=row.title,
        body=row.body,
        payload=row.payload,
    )
    EmailTransport().send(outgoing, limit=5)
    mail = mailoutbox[0].message()
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    assert b"BEGIN:VCALENDAR" in parts["text/calendar"].get_payload(decode=True)
    assert parts["application/ics"].get_filename() == "invite.ics"


def test_who_comes_late_is_invited_and_who_is_taken_off_is_told() -> None:
    world = make_world()
    document = started(world)
    plan(world, document)
    before = len(events("REQUEST"))
    bo = world.actor("bo")
    row = actions.add_attendee(actor=bo, postmortem_id=document.pk, user_id=world.sam.pk, part="support")
    assert len(events("REQUEST")) == before + 1
    actions.remove_attendee(actor=bo, postmortem_id=document.pk, attendee_id=row.pk)
    assert [one["ATTENDEE"] for one in events("CANCEL")] == [f"mailto:{world.sam.email}"]


def test_held_becomes_the_review_of_the_incident() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        document = started(world)
        meeting = plan(world, document, starts_at=START + 2 * HOUR)
        clock.shift(3 * HOUR)
        bo, url = signed_in(world.bo), f"/postmortems/{document.pk}/meetings/{meeting.pk}/"
        assert b"Was it held?" in bo.get(f"/postmortems/{document.pk}/").content
        came = Attendee.objects.filter(postmortem=document)[0]
        answer = bo.post(url, {"attended": [came.pk], "notes": "**Limits** were too low", "held_at": ""})
        assert answer.status_code == 302
        page = bo.get(url).content.decode()
        assert "<strong>Limits</strong>" in page
    incident = Incident.objects.get(pk=document.incident_id)
    assert incident.review_held_at == START + 2 * HOUR
    assert TimelineEntry.objects.filter(incident=incident, kind="times").exists()
    came.refresh_from_db()
    assert came.attended is True
    with pytest.raises(Conflict):
        actions.cancel_meeting(actor=world.actor("bo"), postmortem_id=document.pk, meeting_id=meeting.pk)


def test_never_held_before_it_was_resolved_nor_in_the_future() -> None:
    world = make_world()
    document = started(world)
    meeting = plan(world, document)
    for at in (document.created_at - 48 * HOUR, document.created_at + 48 * HOUR):
        with pytest.raises(InvalidInput) as refused:
            actions.hold_meeting(
                actor=world.actor("bo"), postmortem_id=document.pk, meeting_id=meeting.pk, held_at=at
            )
        assert "held_at" in refused.value.fields


def test_a_time_is_proposed_before_it_is_due_and_an_agenda() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        document = started(world)
        at = proposed_time(document, "review", START)
        assert document.review_due_at is not None
        assert START < at < document.review_due_at
        later = proposed_time(document, "follow_up", START)
        assert later >= START + dt.timedelta(weeks=4)
        assert later.weekday() < 5
        actions.add_comment(
            actor=world.actor("ada"), postmortem_id=document.pk, key="summary", text="Who knew?"
        )
        actions.create_item(
            actor=world.actor("bo"),
            postmortem_id=document.pk,
            title="Raise the limit",
            owner_id=world.bo.pk,
            due_on=START.date(),
        )
        agenda = agenda_for(document)
        assert "Who knew?" in agenda
        assert "Raise the limit" in agenda


def test_pages_and_bad_input() -> None:
    world = make_world()
    document = started(world)
    bo, base = signed_in(world.bo), f"/postmortems/{document.pk}/meetings/"
    assert b'name="starts_at" value="' in bo.get(f"{base}new/").content
    for bad in ({}, {"starts_at": "x", "minutes": 30}, {"starts_at": "2090-01-01T10:00", "minutes": 30}):
        assert bo.post(f"{base}new/", bad).status_code == 422
    good = {"starts_at": f"{document.created_at + 24 * HOUR:%Y-%m-%dT%H:%M}", "minutes": 30}
    answer = bo.post(f"{base}new/", good)
    assert answer.status_code == 302
    assert bo.post(f"{base}new/", good).status_code == 422
    meeting = Meeting.objects.get()
    for url in ("", "edit/"):
        assert bo.get(f"{base}{meeting.pk}/{url}").status_code == 200
        assert bo.get(f"{base}999/{url}").status_code == 404
    assert signed_in(world.sam).get(f"{base}{meeting.pk}/").status_code == 200
    assert signed_in(world.sam).post(f"{base}{meeting.pk}/", {"notes": "x"}).status_code == 403
    assert signed_in(world.sam).post(f"{base}{meeting.pk}/cancel/").status_code == 403
    ics = signed_in(world.sam).get(f"{base}{meeting.pk}.ics")
    assert ics["Content-Type"].startswith("text/calendar")
    assert b"METHOD:PUBLISH" in ics.content
    assert bo.post(f"{base}{meeting.pk}/cancel/").status_code == 302


def test_a_stranger_sees_no_meeting_of_a_closed_team() -> None:
    world = make_world("members")
    document = started(world)
    meeting = plan(world, document)
    zoe, base = signed_in(world.zoe), f"/postmortems/{document.pk}/meetings/{meeting.pk}"
    for url in ("/", "/edit/", ".ics"):
        assert zoe.get(base + url).status_code == 404
    assert zoe.post(f"{base}/cancel/").status_code == 404
