"""Pages and lists of tasks, roles and playbooks ask the database as often for three rows as for one."""

from __future__ import annotations

import pytest

from incidents import actions
from incidents.models import RoleDefinition
from tests.factories import api_client, make_user, signed_in
from tests.incidents.support import declare
from tests.incidents.test_lists import count
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
PATHS = (
    "/",
    "/incidents/1/fragment/tasks/",
    "/incidents/1/fragment/roles/",
    "/incidents/1/tasks/",
    "/playbooks/",
    "/settings/roles/",
    "/api/v1/incidents/1/tasks/",
    "/api/v1/incidents/1/role-offers/",
    "/api/v1/playbooks/",
    "/api/v1/roles/",
)


def fill(world: World) -> None:
    """One more of everything: a task that waits, one of the viewer's, a role, an offer to the viewer, a playbook."""
    ada = world.actor("ada")
    person = make_user()
    first = actions.add_task(actor=ada, number=1, title="First", owner=person.pk, backup=world.ada.pk)
    actions.add_task(actor=ada, number=1, title="Then", owner=world.root.pk, waits_for=[first.pk])
    actions.assign_role(actor=ada, number=1, role="expert", user_id=person.pk)
    key = f"own{RoleDefinition.objects.count()}"
    actions.add_role_definition(actor=world.actor("root"), key=key, name=key)
    actions.offer_role(actor=ada, number=1, role=key, user_id=world.root.pk)
    book = actions.create_playbook(actor=ada, team_id=world.team.pk, name=key, tasks=[{"title": "Look"}])
    actions.start_playbook(actor=ada, number=1, playbook_id=book.pk)


@pytest.mark.parametrize("path", PATHS)
def test_the_number_of_statements_does_not_grow(path: str) -> None:
    world = make_world()
    declare(world)
    client = api_client(world.root) if path.startswith("/api/") else signed_in(world.root)
    fill(world)
    one = count(client, path)
    fill(world)
    fill(world)
    assert count(client, path) == one
