"""Roles of somebody who leaves go to the successor, and the timeline says so."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from incidents import actions
from incidents.models import Incident, RoleAssignment
from incidents.sentences import sentence
from teams.actions.deactivation import deactivate_user
from teams.hooks import HandoverItem, held_by
from tests.incidents.support import declare, put
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_roles_on_what_is_not_over_are_handed_over() -> None:
    world = make_world()
    bo, ada = world.bo, world.ada
    actor = world.actor("ada")
    numbers = [declare(world, title=f"Problem {n}").number for n in range(3)]
    for number in numbers:
        actions.assign_role(actor=actor, number=number, role="commander", user_id=bo.pk)
    for user in (bo, ada):
        actions.assign_role(actor=actor, number=numbers[0], role="expert", user_id=user.pk)
    put(Incident.objects.get(number=numbers[1]), "in_review")
    put(Incident.objects.get(number=numbers[2]), "closed")
    assert held_by(bo.pk)["incident_roles"] == [
        HandoverItem("incident_roles", f"Commander of #{numbers[0]} Problem 0", 1),
        HandoverItem("incident_roles", f"Subject-matter expert of #{numbers[0]} Problem 0", 1),
        HandoverItem("incident_roles", f"Commander of #{numbers[1]} Problem 1", 1),
    ]
    root = world.actor("root")
    with pytest.raises(InvalidInput) as refused:
        deactivate_user(actor=root, user_id=bo.pk, successors={"escalations": ada.pk})
    assert list(refused.value.fields) == ["incident_roles"]
    successors = {"escalations": ada.pk, "incident_roles": ada.pk}
    deactivate_user(actor=root, user_id=bo.pk, successors=successors)
    assert held_by(bo.pk) == {}
    rows = RoleAssignment.objects.filter(ended_at__isnull=True).order_by("incident__number", "role")
    assert [(row.incident.number, row.role, row.user.name) for row in rows] == [
        (numbers[0], "commander", "Ada"),
        (numbers[0], "expert", "Ada"),
        (numbers[1], "commander", "Ada"),
        (numbers[2], "commander", "Bo"),
    ]
    commanders = Incident.objects.order_by("number").values_list("commander__name", flat=True)
    assert list(commanders) == ["Ada", "Ada", "Bo"]
    said = [sentence(row) for row in Incident.objects.get(number=numbers[0]).timeline.order_by("-seq")[:2]]
    assert said == [
        "Ada is subject-matter expert now, after Bo",
        "Ada is commander now, after Bo",
    ]
    last = Incident.objects.get(number=numbers[1]).timeline.order_by("-seq").first()
    assert (last.kind, last.author_id, sentence(last)) == (
        "role",
        world.root.pk,
        "Ada is commander now, after Bo",
    )


def test_a_successor_from_outside_may_see_a_restricted_incident() -> None:
    world = make_world("members")
    number = declare(world).number
    actions.assign_role(actor=world.actor("ada"), number=number, role="scribe", user_id=world.bo.pk)
    actions.set_visibility(actor=world.actor("ada"), number=number, visibility="restricted")
    successors = {"escalations": world.zoe.pk, "incident_roles": world.zoe.pk}
    deactivate_user(actor=world.actor("root"), user_id=world.bo.pk, successors=successors)
    assert Incident.objects.visible_to(world.actor("zoe")).get().number == number
    assert not Incident.objects.visible_to(world.actor("sam")).exists()
