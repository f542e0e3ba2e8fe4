"""The backup takes over when the first is on leave, or silent on a critical task."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput
from incidents import actions
from incidents.models import Incident, IncidentTask, RoleAssignment
from incidents.sentences import sentence
from incidents.timers.tasks import TIMERS
from notifications.models import Delivery
from oncall.models import Leave
from tests.factories import api_client
from tests.incidents.support import START, declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def tick(now: dt.datetime) -> None:
    with time_machine.travel(now, tick=False):
        for timer in TIMERS:
            timer(now)


def leave(user: Any, start: dt.datetime = START, hours: int = 10) -> None:
    Leave.objects.create(user=user, starts_at=start, ends_at=start + hours * HOUR)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def number(world: World) -> int:
    """Bo is scribe with Zoe as backup."""
    with time_machine.travel(START - HOUR, tick=False):
        ada = world.actor("ada")
        number = declare(world).number
        actions.assign_role(actor=ada, number=number, role="scribe", user_id=world.bo.pk)
        actions.set_role_backup(actor=ada, number=number, role="scribe", backup_id=world.zoe.pk)
    return number


def scribe() -> tuple[str, str | None]:
    row = RoleAssignment.objects.get(role="scribe", ended_at__isnull=True)
    return row.user.name, row.backup.name if row.backup else None


def test_a_role_goes_to_the_backup_when_its_holder_is_on_leave(world: World, number: int) -> None:
    tick(START)
    assert scribe() == ("Bo", "Zoe")
    leave(world.bo)
    for minutes in (1, 2):
        tick(START + dt.timedelta(minutes=minutes))
    assert scribe() == ("Zoe", None)
    last = Incident.objects.get().timeline.order_by("-seq").first()
    assert (sentence(last), last.text) == ("Zoe is scribe now, after Bo", "Bo is on leave")
    told = Delivery.objects.filter(category="reminder").values_list("user__name", flat=True)
    assert sorted(told) == ["Bo", "Zoe"]
    assert Incident.objects.allowing(world.actor("zoe"), "edit_tasks").exists()


@pytest.mark.parametrize("why", ["before", "after", "backup away", "backup gone", "over", "backup holds it"])
def test_when_a_role_stays(world: World, number: int, why: str) -> None:
    start = START + HOUR if why == "before" else START - 20 * HOUR if why == "after" else START
    leave(world.bo, start)
    if why == "backup away":
        leave(world.zoe)
    elif why == "backup gone":
        world.zoe.is_active = False
        world.zoe.save()
    elif why == "over":
        put(Incident.objects.get(), "resolved")
    elif why == "backup holds it":
        RoleAssignment.objects.update(role="expert", single=False)
        actions.assign_role(actor=world.actor("ada"), number=number, role="expert", user_id=world.zoe.pk)
    tick(START + dt.timedelta(minutes=1))
    assert RoleAssignment.objects.filter(user=world.bo, ended_at__isnull=True).exists()
    assert not Delivery.objects.filter(category="reminder").exists()


def critical(world: World, number: int, **fields: Any) -> IncidentTask:
    values = {"owner": world.bo.pk, "backup": world.zoe.pk, "critical": True, "due_at": START, **fields}
    with time_machine.travel(START - HOUR / 2, tick=False):
        return actions.add_task(actor=world.actor("ada"), number=number, title="Stop the bleeding", **values)


def test_a_silent_owner_of_a_critical_task_loses_it_once(world: World, number: int) -> None:
    task = critical(world, number)
    tick(START - dt.timedelta(seconds=1))
    task.refresh_from_db()
    assert task.owner == world.bo
    for minutes in (1, 2):
        tick(START + dt.timedelta(minutes=minutes))
    task.refresh_from_db()
    assert (task.owner, task.backup) == (world.zoe, None)
    rows = Incident.objects.get().timeline.filter(kind="task", data__what="passed_on")
    assert [(sentence(row), row.text) for row in rows] == [
        ("Stop the bleeding went from Bo to the backup Zoe", "Bo has not begun by the due time")
    ]
    IncidentTask.objects.filter(pk=task.pk).update(backup=world.bo)
    tick(START + HOUR)
    task.refresh_from_db()
    assert task.owner == world.zoe


@pytest.mark.parametrize(
    "why", ["wrote", "began", "not critical", "no backup", "backup away", "hidden", "done"]
)
def test_when_a_task_stays(world: World, number: int, why: str) -> None:
    fields = {"not critical": {"critical": False}, "no backup": {"backup": None}}.get(why, {})
    task = critical(world, number, **fields)
    bo = world.actor("bo")
    with time_machine.travel(START - HOUR / 4, tick=False):
        if why == "wrote":
            actions.add_note(actor=bo, number=number, text="On it in a minute")
        elif why == "began":
            actions.start_task(actor=bo, number=number, task_id=task.pk)
        elif why == "done":
            actions.finish_task(actor=bo, number=number, task_id=task.pk)
    if why == "backup away":
        leave(world.zoe)
    if why == "hidden":
        IncidentTask.objects.filter(pk=task.pk).update(shown=False)
    tick(START + dt.timedelta(minutes=1))
    task.refresh_from_db()
    assert (task.owner, task.passed_on_at) == (world.bo, None)


def test_words_from_before_it_was_given_do_not_count(world: World, number: int) -> None:
    with time_machine.travel(START - HOUR, tick=False):
        actions.add_note(actor=world.actor("bo"), number=number, text="Good morning")
    task = critical(world, number, owner=None, backup=None)
    with time_machine.travel(START - HOUR / 4, tick=False):
        actions.add_note(actor=world.actor("bo"), number=number, text="Looking at something else")
    with time_machine.travel(START - HOUR / 8, tick=False):
        actions.assign_task(
            actor=world.actor("ada"),
            number=number,
            task_id=task.pk,
            owner_id=world.bo.pk,
            backup_id=world.zoe.pk,
        )
    tick(START + dt.timedelta(minutes=1))
    task.refresh_from_db()
    assert task.owner == world.zoe


def test_any_task_of_somebody_on_leave_goes_to_its_backup(world: World, number: int) -> None:
    task = critical(world, number, critical=False, due_at=None)
    leave(world.bo)
    RoleAssignment.objects.all().delete()
    tick(START + dt.timedelta(minutes=1))
    task.refresh_from_db()
    assert task.owner == world.zoe


def test_the_holder_of_the_role_counts_as_owner(world: World, number: int) -> None:
    task = critical(world, number, owner=None, role="scribe")
    tick(START + dt.timedelta(minutes=1))
    task.refresh_from_db()
    assert task.owner == world.zoe


def test_naming_a_backup(world: World, number: int) -> None:
    ada = world.actor("ada")
    entries = Incident.objects.get().timeline.filter(data__what="backup")
    assert [sentence(row) for row in entries] == ["Zoe is backup of Bo as Scribe"]
    with pytest.raises(InvalidInput):
        actions.set_role_backup(actor=ada, number=number, role="scribe", backup_id=world.bo.pk)
    with pytest.raises(Conflict):
        actions.set_role_backup(actor=ada, number=number, role="deputy", backup_id=world.bo.pk)
    url = f"/api/v1/incidents/{number}/set-backup/"
    api = api_client(world.ada)
    assert api.post(url, {"role": "scribe", "backup": None}, format="json").json()["backup"] is None
    assert api.post(url, {"role": "scribe", "backup": world.sam.pk}, format="json").status_code == 200
    assert scribe() == ("Bo", "Sam")
    assert api_client(world.sam).post(url, {"role": "odd", "backup": None}, format="json").status_code == 400
