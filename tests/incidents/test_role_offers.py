"""Handing a role over: the holder keeps it until the other one has accepted."""

from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents import actions
from incidents.models import Incident, IncidentTask, RoleAssignment, RoleOffer
from incidents.sentences import sentence
from incidents.tasklists import role_offers_for
from notifications.models import Delivery
from tests.factories import api_client, signed_in
from tests.incidents.support import at_once, declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def led(world: World) -> int:
    number = declare(world).number
    actions.assign_role(actor=world.actor("ada"), number=number, role="commander", user_id=world.ada.pk)
    return number


def holders(number: int, role: str = "commander") -> list[str]:
    rows = RoleAssignment.objects.filter(incident__number=number, role=role, ended_at__isnull=True)
    return sorted(rows.values_list("user__name", flat=True))


def offer(world: World, number: int, to: str = "bo", role: str = "commander") -> RoleOffer:
    return actions.offer_role(
        actor=world.actor("ada"),
        number=number,
        role=role,
        user_id=getattr(world, to).pk,
        note="Rollback runs",
    )


def test_accepting_changes_hands_with_the_note() -> None:
    world = make_world()
    number = led(world)
    row = offer(world, number)
    assert holders(number) == ["Ada"]
    assert [item.pk for item in role_offers_for(world.bo.pk)] == [row.pk]
    assert "Roles offered to me" in signed_in(world.bo).get("/").content.decode()
    told = Delivery.objects.get(user=world.bo, category="reminder")
    assert (told.urgency, told.title) == ("high", f"#{number} Checkout down: Commander is offered to you")
    actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=row.pk, accept=True)
    assert holders(number) == ["Bo"]
    incident = Incident.objects.get(number=number)
    assert incident.commander == world.bo
    said = [(entry.kind, sentence(entry), entry.text) for entry in incident.timeline.order_by("seq")]
    assert said[-3:] == [
        ("handover", "Commander offered to Bo", ""),
        ("role", "Bo is commander now, after Ada", "Rollback runs"),
        ("handover", "Commander handed over from Ada to Bo", "Rollback runs"),
    ]
    assert "Rollback runs" in signed_in(world.bo).get(f"/incidents/{number}/").content.decode()
    mine = IncidentTask.objects.filter(owner=world.bo, role="commander", state="open").count()
    assert mine == 3 == IncidentTask.objects.count()
    actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=row.pk, accept=True)
    assert incident.timeline.filter(kind="handover").count() == 2


def test_declining_withdrawing_and_what_is_refused() -> None:
    world = make_world()
    number = led(world)
    first = offer(world, number)
    assert offer(world, number).pk == first.pk
    with pytest.raises(NotAllowed):
        actions.answer_offer(actor=world.actor("ada"), number=number, offer_id=first.pk, accept=True)
    actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=first.pk, accept=False, answer="No")
    assert (holders(number), role_offers_for(world.bo.pk)) == (["Ada"], [])
    with pytest.raises(Conflict):
        actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=first.pk, accept=True)
    second = offer(world, number)
    actions.withdraw_offer(actor=world.actor("ada"), number=number, offer_id=second.pk)
    with pytest.raises(Conflict):
        actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=second.pk, accept=True)
    with pytest.raises(Conflict):
        offer(world, number, "ada")
    with pytest.raises(InvalidInput):
        actions.offer_role(actor=world.actor("ada"), number=number, role="odd", user_id=world.bo.pk)
    with pytest.raises(InvalidInput):
        actions.offer_role(actor=world.actor("ada"), number=number, role="scribe", user_id=None)
    with pytest.raises(NotVisible):
        actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=10**9, accept=True)
    with pytest.raises(NotAllowed):
        actions.offer_role(actor=world.actor("sam"), number=number, role="scribe", user_id=world.bo.pk)
    put(Incident.objects.get(number=number), "closed")
    with pytest.raises(Conflict):
        offer(world, number)


def test_the_first_to_accept_has_it_and_the_other_offer_is_over() -> None:
    world = make_world()
    number = led(world)
    first, second = offer(world, number, "bo"), offer(world, number, "zoe")
    actions.answer_offer(actor=world.actor("zoe"), number=number, offer_id=second.pk, accept=True)
    first.refresh_from_db()
    assert (holders(number), first.state) == (["Zoe"], "withdrawn")


