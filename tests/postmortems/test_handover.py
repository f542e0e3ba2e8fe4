"""Open action items and unfinished postmortems of somebody who leaves go to the successor."""

from __future__ import annotations

import datetime as dt

import pytest

from core.errors import InvalidInput
from incidents.models import Incident
from postmortems.actions import create_item, start_postmortem, update_item
from postmortems.models import ActionItem, Postmortem
from teams.actions.deactivation import deactivate_user
from teams.hooks import HandoverItem, held_by
from teams.models import AuditEntry
from tests.factories import api_client
from tests.incidents.support import declare, put
from tests.world import make_world

pytestmark = pytest.mark.django_db
DUE = dt.date(2027, 1, 1)


def test_open_items_and_unfinished_documents() -> None:
    world = make_world("members")
    bo = world.actor("bo")
    numbers = [put(declare(world), "resolved").number for _ in range(2)]
    documents = [
        start_postmortem(actor=bo, incident_number=number, owner_id=world.bo.pk) for number in numbers
    ]
    Postmortem.objects.filter(pk=documents[1].pk).update(
        status="published", published_at=documents[1].created_at
    )
    items = [
        create_item(actor=bo, title=f"Item {n}", owner_id=owner.pk, due_on=DUE, incident_number=numbers[0])
        for n, owner in enumerate((world.bo, world.bo, world.bo, world.ada))
    ]
    update_item(actor=bo, item_id=items[1].pk, status="doing")
    update_item(actor=bo, item_id=items[2].pk, status="done")
    assert {kind: found for kind, found in held_by(world.bo.pk).items() if kind != "escalations"} == {
        "action_items": [HandoverItem("action_items", "Open action items", 2)],
        "postmortems": [HandoverItem("postmortems", f"Postmortem of #{numbers[0]}", 1)],
    }
    root, zoe = world.actor("root"), world.zoe
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(actor=root, user_id=world.bo.pk, successors={"escalations": world.ada.pk})
    assert list(refused.value.fields) == ["action_items", "postmortems"]
    deactivate_user(
        actor=root,
        user_id=world.bo.pk,
        successors={"escalations": world.ada.pk, "action_items": zoe.pk, "postmortems": zoe.pk},
    )
    assert held_by(world.bo.pk) == {}
    owners = ActionItem.objects.order_by("pk").values_list("title", "owner__name")
    assert list(owners) == [("Item 0", "Zoe"), ("Item 1", "Zoe"), ("Item 2", "Bo"), ("Item 3", "Ada")]
    assert [row.owner.name for row in Postmortem.objects.order_by("pk")] == ["Zoe", "Bo"]
    assert api_client(zoe).get(f"/api/v1/postmortems/{documents[0].pk}/").status_code == 200
    assert api_client(zoe).get(f"/api/v1/postmortems/{documents[1].pk}/").status_code == 404
    written = (
        AuditEntry.objects.filter(verb="handed over")
        .order_by("pk")
        .values_list("object_type", "object_label")
    )
    assert list(written) == [
        ("action item", "Item 0"),
        ("action item", "Item 1"),
        ("postmortem", f"Postmortem of #{numbers[0]}"),
    ]


def test_a_commander_who_left_does_not_become_owner() -> None:
    world = make_world()
    number = put(declare(world), "resolved").number
    world.bo.is_active = False
    world.bo.save()
    Incident.objects.filter(number=number).update(commander=world.bo)
    assert start_postmortem(actor=world.actor("ada"), incident_number=number).owner == world.ada
