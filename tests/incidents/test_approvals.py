"""What leaves the company is looked at first, where there is somebody to ask."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, NotAllowed
from incidents import actions
from incidents.models import Incident, IncidentUpdate, TimelineEntry
from notifications.models import Delivery
from teams.choices import TeamRole
from tests.factories import actor_of, api_client, make_membership, make_user, signed_in
from tests.incidents.support import declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def propose(world: World, incident: Incident, who: str = "bo", text: str = "We are down") -> IncidentUpdate:
    return actions.post_update(actor=world.actor(who), number=incident.number, audience="public", text=text)


def role(world: World, incident: Incident, name: str, user: Any) -> None:
    actions.assign_role(actor=world.actor("root"), number=incident.number, role=name, user_id=user.pk)


@pytest.mark.parametrize(
    ("held", "waits"),
    [
        ((), False),
        (("commander",), True),
        (("communications",), True),
        (("deputy",), False),
        (("scribe", "expert"), False),
    ],
)
def test_a_lone_responder_is_never_blocked(held: tuple[str, ...], waits: bool) -> None:
    world = make_world()
    incident = declare(world, "root")
    other = make_user("Somebody")
    for name in held:
        role(world, incident, name, other)
    row = propose(world, incident)
    assert row.state == ("waiting" if waits else "sent")
    assert Incident.objects.get().first_public_update_at is None or not waits
    inside = actions.post_update(
        actor=world.actor("bo"), number=incident.number, audience="internal", text="Never waits"
    )
    assert inside.state == "sent"


@pytest.mark.parametrize(
    ("who", "state"),
    [
        ("admin", "sent"),
        ("manager", "sent"),
        ("commander", "sent"),
        ("deputy", "sent"),
        ("communications", "sent"),
        ("responder", "waiting"),
        ("guest", "waiting"),
        ("scribe", "waiting"),
    ],
)
def test_who_sends_to_the_public_at_once(who: str, state: str) -> None:
    world = make_world()
    incident = declare(world, "root")
    boss, person = make_user("Boss"), make_user("Person")
    role(world, incident, "communications" if who == "commander" else "commander", boss)
    if who == "admin":
        person = world.root
    elif who == "manager":
        make_membership(person, world.team, TeamRole.MANAGER)
    elif who == "responder":
        make_membership(person, world.team)
    elif who == "guest":
        role(world, incident, "expert", person)
    else:
        role(world, incident, who, person)
    row = actions.post_update(
        actor=actor_of(person), number=incident.number, audience="public", text="We are down"
    )
    assert row.state == state


def test_approving_sends_it_and_says_who_wrote_it(drain: Any) -> None:
    world = make_world()
    incident = declare(world, "root")
    role(world, incident, "commander", world.zoe)
    row = propose(world, incident)
    drain()
    asked = Delivery.objects.get(source=f"approve:{row.pk}")
    assert (asked.user, asked.category) == (world.zoe, "reminder")
    assert "We are down" in asked.body
    assert "A public update waits for you" in signed_in(world.zoe).get("/").content.decode()
    assert "A public update waits for you" not in signed_in(world.bo).get("/").content.decode()
    with pytest.raises(NotAllowed):
        actions.approve_update(actor=world.actor("bo"), number=incident.number, update_id=row.pk)
    page = signed_in(world.zoe).post(f"/incidents/{incident.number}/approve-update/", {"update": row.pk})
    assert page.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.author) == ("sent", world.zoe, world.bo)
    entry = TimelineEntry.objects.get(kind="update_sent")
    assert (entry.author, entry.data["written_by"]) == (world.zoe, "Bo")
    again = actions.approve_update(actor=world.actor("zoe"), number=incident.number, update_id=row.pk)
    assert again.pk == row.pk
    assert TimelineEntry.objects.filter(kind="update_sent").count() == 1
    with pytest.raises(Conflict):
        actions.reject_update(
            actor=world.actor("zoe"), number=incident.number, update_id=row.pk, reason="Late"
        )


def test_sending_back_needs_a_reason_which_the_author_hears(drain: Any) -> None:
    world = make_world()
    incident = declare(world, "root")
    role(world, incident, "commander", world.zoe)
    row = propose(world, incident)
    api = api_client(world.zoe)
    url = f"/api/v1/incidents/{incident.number}/reject-update/"
    assert api.post(url, {"update": row.pk}, format="json").status_code == 400
    assert api.post(url, {"update": row.pk, "reason": " "}, format="json").status_code == 400
    answer = api.post(url, {"update": row.pk, "reason": "Too technical"}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    drain()
    told = Delivery.objects.get(source=f"rejected:{row.pk}")
    assert (told.user, told.body) == (world.bo, "Too technical")
    assert "Too technical" in signed_in(world.bo).get(f"/incidents/{incident.number}/").content.decode()
    with pytest.raises(Conflict):
        actions.approve_update(actor=world.actor("zoe"), number=incident.number, update_id=row.pk)
    other = declare(world, "root")
    role(world, other, "commander", world.zoe)
    assert (
        api_client(world.zoe)
        .post(
            f"/api/v1/incidents/{other.number}/reject-update/",
            {"update": row.pk, "reason": "x"},
            format="json",
        )
        .status_code
        == 404
    )


def test_every_standing_on_approving() -> None:
    world = make_world()
    incident = declare(world, "root")
    role(world, incident, "commander", make_user("Boss"))
    row = propose(world, incident)
    found = {
        name: api_client(getattr(world, name))
        .post(
            f"/api/v1/incidents/{incident.number}/reject-update/",
            {"update": row.pk, "reason": "x"},
            format="json",
        )
        .status_code
        for name in ("bo", "sam", "zoe", "ada", "root")
    }
    assert found == {"bo": 403, "sam": 403, "zoe": 403, "ada": 200, "root": 200}
