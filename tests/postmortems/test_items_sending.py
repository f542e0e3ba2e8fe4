"""Reminders, weekly lists and ticking by a frozen clock: each exactly once, whatever happens in between."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.actions import checks as check_actions
from incidents.actions.playbooks import create_playbook, publish_version
from notifications.models import Delivery
from oncall.models import Leave, Rotation, Schedule
from postmortems import actions
from postmortems.actions import send_digests, send_reminders, tick_targets
from postmortems.choices import Rung
from postmortems.models import ActionItem, ItemReminder, LeadDigest
from postmortems.tasks import remind
from services.actions.services import update_service
from tests.alerts.test_checks import make_check, make_location
from tests.factories import make_membership
from tests.incidents.support import at_once, declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def item_due(world: World, due: str, **fields: Any) -> ActionItem:
    number = put(declare(world), "resolved").number
    values = {"title": "Do it", "owner_id": world.bo.pk, "incident_number": number} | fields
    return actions.create_item(actor=world.actor("ada"), due_on=dt.date.fromisoformat(due), **values)


def zone(world: World, name: str, value: str) -> None:
    user = getattr(world, name)
    user.time_zone = value
    user.save(update_fields=["time_zone"])


def run(start: str, end: str, step: dt.timedelta = HOUR) -> int:
    """What the sender does each hour."""
    now, sent = utc(start), 0
    while now < utc(end):
        sent += send_reminders(now=now)
        now += step
    return sent


def sent_of(item: ActionItem) -> list[tuple[str, str, str]]:
    rows = ItemReminder.objects.filter(item=item).select_related("sent_to").order_by("sent_at")
    return [(row.kind, f"{row.sent_at:%d %b %H:%M}", row.sent_to.name if row.sent_to else "") for row in rows]


def test_the_whole_ladder_once_over_weekend_and_daylight_change() -> None:
    world = make_world()
    zone(world, "bo", "Europe/Berlin")
    item = item_due(world, "2026-10-24")  # a Saturday; the clocks go back on the Sunday
    assert run("2026-10-10", "2026-11-20") == 4
    assert sent_of(item) == [
        (Rung.BEFORE, "19 Oct 07:00", "Bo"),
        (Rung.DUE, "26 Oct 08:00", "Bo"),
        (Rung.AFTER, "27 Oct 08:00", "Bo"),
        (Rung.LEAD, "02 Nov 08:00", "Ada"),
    ]
    mails = Delivery.objects.filter(category="reminder").order_by("created_at")
    assert [row.user.name for row in mails if row.user] == ["Bo", "Bo", "Bo", "Ada"]
    assert {row.url_path for row in mails} == {item.get_absolute_url()}


def test_a_worker_that_was_down_sends_the_newest_alone() -> None:
    world = make_world()
    item = item_due(world, "2026-11-10")
    assert run("2026-11-02", "2026-11-04") == 1
    assert run("2026-11-13T13:00", "2026-11-14") == 1
    assert [row[0] for row in sent_of(item)] == [Rung.BEFORE, Rung.AFTER]


def test_a_new_date_starts_anew_but_never_two_on_one_day() -> None:
    world = make_world()
    item = item_due(world, "2026-11-10")
    assert run("2026-11-10T09:00", "2026-11-10T10:00") == 1
    actions.update_item(actor=world.actor("bo"), item_id=item.pk, due_on=dt.date(2026, 11, 12))
    assert run("2026-11-10T10:00", "2026-11-11") == 0
    assert run("2026-11-11", "2026-11-13") == 2
    assert [row[0] for row in sent_of(item)] == [Rung.DUE, Rung.BEFORE, Rung.DUE]


def test_leave_and_holidays() -> None:
    world = make_world()
    Leave.objects.create(user=world.bo, starts_at=utc("2026-11-09"), ends_at=utc("2026-11-12"))
    alone = item_due(world, "2026-11-10")
    backed = item_due(world, "2026-11-10", backup_id=world.zoe.pk)
    run("2026-11-09", "2026-11-13")
    assert sent_of(backed) == [(Rung.BEFORE, "09 Nov 09:00", "Zoe"), (Rung.DUE, "10 Nov 09:00", "Zoe")]
    assert sent_of(alone) == [(Rung.DUE, "12 Nov 09:00", "Bo")]
    schedule = Schedule.objects.create(team=world.team, name="Primary", timezone="UTC", holiday_region="DE")
    Rotation.objects.create(
        schedule=schedule, name="All", starts_at="2026-01-01T00:00:00", members=[[world.bo.pk]]
    )
    item = item_due(world, "2026-12-25")
    run("2026-12-24T12:00", "2026-12-29")
    assert sent_of(item) == [(Rung.BEFORE, "24 Dec 12:00", "Bo"), (Rung.AFTER, "28 Dec 09:00", "Bo")]


def test_snoozed_items_wait_and_closed_ones_are_quiet() -> None:
    world = make_world()
    item = item_due(world, "2026-11-10")
    actions.snooze_item(
        actor=world.actor("bo"),
        item_id=item.pk,
        until=dt.date(2026, 11, 12),
        reason="Vendor",
        now=utc("2026-11-09T10:00"),
    )
    assert run("2026-11-10", "2026-11-12") == 0
    assert run("2026-11-12", "2026-11-13") == 1
    actions.complete_item(actor=world.actor("bo"), item_id=item.pk)
    assert run("2026-11-13", "2026-12-20") == 0


def test_the_last_rung_goes_to_those_who_may_see_it() -> None:
    world = make_world()
    make_membership(world.zoe, world.team, "manager")
    item = item_due(world, "2026-11-10")
    incident = item.incident
    assert incident is not None
    type(incident).objects.filter(pk=incident.pk).update(visibility="restricted", commander=world.zoe)
    run("2026-11-17T09:00", "2026-11-17T10:00")
    assert [row.user.name for row in Delivery.objects.filter(category="reminder") if row.user] == ["Zoe"]
    # Where nobody leads, the owner hears once more.
    other = item_due(world, "2026-11-10")
    ActionItem.objects.filter(pk=other.pk).update(team=None, owner=world.sam)
    run("2026-11-18T09:00", "2026-11-18T10:00")
    assert sent_of(other)[-1][2] == "Sam"


def test_a_poisoned_row_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    bad, good = item_due(world, "2026-11-10"), item_due(world, "2026-11-10")
    from postmortems.actions import reminding

    whole = reminding.request_message

    def fail(**values: Any) -> Any:
        if f"item/{bad.pk}/" in values["key"]:
            raise ValueError("poison")
        return whole(**values)

    monkeypatch.setattr(reminding, "request_message", fail)
    assert send_reminders(now=utc("2026-11-10T09:00")) == 1
    assert (len(sent_of(bad)), len(sent_of(good))) == (0, 1)
    monkeypatch.undo()
    assert send_reminders(now=utc("2026-11-10T09:01")) == 1


def test_statements_do_not_grow_with_what_is_not_due() -> None:
    world = make_world()
    counts = []
    for many in (1, 3):
        for _each in range(many):
            item_due(world, "2026-11-10")
        with CaptureQueriesContext(connection) as found:
            assert send_reminders(now=utc("2026-11-10T03:00")) == 0
        counts.append(len(found))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_once() -> None:
    world = make_world()
    items = [item_due(world, "2026-11-10") for _each in range(3)]
    now = utc("2026-11-10T09:00")
    found = at_once([lambda: send_reminders(now=now)] * 4, workers=4)
    assert not [row for row in found if isinstance(row, Exception)]
    send_reminders(now=now)
    assert ItemReminder.objects.count() == len(items)
    assert Delivery.objects.filter(category="reminder").count() == len(items)
    at_once([lambda: send_digests(now=utc("2026-11-16T10:00"))] * 4, workers=4)
    assert LeadDigest.objects.count() == 1
    assert Delivery.objects.filter(key__startswith="items-digest/").count() == 1


def test_the_weekly_list_on_monday_morning_of_each_lead() -> None:
    world = make_world()
    zone(world, "ada", "America/New_York")
    item_due(world, "2026-11-10", title="Alert on queue age")
    item_due(world, "2026-12-10", title="Not yet")
    assert send_digests(now=utc("2026-11-13T15:00")) == 0  # not overdue on that week's Monday
    assert send_digests(now=utc("2026-11-16T13:59")) == 0
    assert send_digests(now=utc("2026-11-16T14:00")) == 1
    assert send_digests(now=utc("2026-11-16T15:00")) == 0
    assert send_digests(now=utc("2026-11-23T14:00")) == 1
    mail = Delivery.objects.filter(key__startswith="items-digest/").order_by("key").first()
    assert mail is not None
    assert (mail.user, mail.title) == (world.ada, "1 action item is overdue in your teams")
    assert mail.body == "- Alert on queue age: Bo, 6 days late"


def test_no_list_when_nothing_is_overdue_and_a_missed_monday_is_caught_up() -> None:
    world = make_world()
    item = item_due(world, "2026-11-10")
    assert send_digests(now=utc("2026-11-18T09:30")) == 1
    actions.complete_item(actor=world.actor("bo"), item_id=item.pk)
    assert send_digests(now=utc("2026-11-23T09:30")) == 0
    assert LeadDigest.objects.count() == 1


def test_a_published_playbook_ticks_its_item(time_machine: Any) -> None:
    time_machine.move_to("2026-11-10 09:00Z", tick=False)
    world = make_world()
    ada = world.actor("ada")
    tasks = [{"key": "look", "title": "Look at the dashboard"}]
    playbook = create_playbook(actor=ada, name="Fail-over", team_id=world.team.pk)
    publish_version(actor=ada, playbook_id=playbook.pk, tasks=tasks)
    time_machine.move_to("2026-11-11 09:00Z", tick=False)
    item = item_due(world, "2026-12-10", item_class="playbook", target=f"playbook:{playbook.pk}")
    remind()
    item.refresh_from_db()
    assert (item.status, item.target_label) == ("open", "Fail-over")
    time_machine.move_to("2026-11-12 09:00Z", tick=False)
    publish_version(actor=ada, playbook_id=playbook.pk, tasks=[*tasks, {"key": "b", "title": "Tell support"}])
    assert tick_targets() == 1
    assert tick_targets() == 0
    item.refresh_from_db()
    assert (item.status, item.proof) == ("done", "Version 2 of Fail-over published 12 November by Ada.")
    last = item.notes.last()
    assert last is not None
    assert (last.text, last.by_hand) == (f"Done by itself: {item.proof}", False)
    # Opened again it waits for another change.
    actions.update_item(actor=ada, item_id=item.pk, status="open")
    assert tick_targets() == 0


def test_an_edited_check_ticks_its_item_and_a_paused_one_does_not(time_machine: Any) -> None:
    time_machine.move_to("2026-11-11 09:00Z", tick=False)
    world = make_world()
    check = make_check(world, [make_location("Berlin"), make_location("Tokyo")])
    item = item_due(world, "2026-12-10", item_class="monitor", target=f"check:{check.pk}")
    time_machine.move_to("2026-11-12 09:00Z", tick=False)
    check_actions.pause_check(actor=world.actor("ada"), check_id=check.pk)
    assert tick_targets() == 0
    check_actions.save_check(actor=world.actor("ada"), check_id=check.pk, name="Checkout, faster")
    assert tick_targets() == 1
    item.refresh_from_db()
    assert item.proof == "Check Checkout, faster changed 12 November by Ada."


def test_another_runbook_ticks_its_item_and_another_name_does_not(time_machine: Any) -> None:
    time_machine.move_to("2026-11-11 09:00Z", tick=False)
    world = make_world()
    ada, pk = world.actor("ada"), world.service.pk
    link = {"kind": "runbook", "title": "Queue", "url": "https://wiki.example.com/queue"}
    update_service(actor=ada, service_id=pk, links=[link])
    time_machine.move_to("2026-11-12 09:00Z", tick=False)
    item = item_due(world, "2026-12-10", item_class="runbook", target=f"runbook:{pk}")
    assert item.target_label == "Checkout: Queue"
    time_machine.move_to("2026-11-13 09:00Z", tick=False)
    update_service(actor=ada, service_id=pk, name="Checkout 2", links=[link])
    assert tick_targets() == 0
    update_service(actor=ada, service_id=pk, links=[link | {"url": "https://wiki.example.com/queue-2"}])
    assert tick_targets() == 1
