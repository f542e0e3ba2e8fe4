"""A worker that is killed in the middle of the reminders: each goes out exactly once all the same."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys

import pytest
import time_machine

from notifications.models import Delivery
from postmortems import actions
from postmortems.models import ItemReminder
from tests.faults.stack import Stack
from tests.incidents.support import declare
from tests.servers import ROOT
from tests.world import make_world

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
ITEMS, KILLED_AT = 5, 3
KILLED = f"""
import datetime as dt, os, signal
import django
django.setup()
from postmortems.actions import reminding
whole, count = reminding.request_message, 0
def dies(**said):
    global count
    count += 1
    made = whole(**said)
    if count == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    return made
reminding.request_message = dies
reminding.send_reminders(now=dt.datetime.fromisoformat("{MONDAY.isoformat()}"))
"""


def test_a_worker_killed_between_row_and_message_repeats_and_loses_none(stack: Stack) -> None:
    world = make_world()
    with time_machine.travel(MONDAY - dt.timedelta(days=20), tick=False):
        number = declare(world).number
        for each in range(ITEMS):
            actions.create_item(
                actor=world.actor("ada"),
                title=f"Item {each}",
                owner_id=world.bo.pk,
                due_on=(MONDAY - dt.timedelta(days=4)).date(),
                incident_number=number,
            )
    environ = os.environ | {"DATABASE_URL": stack.database_url, "REDIS_URL": stack.redis_url}
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, env=environ, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert ItemReminder.objects.count() == KILLED_AT - 1
    for _again in range(2):
        actions.send_reminders(now=MONDAY + dt.timedelta(minutes=1))
    assert sorted(ItemReminder.objects.values_list("item__title", "kind")) == [
        (f"Item {each}", "after") for each in range(ITEMS)
    ]
    told = Delivery.objects.filter(user=world.bo, title__contains="Item ").values_list("title", flat=True)
    assert len(told) == len(set(told)) == ITEMS
