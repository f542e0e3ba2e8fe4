"""A runbook as the thing an action item changes."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.actions.runbooks import create_runbook, publish_runbook
from postmortems import actions
from postmortems.items.targets import resolve
from tests.postmortems.test_items_sending import item_due, remind, tick_targets
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_a_published_runbook_ticks_its_item(time_machine: Any) -> None:
    time_machine.move_to("2026-11-10 09:00Z", tick=False)
    world = make_world()
    ada = world.actor("ada")
    runbook = create_runbook(actor=ada, name="Pool full", team_id=world.team.pk, body="One")
    time_machine.move_to("2026-11-11 09:00Z", tick=False)
    item = item_due(world, "2026-12-10", item_class="runbook", target=f"runbooktext:{runbook.pk}")
    remind()
    item.refresh_from_db()
    assert (item.status, item.target_label) == ("open", "Pool full")
    time_machine.move_to("2026-11-12 09:00Z", tick=False)
    publish_runbook(actor=ada, runbook_id=runbook.pk, body="One")
    assert tick_targets() == 0, "the same text is no change"
    publish_runbook(actor=ada, runbook_id=runbook.pk, body="Two")
    assert tick_targets() == 1
    item.refresh_from_db()
    assert (item.status, item.proof) == ("done", "Version 2 of Pool full published 12 November by Ada.")
    actions.update_item(actor=ada, item_id=item.pk, status="open")
    assert tick_targets() == 0
    assert resolve(ada, f"runbooktext:{runbook.pk}").url == runbook.get_absolute_url()
