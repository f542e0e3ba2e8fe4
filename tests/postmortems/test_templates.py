"""Templates of documents, and who looks after a team's postmortems by default."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotAllowed, NotVisible
from postmortems import actions
from postmortems.models import DefaultAttendee, Postmortem, PostmortemTemplate, ReviewDefaults
from tests.factories import signed_in
from tests.postmortems.test_documents import started
from tests.world import make_world

pytestmark = pytest.mark.django_db
LIST, NEW = "/postmortems/templates/", "/postmortems/templates/new/"


def test_a_manager_makes_one_and_the_next_document_takes_it() -> None:
    world = make_world()
    ada = signed_in(world.ada)
    shown = ada.post(
        NEW,
        {"op": "preview", "name": "Ours", "team": world.team.pk, "text_summary": "**{{ title }}** broke."},
    )
    assert b"Checkout answers slowly</strong> broke." in shown.content
    assert not PostmortemTemplate.objects.filter(name="Ours").exists()
    bad = ada.post(NEW, {"op": "save", "name": "Ours", "team": world.team.pk, "text_summary": "{{ secret }}"})
    assert bad.status_code == 422
    assert b"There is no variable" in bad.content
    good = {"op": "save", "name": "Ours", "team": world.team.pk, "active": "on"}
    good["text_summary"] = "What broke: {{ title }}"
    assert ada.post(NEW, good).status_code == 302
    document = started(world)
    assert document.sections.get(key="summary").text == "What broke: Checkout down"
    row = PostmortemTemplate.objects.get(name="Ours")
    assert b"What broke" in ada.get(row.get_absolute_url()).content
    assert b"Ours" in ada.get(LIST).content
    del good["active"]
    assert ada.post(row.get_absolute_url(), good).status_code == 302
    row.refresh_from_db()
    assert not row.active
    assert ada.post(row.get_absolute_url(), {"op": "delete"}).status_code == 302
    assert not PostmortemTemplate.objects.filter(pk=row.pk).exists()
    assert Postmortem.objects.filter(pk=document.pk).exists()


def test_each_kind_of_person() -> None:
    world = make_world("members")
    own = actions.save_template(actor=world.actor("ada"), name="Ours", team_id=world.team.pk, sections={})
    everybody = actions.save_template(actor=world.actor("root"), name="All", team_id=None, sections={})
    with pytest.raises(NotAllowed):
        actions.save_template(actor=world.actor("ada"), name="All", team_id=None)
    with pytest.raises(NotAllowed):
        actions.save_template(actor=world.actor("bo"), template_id=own.pk, name="Mine")
    with pytest.raises(NotVisible):
        actions.save_template(actor=world.actor("zoe"), template_id=own.pk, name="Mine")
    bo, sam, zoe, ada = (signed_in(user) for user in (world.bo, world.sam, world.zoe, world.ada))
    assert bo.get(own.get_absolute_url()).status_code == 200
    assert bo.post(own.get_absolute_url(), {"op": "delete"}).status_code == 403
    assert b'value="delete"' not in bo.get(own.get_absolute_url()).content
    for one in (sam, zoe):
        assert one.get(own.get_absolute_url()).status_code == 404
        assert one.get(everybody.get_absolute_url()).status_code == 200
        assert one.get(LIST).status_code == 200
        assert one.get(NEW).status_code == 403
    assert ada.post(everybody.get_absolute_url(), {"op": "delete"}).status_code == 403
    assert ada.post(NEW, {"name": "x", "team": ""}).status_code == 422
    assert ada.post(NEW, {"name": "\0", "team": "x", "type": "x"}).status_code == 422


def test_bad_sections() -> None:
    world = make_world()
    for sections in ({"nothing": "x"}, {"summary": 3}, [], {"summary": "x" * 20_001}):
        with pytest.raises(InvalidInput):
            actions.save_template(
                actor=world.actor("ada"), name="Ours", team_id=world.team.pk, sections=sections
            )


def test_defaults_of_a_team() -> None:
    world = make_world("members")
    url = f"/postmortems/defaults/{world.team.slug}/"
    ada = signed_in(world.ada)
    assert ada.get(url).status_code == 200
    assert not ReviewDefaults.objects.exists()
    answer = ada.post(url, {"op": "save", "organiser": world.bo.pk, "approvals_needed": 2})
    assert answer.status_code == 302
    row = ReviewDefaults.objects.get()
    assert (row.organiser, row.approvals_needed) == (world.bo, 2)
    same = {"organiser": world.bo.pk, "organiser_backup": world.bo.pk, "approvals_needed": 1}
    assert ada.post(url, same).status_code == 422
    assert ada.post(url, {"approvals_needed": 99}).status_code == 422
    assert ada.post(url, {"op": "add", "user": world.ada.pk, "part": "product"}).status_code == 302
    assert DefaultAttendee.objects.get().part == "product"
    document = started(world)
    assert document.organiser == world.bo
    assert document.attendees.filter(user=world.ada).exists()
    assert ada.post(url, {"op": "remove", "user": world.ada.pk}).status_code == 302
    assert not DefaultAttendee.objects.exists()
    assert signed_in(world.bo).get(url).status_code == 403
    for user in (world.sam, world.zoe):
        assert signed_in(user).get(url).status_code == 404
    assert ada.get("/postmortems/defaults/nothing/").status_code == 404