def test_a_role_of_many_leaves_the_others_in_it() -> None:
    world = make_world()
    number = led(world)
    for who in (world.ada, world.zoe):
        actions.assign_role(actor=world.actor("ada"), number=number, role="expert", user_id=who.pk)
    row = offer(world, number, "bo", "expert")
    actions.answer_offer(actor=world.actor("bo"), number=number, offer_id=row.pk, accept=True)
    assert holders(number, "expert") == ["Bo", "Zoe"]


def test_a_restricted_incidents_note_stays_inside() -> None:
    world = make_world()
    number = led(world)
    actions.set_visibility(actor=world.actor("ada"), number=number, visibility="restricted")
    Incident.objects.update(code_name="Heron")
    offer(world, number, "zoe")
    told = Delivery.objects.get(user=world.zoe)
    assert told.title == f"#{number} Heron: Commander is offered to you"
    assert "Rollback" not in told.body
    assert len(role_offers_for(world.zoe.pk, world.actor("zoe"))) == 1
    Incident.objects.get().user_grants.all().delete()
    assert role_offers_for(world.zoe.pk, world.actor("zoe")) == []
    assert "offered to me" not in signed_in(world.zoe).get("/").content.decode()
    actions.set_visibility(actor=world.actor("root"), number=number, visibility="open")
    assert Incident.objects.visible_to(world.actor("zoe")).exists()


@pytest.mark.django_db(transaction=True)
def test_two_accepting_at_once_leave_one_holder() -> None:
    world = make_world()
    number = led(world)
    rows = {who: offer(world, number, who).pk for who in ("bo", "zoe", "sam", "root")}
    jobs = [
        lambda who=who, pk=pk: actions.answer_offer(
            actor=world.actor(who), number=number, offer_id=pk, accept=True
        )
        for who, pk in rows.items()
    ]
    results = at_once(jobs)
    assert sorted(type(row).__name__ for row in results) == ["Conflict", "Conflict", "Conflict", "RoleOffer"]
    assert len(holders(number)) == 1
    assert RoleOffer.objects.filter(state="accepted").count() == 1


def test_by_api_and_by_page() -> None:
    world = make_world()
    number = led(world)
    url = f"/api/v1/incidents/{number}/"
    made = api_client(world.ada).post(
        f"{url}offer-role/", {"role": "commander", "user": world.bo.pk, "note": "x"}, format="json"
    )
    assert (made.status_code, made.json()["state"]) == (201, "offered")
    listed = api_client(world.bo).get(f"{url}role-offers/").json()["results"]
    assert [row["id"] for row in listed] == [made.json()["id"]]
    answer = f"{url}role-offers/{made.json()['id']}/answer/"
    assert api_client(world.ada).post(answer, {"accept": True}, format="json").status_code == 403
    assert api_client(world.bo).post(answer, {}, format="json").status_code == 400
    assert api_client(world.bo).post(answer, {"accept": True}, format="json").json()["state"] == "accepted"
    gone = api_client(world.ada).post(f"{url}role-offers/{made.json()['id']}/withdraw/")
    assert gone.status_code == 409
    page = signed_in(world.bo)
    sent = {"role": "scribe", "user": world.ada.pk, "note": "Please"}
    assert page.get(f"/incidents/{number}/offer-role/?role=scribe").status_code == 200
    assert page.post(f"/incidents/{number}/offer-role/", sent).status_code == 302
    pk = role_offers_for(world.ada.pk)[0].pk
    shown = signed_in(world.ada).get(f"/incidents/{number}/").content.decode()
    assert f"role-offers/{pk}/accept/" in shown
    assert f"role-offers/{pk}/accept/" not in page.get(f"/incidents/{number}/").content.decode()
    assert signed_in(world.ada).post(f"/incidents/{number}/role-offers/{pk}/decline/").status_code == 302
    assert page.post(f"/incidents/{number}/role-offers/{pk}/withdraw/").status_code == 409
