"""What every sender of changes shares: one way in, once each, never an alert."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import actions
from alerts.intake.messages import Reply
from alerts.intake.receive import handle
from alerts.models import Alert, IntakeItem, Integration
from core import clock
from core.crypto import seal
from core.errors import Conflict
from services.models import ChangeEvent
from tests.alerts.support import native, payload, request
from tests.factories import make_team, signed_in
from tests.world import World, make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
CHANGE = "/compat/pagerduty/v2/change/enqueue"


@pytest.fixture
def world() -> World:
    made = make_world()
    made.integration, made.key = make_integration(made.service, kind="github", name="Acme on GitHub")
    return made


def hook(key: str, body: Any, event: str = "release", delivery: str = "d1", **more: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named: dict[str, Any] = {"x_github_event": event, "x_github_delivery": delivery} | more
    return handle(request(f"/api/v1/intake/github/{key}/", raw, **named))


def outcomes() -> list[tuple[str, str]]:
    return list(IntakeItem.objects.order_by("pk").values_list("status", "outcome"))


def test_a_client_of_pagerduty_tells_of_a_change(drain: Drain, world: World) -> None:
    details = {
        "summary": "v2 is out",
        "timestamp": "2026-11-20T03:00:00Z",
        "source": "ci",
        "custom_details": {},
    }
    body = {
        "routing_key": world.key,
        "payload": details,
        "links": [{"href": "https://ci.example.com/1", "text": "Build"}],
    }
    for _time in range(2):
        reply = handle(request(CHANGE, json.dumps(body).encode()))
        assert (reply.status, reply.body) == (
            202,
            {"status": "success", "message": "Change event processed"},
        )
    drain()
    rows = ChangeEvent.objects.values_list("service", "kind", "summary", "source", "happened_at", "links")
    at = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
    links = [{"href": "https://ci.example.com/1", "text": "Build"}]
    assert list(rows) == [(world.service.pk, "deploy", "v2 is out", "ci", at, links)] * 2
    assert not Alert.objects.exists()
    assert set(IntakeItem.objects.all()[0].raw or {}) == {"payload", "links"}
    assert outcomes() == [("done", "Change of Checkout: v2 is out")] * 2
    unknown = handle(request(CHANGE, json.dumps(body | {"routing_key": "0" * 32}).encode()))
    assert (unknown.status, unknown.body["errors"]) == (400, ["Invalid routing key"])


def test_a_delivery_counts_once_for_each_integration(drain: Drain, world: World) -> None:
    body = payload("github/release_published")
    hook(world.key, body)
    hook(world.key, body)
    drain()
    hook(world.key, body)
    drain()
    said = "This delivery came before: its change is recorded once"
    done = "Change of Checkout: Release v2.4.0 published: Faster checkout"
    assert outcomes() == [("done", done), ("dropped", said), ("dropped", said)]
    hook(world.key, body, delivery="d2")
    _row, other = make_integration(world.service, kind="github", name="Another")
    hook(other, body)
    drain()
    assert ChangeEvent.objects.count() == 3


def test_without_a_name_the_body_stands_for_its_delivery(drain: Drain, world: World) -> None:
    body = payload("github/release_published")
    hook(world.key, body, delivery="")
    hook(world.key, body, delivery="")
    body["release"]["tag_name"] = "v2.4.1"
    hook(world.key, body, delivery="")
    drain()
    assert ChangeEvent.objects.count() == 2


def test_what_comes_over_any_key_and_what_is_only_ignored(drain: Drain, world: World) -> None:
    _row, key = make_integration(world.service, name="Prometheus")
    assert hook(key, payload("github/release_published")).status == 202
    ping = hook(world.key, payload("github/ping"), event="ping")
    assert (ping.status, ping.body["accepted"]) == (202, 0)
    assert hook(world.key, payload("github/ping"), event="star").status == 202
    assert hook("0" * 32, payload("github/ping"), event="ping").status == 404
    native(world.key, {"title": "An alert over a change's key"})
    drain()
    assert outcomes()[1:3] == [
        ("dropped", "GitHub's ping: the webhook works"),
        ("dropped", "GitHub's star is no change: nothing is recorded"),
    ]
    assert (ChangeEvent.objects.count(), Alert.objects.count()) == (1, 1)
    assert Integration.objects.get(pk=world.integration.pk).last_received_at is not None


def test_the_label_names_the_service(drain: Drain, world: World) -> None:
    named, foreign = make_service(world.team, "production"), make_service(make_team("Others"), "theirs")
    Integration.objects.filter(pk=world.integration.pk).update(service_label="environment")
    body = payload("github/deployment_status_success")
    hook(world.key, body, event="deployment_status", delivery="d1")
    for delivery, name in (("d2", "nowhere"), ("d3", foreign.slug)):
        body["deployment_status"]["environment"] = name
        hook(world.key, body, event="deployment_status", delivery=delivery)
    drain()
    assert list(ChangeEvent.objects.order_by("pk").values_list("service", flat=True)) == [
        named.pk,
        world.service.pk,
        world.service.pk,
    ]
    assert "environment=nowhere names no service of this team" in outcomes()[1][1]


def test_what_cannot_be_read_is_refused_kept_and_shown(drain: Drain, world: World) -> None:
    reply = hook(world.key, payload("github/malformed"), event="deployment_status")
    assert (reply.status, reply.body["errors"]) == (400, {"deployment_status.state": ["Is required."]})
    drain()
    assert outcomes() == [("unread", "deployment_status.state: Is required.")]
    page = signed_in(world.bo).get(f"/integrations/{world.integration.pk}/").content.decode()
    assert "deployment_status.state: Is required." in page


def test_unsigned_changes_wait_once_there_is_a_secret(drain: Drain, world: World) -> None:
    """Neither the compatible address nor another source's gets round the secret."""
    Integration.objects.filter(pk=world.integration.pk).update(secret_sealed=seal("s3cret"))
    hook(world.key, payload("github/release_published"))
    body = {"routing_key": world.key, "payload": {"summary": "v2"}}
    handle(request(CHANGE, json.dumps(body).encode()))
    drain()
    assert outcomes() == [("unread", "It is not signed, and this integration has a secret")] * 2
    assert not ChangeEvent.objects.exists()
    Integration.objects.update(secret_sealed="")
    actions.replay(actor=world.actor("ada"), integration_id=world.integration.pk)
    drain()
    assert sorted(ChangeEvent.objects.values_list("summary", flat=True)) == [
        "Release v2.4.0 published: Faster checkout",
        "v2",
    ]


