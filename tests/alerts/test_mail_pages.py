"""Settings of a mail address, its test and renewal: who may, and what is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.actions import mail
from alerts.actions.integrations import create_integration
from alerts.models import Alert, Integration
from tests.factories import api_client, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    return make_world(visibility=request.param)


@pytest.fixture
def box(world: World) -> Integration:
    row, _key = create_integration(
        actor=world.actor("ada"), name="Old monitor", kind="email", service_id=world.service.pk
    )
    return row


@pytest.mark.parametrize("name", ["ada", "bo", "sam", "zoe", "root"])
def test_who_changes_it(world: World, box: Integration, name: str) -> None:
    client = signed_in(getattr(world, name))
    sees = world.team.visibility == "organisation" or name in ("ada", "bo", "root")
    manages = name in ("ada", "root")
    refused = 403 if sees else 404
    path = f"/integrations/{box.pk}/mail/"
    assert client.get(path).status_code == (200 if manages else refused)
    assert client.post(path, {"resolve": "^OK", "severity": "warning"}).status_code == (
        302 if manages else refused
    )
    assert client.post(f"{path}test/").status_code == (302 if manages else refused)
    assert client.post(f"{path}new-address/").status_code == (302 if manages else refused)
    before = box.mail_local
    box.refresh_from_db()
    assert (box.mail_local != before) == manages
    assert box.settings.get("resolve") == ("^OK" if manages else None)


def test_its_address_is_shown_when_mail_is_taken_in(world: World, box: Integration, settings: object) -> None:
    client = signed_in(world.ada)
    address = f"{box.mail_local}@127.0.0.1"
    assert address not in client.get(f"/integrations/{box.pk}/").content.decode()
    settings.MAIL_INTAKE_PORT = 2525  # type: ignore[attr-defined]
    assert address in client.get(f"/integrations/{box.pk}/").content.decode()
    shown = api_client(world.ada).get(f"/api/v1/integrations/{box.pk}/").json()
    assert shown["address"] == address


def test_what_is_wrong_is_said_at_its_field(world: World, box: Integration) -> None:
    client = signed_in(world.ada)
    answer = client.post(f"/integrations/{box.pk}/mail/", {"resolve": "(", "senders": "nobody"})
    assert answer.status_code == 422
    assert "no expression of RE2" in answer.content.decode()
    api = api_client(world.ada)
    wrong = api.patch(f"/api/v1/integrations/{box.pk}/", {"settings": {"key": "["}}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["key"])
    right = api.patch(f"/api/v1/integrations/{box.pk}/", {"settings": {"key": "x+"}}, format="json")
    assert right.status_code == 200
    box.refresh_from_db()
    assert box.settings == {"key": "x+"}


@pytest.mark.parametrize("senders", [[], ["@corp.example"], ["me@corp.example"]])
def test_a_test_mail_goes_the_whole_way(
    world: World, box: Integration, drain: Drain, senders: list[str]
) -> None:
    box.settings = {"senders": senders}
    box.save(update_fields=["settings"])
    mail.send_test_mail(actor=world.actor("ada"), integration_id=box.pk)
    drain()
    assert Alert.objects.get().title == "Test mail for Old monitor"


def test_a_new_address_ends_the_old(world: World, box: Integration) -> None:
    old = f"{box.mail_local}@127.0.0.1"
    assert mail.recipient(old) is not None
    fresh = mail.renew_mail_address(actor=world.actor("ada"), integration_id=box.pk)
    assert mail.recipient(old) is None
    found = mail.recipient(f"{fresh.mail_local}+tag@127.0.0.1")
    assert found is not None
    assert found[1] == "tag"
