"""Owners, backups and attendees of a document."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import Attendee, Postmortem
from tests.factories import signed_in
from tests.postmortems.test_documents import started
from tests.world import make_world

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def test_a_new_owner_is_told_once_and_a_backup_is_another_person() -> None:
    world = make_world()
    document = started(world)
    bo = world.actor("bo")
    for owner in (world.ada, world.bo, world.ada):
        actions.set_people(
            actor=bo, postmortem_id=document.pk, owner=owner.pk, owner_backup=None, organiser=world.root.pk
        )
    document.refresh_from_db()
    assert document.owner == world.ada
    key = f"postmortem/{document.pk}/owner/"
    assert Delivery.objects.filter(key__startswith=key).count() == 1
    with pytest.raises(InvalidInput) as refused:
        actions.set_people(actor=bo, postmortem_id=document.pk, owner_backup=world.ada.pk)
    assert "owner_backup" in refused.value.fields
    Postmortem.objects.filter(pk=document.pk).update(status="closed", published_at=document.created_at)
    with pytest.raises(Conflict):
        actions.set_people(actor=bo, postmortem_id=document.pk, owner=world.bo.pk)


def test_only_active_people_who_see_the_incident() -> None:
    world = make_world("members")
    document = started(world)
    bo, base = signed_in(world.bo), f"/postmortems/{document.pk}/"
    answer = bo.post(f"{base}people/", {"owner": world.zoe.pk})
    assert answer.status_code == 422
    assert b"may not see the incident" in answer.content
    answer = bo.post(f"{base}attendees/", {"user": world.zoe.pk, "part": "product"}, **HTMX)
    assert answer.status_code == 422
    assert not Attendee.objects.filter(user=world.zoe).exists()
    world.ada.is_active = False
    world.ada.save()
    assert bo.post(f"{base}people/", {"owner": world.ada.pk}).status_code == 422


def test_attendees_come_and_go_by_part() -> None:
    world = make_world()
    document = started(world)
    bo, base = signed_in(world.bo), f"/postmortems/{document.pk}/"
    assert bo.post(f"{base}attendees/", {"user": world.sam.pk, "part": "support"}).status_code == 302
    part = bo.post(f"{base}attendees/", {"user": world.sam.pk, "part": "product"}, **HTMX)
    assert b"<html" not in part.content
    row = Attendee.objects.get(user=world.sam)
    assert row.part == "product"
    assert bo.post(f"{base}attendees/", {"user": world.sam.pk, "part": "nothing"}).status_code == 422
    page = bo.get(f"{base}people/").content.decode()
    assert world.sam.name in page
    assert bo.post(f"{base}attendees/", {"remove": row.pk}).status_code == 302
    assert not Attendee.objects.filter(user=world.sam).exists()