@pytest.mark.parametrize("name", ["ada", "bo", "sam", "zoe", "root"])
def test_pages_show_it_to_those_who_may_see_the_service(name: str, drain: Drain, world: World) -> None:
    world.team.visibility = "members"
    world.team.save(update_fields=["visibility"])
    hook(world.key, payload("github/release_published"))
    drain()
    client = signed_in(getattr(world, name))
    sees = name in ("ada", "bo", "root")
    integration = client.get(f"/integrations/{world.integration.pk}/")
    service = client.get(f"/services/{world.service.slug}/")
    assert [integration.status_code, service.status_code] == [200 if sees else 404] * 2
    if sees:
        assert "Change of Checkout: Release v2.4.0 published" in integration.content.decode()
        assert "Send test alert" not in integration.content.decode()
        assert "Release v2.4.0 published: Faster checkout" in service.content.decode()


def test_an_alert_shows_what_was_changed_before_it(drain: Drain, world: World) -> None:
    """Of its own service, in the two hours before, in a number of statements that does not grow."""
    now = clock.now()
    other = make_service(world.team, "other")
    for service, summary, hours in (
        (world.service, "Just before", 1),
        (world.service, "Long ago", 3),
        (other, "Elsewhere", 1),
    ):
        ChangeEvent.objects.create(
            service=service, summary=summary, happened_at=now - dt.timedelta(hours=hours), source="acme/<b>"
        )
    native(world.key, {"title": "x"})
    drain()
    address, client = Alert.objects.get().get_absolute_url(), signed_in(world.bo)
    page = client.get(address).content.decode()
    assert "Just before" in page and "acme/&lt;b&gt;" in page
    assert "Long ago" not in page and "Elsewhere" not in page
    with CaptureQueriesContext(connection) as first:
        client.get(address)
    for number in range(3):
        ChangeEvent.objects.create(service=world.service, summary=f"c{number}", happened_at=now)
    with CaptureQueriesContext(connection) as then:
        client.get(address)
    assert len(then) == len(first)


def test_such_an_integration_sends_no_test_alert_and_words_none(world: World) -> None:
    with pytest.raises(Conflict):
        actions.send_test(actor=world.actor("ada"), integration_id=world.integration.pk)
    page = signed_in(world.ada).get(f"/integrations/{world.integration.pk}/settings/").content.decode()
    assert "Words of your own" not in page and 'name="secret"' in page
    saved = signed_in(world.ada).post(
        f"/integrations/{world.integration.pk}/settings/",
        {
            "name": "Hook",
            "service": world.service.pk,
            "service_label": "repository",
            "secret": "x",
            "do": "save",
        },
    )
    assert saved.status_code == 302
    row = Integration.objects.get(pk=world.integration.pk)
    assert (row.name, row.service_label, bool(row.secret_sealed)) == ("Hook", "repository", True)


def test_the_picker_offers_them_in_a_group_of_their_own(world: World) -> None:
    page = signed_in(world.ada).get("/integrations/new/").content.decode()
    assert ">Changes<" in page.replace("\n", "")
    assert "?kind=github" in page and "?kind=gitlab" in page
