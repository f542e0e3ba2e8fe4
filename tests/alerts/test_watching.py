"""What watches a service goes with it to another team."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from alerts.actions import objectives
from alerts.actions.watching import locked
from alerts.models import Check, Heartbeat, Integration, Objective
from core.errors import NotAllowed
from services.actions import accept_transfer, ask_transfer, update_service
from teams.models import Team
from tests.alerts.test_check_pages import make_check
from tests.alerts.test_heartbeats import make_beat
from tests.factories import actor_of, api_client, make_team, make_user
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
WATCHES: tuple[Any, ...] = (Heartbeat, Check, Objective)


def transferred(world: World, team: Team, nia: Any) -> None:
    offer = ask_transfer(actor=world.actor("ada"), service_id=world.service.pk, to_team_id=team.pk)
    accept_transfer(actor=actor_of(nia), transfer_id=offer.pk)


def edited(world: World, team: Team, nia: Any) -> None:
    update_service(actor=world.actor("root"), service_id=world.service.pk, team_id=team.pk)


def imported(world: World, team: Team, nia: Any) -> None:
    text = (
        f"kind: Component\nmetadata: {{name: {world.service.slug}}}\n"
        f"spec: {{type: service, owner: {team.slug}}}\n"
    )
    answer = api_client(world.root).post(
        "/api/v1/services/import/", text.encode(), content_type="application/yaml"
    )
    assert (answer.status_code, answer.json()["problems"]) == (200, [])


@pytest.mark.parametrize("move", [transferred, edited, imported])
def test_it_follows_however_the_service_moves(move: Callable[[World, Team, Any], None]) -> None:
    world, nia = make_world(), make_user("Nia")
    others = make_team("Others", manager=nia)
    theirs = make_service(others, "theirs")
    made: dict[str, Any] = {"target": Decimal("99.9"), "source": "counts", "external_id": "tf-1"}
    make_beat(world)
    make_check(world)
    objectives.save_objective(actor=world.actor("ada"), name="Orders", service_id=world.service.pk, **made)
    objectives.save_objective(actor=actor_of(nia), name="Orders", service_id=theirs.pk, **made)
    stays = make_service(world.team, "stays")
    make_beat(world, name="Elsewhere", service_id=stays.pk)
    move(world, others, nia)
    for model in WATCHES:
        row = model.objects.get(service=world.service)
        integration = Integration.objects.get(pk=row.integration_id)
        assert (row.team_id, integration.team_id, integration.name) == (others.pk, others.pk, row.name)
        assert locked(model, actor_of(nia), row.pk) == row
        with pytest.raises(NotAllowed):
            locked(model, world.actor("ada"), row.pk)
    moved = Objective.objects.get(service=world.service)
    assert (moved.name, moved.external_id) == (f"Orders ({world.service.name})", "")
    assert Objective.objects.get(service=theirs).external_id == "tf-1"
    assert Heartbeat.objects.get(service=stays).team_id == world.team.pk
