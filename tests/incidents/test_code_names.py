"""A restricted incident with a code name: what leaves the house says the name and not what it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import InvalidInput
from incidents import actions
from incidents.models import Incident
from notifications.models import Delivery
from tests.factories import api_client, signed_in
from tests.incidents.support import declare
from tests.world import make_world

pytestmark = pytest.mark.django_db
TITLE = "Customer records copied"


def test_pages_and_subjects_use_the_code_name(drain: Callable[[], None]) -> None:
    world = make_world()
    incident = declare(world, title=TITLE)
    actions.set_visibility(
        actor=world.actor("ada"), number=incident.number, visibility="restricted", code_name=" Blue\nHeron "
    )
    incident.refresh_from_db()
    assert (incident.code_name, incident.name_outside) == ("Blue Heron", "Blue Heron")
    actions.page(actor=world.actor("ada"), number=incident.number, user_ids=[world.bo.pk])
    drain()
    pages = Delivery.objects.filter(category="page")
    assert pages.exists()
    for row in pages:
        assert "Blue Heron" in row.title
        assert TITLE not in f"{row.title} {row.body} {row.payload}"
    page = signed_in(world.bo).get(incident.get_absolute_url()).content.decode()
    assert f"<title>#{incident.number} Blue Heron" in page
    assert TITLE in page


def test_only_a_restricted_one_has_a_code_name_and_opening_takes_it() -> None:
    world = make_world()
    number, ada = declare(world, title=TITLE).number, world.actor("ada")
    with pytest.raises(InvalidInput) as refused:
        actions.set_visibility(actor=ada, number=number, visibility="open", code_name="Heron")
    assert list(refused.value.fields) == ["code_name"]
    actions.set_visibility(actor=ada, number=number, visibility="restricted")
    renamed = actions.set_visibility(actor=ada, number=number, visibility="restricted", code_name="Heron")
    kept = actions.set_visibility(actor=ada, number=number, visibility="restricted")
    assert (renamed.code_name, kept.code_name) == ("Heron", "Heron")
    opened = actions.set_visibility(actor=ada, number=number, visibility="open")
    assert opened.code_name == ""
    assert opened.timeline.filter(kind="visibility").count() == 3


def test_by_api_and_dialog() -> None:
    world = make_world()
    number = declare(world, title=TITLE).number
    body = {"visibility": "restricted", "code_name": "Heron"}
    done = api_client(world.ada).post(f"/api/v1/incidents/{number}/set-visibility/", body, format="json")
    assert (done.status_code, done.json()["code_name"]) == (200, "Heron")
    browser = signed_in(world.ada)
    url = f"/incidents/{number}/visibility/"
    assert browser.post(url, {"visibility": "open", "code_name": "Heron", "reason": ""}).status_code == 302
    assert Incident.objects.get(number=number).code_name == ""
    assert (
        api_client(world.bo)
        .post(f"/api/v1/incidents/{number}/set-visibility/", body, format="json")
        .status_code
        == 403
    )
