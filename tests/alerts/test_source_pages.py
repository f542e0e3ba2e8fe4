"""Setting integrations up on pages and over the API, as each of the five people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts import actions
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources import OFFERED, SOURCES
from tests.alerts.support import native
from tests.factories import api_client, signed_in
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")
BODY = {"check": "disk", "host": "db1", "state": "failing"}
FIELDS = {
    "title": "{{ item.check }} on {{ item.host }}",
    "status": "{{ item.state }}",
    "resolved_values": "fine, ok",
    "labels": "host = {{ item.host }}",
    "links": "Page = https://x/{{ item.check }}",
}


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest, drain: Drain) -> World:
    """A custom integration over which one payload came that nobody has said how to read."""
    made = make_world(visibility=request.param)
    made.integration, made.key = make_integration(made.service, kind="custom", name="Own")
    native(made.key, BODY, "custom")
    drain()
    return made


def wanted(world: World, name: str) -> int:
    """What changing answers."""
    if name in ("ada", "root"):
        return 200
    sees = world.team.visibility == "organisation" or name == "bo"
    return 403 if sees else 404


@pytest.mark.parametrize("name", EVERYBODY)
def test_pages(world: World, name: str) -> None:
    client, pk = signed_in(getattr(world, name)), world.integration.pk
    status = wanted(world, name)
    assert client.get(f"/integrations/{pk}/settings/").status_code == status
    assert client.get(f"/integrations/{pk}/mapping/").status_code == status
    item = IntakeItem.objects.get().pk
    page = client.get(f"/integrations/{pk}/received/{item}/")
    assert page.status_code == (404 if status == 404 else 200)
    assert ("Read it again" in page.content.decode()) == (status == 200)
    assert client.get(f"/integrations/{pk}/received/{item + 1}/").status_code == 404
    form = client.post(f"/integrations/{pk}/mapping/", FIELDS | {"do": "save"})
    assert form.status_code == (302 if status == 200 else status)
    assert client.post(f"/integrations/{pk}/replay/").status_code == (302 if status == 200 else status)
    assert client.post(f"/integrations/{pk}/confirm/", {"topic": "x"}).status_code == (
        404 if status == 200 else status
    )
    assert client.post(f"/integrations/{pk}/test/").status_code == (302 if status == 200 else status)


@pytest.mark.parametrize("name", EVERYBODY)
def test_api(world: World, name: str, drain: Drain) -> None:
    api, path = api_client(getattr(world, name)), f"/api/v1/integrations/{world.integration.pk}/"
    status = wanted(world, name)
    sees = 404 if status == 404 else 200
    mapping = {"title": "{{ item.check }}", "dedup_key": "d"}
    assert api.get(f"{path}received/").status_code == sees
    tried = api.post(f"{path}try-mapping/", {"mapping": mapping})
    assert tried.status_code == sees
    assert api.patch(path, {"mapping": mapping}).status_code == status
    assert api.post(f"{path}replay/", {}).status_code == status
    assert api.post(f"{path}test/").status_code == (202 if status == 200 else status)
    topic = api.post(f"{path}confirm-subscription/", {"topic": "x"}).status_code
    assert topic == (404 if status == 200 else status)
    drain()
    assert Alert.objects.filter(title="disk").exists() == (status == 200)


def test_nobody_signed_in_is_sent_away(world: World) -> None:
    pk = world.integration.pk
    for path in (f"/integrations/{pk}/settings/", f"/integrations/{pk}/mapping/", "/integrations/new/"):
        assert signed_in(None).get(path).status_code == 302
    assert api_client(None).get(f"/api/v1/integrations/{pk}/received/").status_code == 401


def test_every_source_can_be_chosen_and_shows_its_set_up() -> None:
    world = make_world()
    client = signed_in(world.ada)
    page = client.get("/integrations/new/").content.decode()
    for kind in OFFERED:
        assert f'href="?kind={kind}"' in page
        assert client.get(f"/integrations/new/?kind={kind}").status_code == 200
        body = {"kind": kind, "name": f"My {kind}", "service": world.service.pk}
        made = client.post("/integrations/new/", body)
        assert made.status_code == 200, made.content[:500]
        text = made.content.decode()
        integration = Integration.objects.get(name=f"My {kind}")
        assert f"…{integration.key_hint}" in text
        for block in SOURCES[kind].setup("KEY", "http://testserver"):
            assert f'id="{block.id}"' in text
    for kind in ("heartbeat", "check", "nonsense"):
        assert f'href="?kind={kind}"' not in page
        body = {"kind": kind, "name": "No", "service": world.service.pk}
        assert client.post("/integrations/new/", body).status_code == 422


def test_zabbix_offers_its_media_type_with_the_key() -> None:
    import base64
    import re

    world = make_world()
    body = {"kind": "zabbix", "name": "Z", "service": world.service.pk}
    text = signed_in(world.ada).post("/integrations/new/", body).content.decode()
    found = re.search(r"base64,([A-Za-z0-9+/=]+)", text)
    assert found is not None
    media = base64.b64decode(found[1]).decode()
    assert re.search(r"/api/v1/intake/zabbix/[0-9a-f]{32}/", media)


def test_writing_a_mapping(drain: Drain) -> None:
    world = make_world()
    integration, key = make_integration(world.service, kind="custom", name="Own")
    client, path = signed_in(world.ada), f"/integrations/{integration.pk}/mapping/"
    assert "Nothing has come in yet" in client.get(path).content.decode()
    native(key, BODY, "custom")
    drain()
    page = client.get(path).content.decode()
    assert "{{ item.host }}" in page and "db1" in page
    tried = client.post(path, FIELDS | {"do": "try"})
    assert tried.status_code == 200
    assert "disk on db1" in tried.content.decode()
    integration.refresh_from_db()
    assert integration.mapping == {}
    wrong = client.post(path, FIELDS | {"title": "{{ item.", "do": "try"})
    assert wrong.status_code == 422
    assert client.post(path, FIELDS | {"title": "{{ item.", "do": "save"}).status_code == 422
    assert client.post(path, FIELDS | {"do": "save"}).status_code == 302
    integration.refresh_from_db()
    assert integration.mapping == {
        "title": "{{ item.check }} on {{ item.host }}",
        "status": "{{ item.state }}",
        "resolved_values": ["fine", "ok"],
        "labels": {"host": "{{ item.host }}"},
        "links": [{"text": "Page", "href": "https://x/{{ item.check }}"}],
    }
    again = client.get(path).content.decode()
    assert "host = {{ item.host }}" in again
    assert "NOTIFICATIONTYPE" in client.get(f"{path}?preset=nagios").content.decode()
    item = IntakeItem.objects.get()
    client.post(f"/integrations/{integration.pk}/replay/", {"item": item.pk})
    drain()
    assert Alert.objects.get().title == "disk on db1"
    assert "disk on db1" in client.get(f"/integrations/{integration.pk}/").content.decode()


def test_settings_are_tried_and_saved(drain: Drain) -> None:
    world = make_world()
    integration, key = make_integration(world.service, kind="grafana", name="G")
    native(key, {"title": "Slow"})
    drain()
    client, path = signed_in(world.ada), f"/integrations/{integration.pk}/settings/"
    form = {"name": "G", "service": world.service.pk, "title": "{{ service }}: {{ title }}", "secret": "s3"}
    tried = client.post(path, form | {"do": "try"})
    assert "Checkout: Slow" in tried.content.decode()
    assert client.post(path, form | {"title": "{{ x | nothing }}", "do": "try"}).status_code == 422
    assert client.post(path, form | {"do": "save"}).status_code == 302
    integration.refresh_from_db()
    assert integration.templates == {"title": "{{ service }}: {{ title }}"}
    assert integration.secret_sealed and "s3" not in integration.secret_sealed
    page = client.get(path).content.decode()
    assert 'placeholder="set"' in page and integration.secret_sealed not in page
    sealed = integration.secret_sealed
    client.post(path, form | {"secret": "", "do": "save"})
    integration.refresh_from_db()
    assert integration.secret_sealed == sealed
    client.post(path, form | {"secret": "", "drop_secret": "on", "do": "save"})
    integration.refresh_from_db()
    assert integration.secret_sealed == ""


def test_a_topic_that_waits_is_shown_without_its_address() -> None:
    world = make_world()
    integration, _key = make_integration(world.service, kind="cloudwatch", name="C")
    topic = "arn:aws:sns:eu-central-1:123456789012:oncall"
    row = {"topic": topic, "url": "https://sns.eu-central-1.amazonaws.com/?Token=secret", "at": "x"}
    integration.settings = {"subscriptions": [row]}
    integration.save()
    for client in (signed_in(world.ada), signed_in(world.bo)):
        page = client.get(f"/integrations/{integration.pk}/").content.decode()
        assert topic in page and "Token=secret" not in page
    found = api_client(world.bo).get(f"/api/v1/integrations/{integration.pk}/").json()
    assert (found["waiting_topics"], found["settings"]) == ([topic], {})


def test_the_api_changes_and_never_gives_the_secret_back() -> None:
    world = make_world()
    integration, _key = make_integration(world.service, kind="sentry", name="S")
    api, path = api_client(world.ada), f"/api/v1/integrations/{integration.pk}/"
    changed = api.patch(
        path, {"secret": "s3cret", "service_label": "app", "templates": {"title": "{{ title }}"}}
    )
    assert changed.status_code == 200
    data = changed.json()
    assert (data["has_secret"], data["service_label"], data["templates"]) == (
        True,
        "app",
        {"title": "{{ title }}"},
    )
    assert "s3cret" not in changed.content.decode()
    wrong: list[dict[str, Any]] = [
        {"mapping": {"title": "x"}},
        {"settings": {"x": 1}},
        {"templates": {"title": "{{"}},
        {"templates": {"colour": "x"}},
        {"colour": 1},
    ]
    for body in wrong:
        assert api.patch(path, body).status_code == 400, body
    assert (
        api.post("/api/v1/integrations/", {"name": "x", "kind": "check", "service": "checkout"}).status_code
        == 400
    )
    assert api.patch(path, {"secret": ""}).json()["has_secret"] is False


def test_trying_over_the_api() -> None:
    world = make_world()
    integration, _key = make_integration(world.service, kind="custom", name="Own")
    api, path = api_client(world.zoe), f"/api/v1/integrations/{integration.pk}/try-mapping/"
    assert api.post(path, {"mapping": {"title": "{{ item.a }}"}}).status_code == 400
    found = api.post(path, {"mapping": {"title": "{{ item.a }}"}, "payload": [{"a": "x"}, {"a": ""}]}).json()
    assert found == {
        "alerts": [],
        "errors": {"1.title": ["It comes out empty for this payload."]},
        "ignored": "",
    }
    good = api.post(path, {"mapping": {"title": "{{ item.a }}"}, "payload": {"a": "x"}}).json()
    assert [row["title"] for row in good["alerts"]] == ["x"]
    deep: Any = "x"
    for _level in range(100):
        deep = [deep]
    assert api.post(path, {"mapping": {"title": "x"}, "payload": deep}).status_code == 400


def test_the_admin_reads_what_came_in() -> None:
    world = make_world()
    integration, key = make_integration(world.service, kind="sentry", name="S")
    actions.update_integration(actor=world.actor("ada"), integration_id=integration.pk, secret="s3cret")
    integration.refresh_from_db()
    native(key, {"a": 1}, "sentry")
    for path in (f"/admin/alerts/integration/{integration.pk}/change/", "/admin/alerts/intakeitem/"):
        page = signed_in(world.root).get(path)
        assert page.status_code == 200
        assert integration.secret_sealed not in page.content.decode()
