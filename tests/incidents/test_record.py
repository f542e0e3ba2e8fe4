"""Notes, corrections, merging, snoozing, the acknowledge window, and hostile text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed
from core.models import LiveEntry
from incidents import actions
from incidents.live import entry_message
from incidents.models import Incident, TimelineEntry
from incidents.tasks import run_timers
from notifications.models import Delivery
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.incidents.test_first_page import post
from tests.world import make_world

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(("minutes", "met"), [(10, True), (11, False)])
@pytest.mark.parametrize("severity_first", [True, False])
def test_the_acknowledge_window_of_the_severity(minutes: int, met: bool, severity_first: bool) -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world).number
        if severity_first:
            actions.set_severity(actor=bo, number=number, severity=1)
        clock.shift(minutes * MINUTE)
        actions.acknowledge(actor=bo, number=number)
        incident = Incident.objects.get()
        assert incident.ack_window_met is (met if severity_first else None)
        actions.set_severity(actor=bo, number=number, severity=1)
        assert Incident.objects.get().ack_window_met is met
        actions.set_severity(actor=bo, number=number, severity=4)
        assert Incident.objects.get().ack_window_met is None


def paged() -> list[str]:
    """Who has been paged by mail, in order."""
    rows = Delivery.objects.filter(status="sent", channel="email").order_by("pk").select_related("user")
    return [row.user.name for row in rows if row.user]


def test_a_snooze_stops_the_paging_and_pages_again(drain: Callable[[], None]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, page=True).number
        drain()
        assert paged() == ["Ada"]
        actions.snooze(actor=world.actor("ada"), number=number, minutes=15)
        clock.shift(dt.timedelta(minutes=14, seconds=59))
        run_timers()
        drain()
        assert paged() == ["Ada"]
        assert Incident.objects.get().page_status == "none"
        clock.shift(dt.timedelta(seconds=1))
        run_timers()
        run_timers()
        drain()
        assert paged() == ["Ada", "Ada"]
        incident = Incident.objects.get()
        assert (incident.page_status, incident.snoozed_until) == ("paging", None)
        actions.snooze(actor=world.actor("ada"), number=number, minutes=15)
        actions.acknowledge(actor=world.actor("ada"), number=number)
        clock.shift(dt.timedelta(minutes=16))
        run_timers()
        drain()
        assert paged() == ["Ada", "Ada"]


def test_a_note_from_the_past_keeps_both_times() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        past = START - dt.timedelta(hours=2)
        answer = api_client(world.bo).post(
            f"/api/v1/incidents/{number}/add-note/",
            {"text": "The graph bent here", "happened_at": past.isoformat()},
            format="json",
        )
        body = answer.json()
        assert answer.status_code == 201
        assert (body["happened_at"], body["written_at"]) == ("2026-11-20T01:00:00Z", "2026-11-20T03:00:00Z")
        with pytest.raises(InvalidInput) as refused:
            actions.add_note(
                actor=world.actor("bo"), number=number, text="x", happened_at=START + dt.timedelta(hours=1)
            )
        assert list(refused.value.fields) == ["happened_at"]


def test_an_edit_keeps_the_former_text_and_redaction_removes_all() -> None:
    world = make_world()
    ada, bo = world.actor("ada"), world.actor("bo")
    number = declare(world).number
    note = actions.add_note(actor=bo, number=number, text="Password is hunter2")
    edited = actions.edit_entry(actor=bo, number=number, seq=note.seq, text="Password was shown")
    assert [row.text for row in edited.revisions.all()] == ["Password is hunter2"]
    assert edited.edited_at is not None
    with pytest.raises(NotAllowed):
        actions.edit_entry(actor=world.actor("sam"), number=number, seq=note.seq, text="Mine now")
    with pytest.raises(Conflict):
        actions.edit_entry(actor=ada, number=number, seq=1, text="Never happened")
    gone = actions.redact_entry(actor=ada, number=number, seq=note.seq)
    assert (gone.text, gone.revisions.count(), gone.redacted_at is not None) == ("", 0, True)
    page = signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    assert "hunter2" not in page
    assert "Password" not in page
    with pytest.raises(Conflict):
        actions.edit_entry(actor=bo, number=number, seq=note.seq, text="Again")
    assert list(Incident.objects.get().timeline.values_list("seq", flat=True)) == [1, 2]


def test_merging_stops_the_paging_and_leads_on(drain: Callable[[], None]) -> None:
    world = make_world()
    ada = world.actor("ada")
    survivor, merged = declare(world, title="First"), declare(world, title="Second", page=True)
    actions.merge(actor=ada, number=merged.number, into=survivor.number)
    drain()
    assert not Delivery.objects.filter(status="sent").exists()
    page = signed_in(world.bo).get(f"/incidents/{merged.number}/")
    assert (page.status_code, page["Location"]) == (302, f"/incidents/{survivor.number}/")
    body = api_client(world.bo).get(f"/api/v1/incidents/{merged.number}/").json()
    assert (body["status"], body["merged_into"]) == ("merged", survivor.number)
    actions.resolve(actor=ada, number=survivor.number, override_reason="Over")
    third = declare(world)
    with pytest.raises(Conflict) as refused:
        actions.merge(actor=ada, number=third.number, into=survivor.number)
    assert refused.value.code == "survivor_not_active"
    with pytest.raises(InvalidInput):
        actions.merge(actor=ada, number=third.number, into=third.number)


def test_hostile_text_stays_text(drain: Callable[[], None]) -> None:
    world = make_world()
    bo = world.actor("bo")
    body = {"title": EVIL, "dedup_key": "evil", "labels": {"host": EVIL}, "description": EVIL}
    import orjson

    assert post(world, orjson.dumps(body)).status == 202
    drain()
    number = Incident.objects.get().number
    actions.set_impact(actor=bo, number=number, impact=EVIL)
    actions.set_status(actor=bo, number=number, status="investigating", reason=EVIL)
    actions.add_note(
        actor=bo, number=number, text=f"{EVIL} [x](javascript:alert(3)) https://a.example/?q=<b>"
    )
    actions.post_update(actor=bo, number=number, audience="public", text=EVIL)
    drain()
    alert_id = Incident.objects.get().alerts.get().pk
    browser = signed_in(world.bo)
    paths = [f"/incidents/{number}/", "/incidents/", "/feed/", "/", f"/alerts/{alert_id}/", "/alerts/"]
    texts = {path: browser.get(path).content.decode() for path in paths}
    texts |= {f"row {e.seq}": entry_message(e).html for e in TimelineEntry.objects.select_related("incident")}
    feed = list(LiveEntry.objects.filter(topic_id="feed"))
    assert feed
    texts |= {f"feed {row.seq}": row.html for row in feed}
    for name, text in texts.items():
        assert "<img src=x" not in text, name
        assert "<script>alert" not in text, name
        assert 'href="javascript:' not in text, name
    assert "&lt;img src=x" in texts[f"/incidents/{number}/"]
    assert "&lt;img src=x" in next(row.html for row in feed if row.html)
