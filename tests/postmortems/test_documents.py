"""Postmortems from the record, two writers at once, action items and their reminders."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed
from incidents import actions as incident_actions
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import ActionItem, ItemReminder, Postmortem
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def resolved(world: World, **fields: Any) -> int:
    """The number of a resolved incident with a record."""
    number = declare(world, title="Checkout down", impact="Nobody can pay", **fields).number
    bo = world.actor("bo")
    incident_actions.set_severity(actor=bo, number=number, severity=1)
    incident_actions.acknowledge(actor=bo, number=number)
    incident_actions.add_note(actor=bo, number=number, text="The gateway times out")
    incident_actions.set_status(actor=bo, number=number, status="monitoring")
    incident_actions.resolve(actor=bo, number=number)
    return number


def started(world: World) -> Postmortem:
    return actions.start_postmortem(actor=world.actor("bo"), incident_number=resolved(world))


def test_it_starts_from_a_resolved_incident_and_its_record() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        with pytest.raises(Conflict) as refused:
            actions.start_postmortem(actor=bo, incident_number=number)
        assert refused.value.code == "not_resolved"
        answer = api_client(world.bo).post("/api/v1/postmortems/", {"incident": number}, format="json")
        assert answer.status_code == 409
        document = started(world)
        # Sev-1: five working days after Friday, 20 November.
        assert document.due_at == START + dt.timedelta(days=7)
    texts = dict(document.sections.values_list("key", "text"))
    assert "Nobody can pay" in texts["impact"]
    assert "The gateway times out" in texts["timeline"]
    assert "2026-11-20 03:00 UTC" in texts["timeline"]
    assert "Acknowledged: 0 min after detection" in texts["response"]
    assert texts["summary"] == texts["causes"] == ""
    again = actions.start_postmortem(actor=bo, incident_number=document.incident.number)
    assert (again, Postmortem.objects.count()) == (document, 1)


def test_two_writers_lose_no_words() -> None:
    world = make_world()
    document = started(world)
    url = f"/postmortems/{document.pk}/sections/summary/"
    ada, bo = signed_in(world.ada), signed_in(world.bo)
    assert ada.post(url, {"text": "Words of Ada", "version": 1}).status_code == 302
    clash = bo.post(url, {"text": "Words of Bo", "version": 1})
    page = clash.content.decode()
    assert clash.status_code == 409
    assert "Words of Ada" in page
    assert "Words of Bo" in page
    assert document.sections.get(key="summary").text == "Words of Ada"
    assert bo.post(url, {"text": "Both words", "version": 2}).status_code == 302
    section = document.sections.get(key="summary")
    assert (section.text, section.version, section.author) == ("Both words", 3, world.bo)


def test_the_way_to_published() -> None:
    world = make_world()
    bo = world.actor("bo")
    document = started(world)
    with pytest.raises(InvalidInput) as missing:
        actions.set_status(actor=bo, postmortem_id=document.pk, status="in_review")
    assert set(missing.value.fields) == {"summary", "causes"}
    with pytest.raises(Conflict):
        actions.set_status(actor=bo, postmortem_id=document.pk, status="published")
    actions.edit_section(actor=bo, postmortem_id=document.pk, key="summary", text="Written")
    above = None
    for text in ("Nobody could pay", "The gateway timed out", "The pool was full"):
        above = actions.add_why(actor=bo, postmortem_id=document.pk, text=text, parent_id=above and above.pk)
    for status in ("in_review", "reviewed", "published"):
        actions.set_status(actor=bo, postmortem_id=document.pk, status=status)
    item = actions.create_item(
        actor=bo,
        title="Raise the timeout",
        owner_id=world.bo.pk,
        due_on=dt.date(2026, 12, 1),
        postmortem_id=document.pk,
    )
    with pytest.raises(Conflict) as refused:
        actions.set_status(actor=bo, postmortem_id=document.pk, status="closed")
    assert refused.value.code == "items_open"
    actions.update_item(actor=bo, item_id=item.pk, status="done")
    assert actions.set_status(actor=bo, postmortem_id=document.pk, status="closed").status == "closed"
    with pytest.raises(Conflict):
        actions.edit_section(actor=bo, postmortem_id=document.pk, key="summary", text="More")


def test_an_item_needs_owner_and_date_and_a_reason_to_be_dropped() -> None:
    world = make_world()
    number = resolved(world)
    api = api_client(world.bo)
    body = {"title": "Alert on queue age", "incident": number}
    refused = api.post("/api/v1/action-items/", body, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"owner", "due_on"})
    made = api.post(
        "/api/v1/action-items/", body | {"owner": world.bo.pk, "due_on": "2026-12-01"}, format="json"
    )
    assert made.status_code == 201
    url = f"/api/v1/action-items/{made.json()['id']}/"
    assert api.patch(url, {"status": "wont_do"}, format="json").status_code == 400
    drop = {"status": "wont_do", "reason": "Gone"}
    assert api_client(world.ada).patch(url, drop, format="json").json()["status"] == "wont_do"
    bo = world.actor("bo")
    for owner, due in ((None, dt.date(2026, 12, 1)), (world.bo.pk, None)):
        with pytest.raises(InvalidInput):
            actions.create_item(actor=bo, title="x", owner_id=owner, due_on=due, incident_number=number)


@pytest.mark.parametrize(
    ("zone", "due", "before", "after"),
    [
        # Berlin leaves summer time on 25 October 2026: nine o'clock is 07:00, then 08:00 UTC.
        ("Europe/Berlin", dt.date(2026, 10, 30), "2026-10-23T07:00", "2026-11-02T08:00"),
        ("America/New_York", dt.date(2026, 11, 2), "2026-10-26T13:00", "2026-11-05T14:00"),
        ("Asia/Singapore", dt.date(2026, 11, 20), "2026-11-13T01:00", "2026-11-23T01:00"),
    ],
)
def test_reminders_once_before_and_once_after_in_the_owners_morning(
    zone: str, due: dt.date, before: str, after: str
) -> None:
    world = make_world()
    world.bo.time_zone = zone
    world.bo.save(update_fields=["time_zone"])
    number = resolved(world)
    item = actions.create_item(
        actor=world.actor("ada"), title="Do it", owner_id=world.bo.pk, due_on=due, incident_number=number
    )
    second = dt.timedelta(seconds=1)
    for kind, text in (("before", before), ("after", after)):
        at = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        assert actions.send_reminders(now=at - second) == 0
        assert actions.send_reminders(now=at) == 1
        assert actions.send_reminders(now=at + second) == 0
        assert actions.send_reminders(now=at + dt.timedelta(hours=30)) == 0
        assert ItemReminder.objects.filter(item=item, kind=kind).count() == 1
    mails = Delivery.objects.filter(category="reminder")
    assert {row.user for row in mails} == {world.bo}
    assert mails.count() == 2


def test_a_closed_item_reminds_nobody() -> None:
    world = make_world()
    item = actions.create_item(
        actor=world.actor("bo"),
        title="Do it",
        owner_id=world.bo.pk,
        due_on=dt.date(2026, 11, 20),
        incident_number=resolved(world),
    )
    actions.update_item(actor=world.actor("bo"), item_id=item.pk, status="done")
    assert actions.send_reminders(now=START + dt.timedelta(hours=9)) == 0


@pytest.mark.parametrize(("visibility", "seen"), [("organisation", True), ("members", False)])
def test_who_reads_and_who_writes(visibility: str, seen: bool) -> None:
    world = make_world(visibility)
    document = started(world)
    item = actions.create_item(
        actor=world.actor("bo"),
        title="Hidden work",
        owner_id=world.ada.pk,
        due_on=dt.date(2026, 12, 1),
        postmortem_id=document.pk,
    )
    for name in ("sam", "zoe"):
        user = getattr(world, name)
        browser, api = signed_in(user), api_client(user)
        code = 200 if seen else 404
        assert browser.get(f"/postmortems/{document.pk}/").status_code == code
        assert browser.get(f"/action-items/{item.pk}/").status_code == code
        assert api.get(f"/api/v1/postmortems/{document.pk}/").status_code == code
        assert ("Checkout down" in browser.get("/postmortems/").content.decode()) is seen
        assert ("Hidden work" in browser.get("/action-items/").content.decode()) is seen
        refused = 403 if seen else 404
        written = api.patch(
            f"/api/v1/postmortems/{document.pk}/", {"sections": {"summary": "Mine"}}, format="json"
        )
        assert written.status_code == refused
        assert api.patch(
            f"/api/v1/action-items/{item.pk}/", {"status": "done"}, format="json"
        ).status_code == (refused)
        with pytest.raises((NotAllowed, InvalidInput)):
            actions.start_postmortem(actor=world.actor(name), incident_number=document.incident.number)
    assert ActionItem.objects.get().status == "open"
    assert signed_in(None).get(f"/postmortems/{document.pk}/").status_code == 302
    assert signed_in(world.bo).get(f"/postmortems/{document.pk}/").status_code == 200


def test_hostile_markdown_stays_text() -> None:
    world = make_world()
    document = started(world)
    text = "<img src=x onerror=alert(1)> [here](javascript:alert(2)) <script>alert(3)</script>"
    actions.edit_section(actor=world.actor("bo"), postmortem_id=document.pk, key="summary", text=text)
    page = signed_in(world.bo).get(f"/postmortems/{document.pk}/").content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
