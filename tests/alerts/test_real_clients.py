"""The makers' own clients, unchanged but for the address, against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import opsgenie_sdk
import pagerduty
import pytest

from alerts.models import Alert, IntakeItem
from incidents.models import Incident
from services.models import ChangeEvent
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return make_world()


@contextmanager
def pagerduty_events(url: str, key: str) -> Iterator[pagerduty.EventsApiV2Client]:
    with pagerduty.EventsApiV2Client(key) as client:
        # The client itself takes no address without https.
        client._url = f"{url}/compat/pagerduty"
        client.max_network_attempts = 1
        yield client


@contextmanager
def opsgenie(url: str, key: str) -> Iterator[opsgenie_sdk.AlertApi]:
    configuration = opsgenie_sdk.configuration.Configuration()
    configuration.host = f"{url}/compat/opsgenie"
    configuration.api_key["Authorization"] = key
    configuration.retry_count = 1
    client = opsgenie_sdk.ApiClient(configuration=configuration)
    yield opsgenie_sdk.AlertApi(client)
    client.rest_client.pool_manager.clear()


@pytest.fixture
def events(world: World, live_server: Any) -> Iterator[pagerduty.EventsApiV2Client]:
    with pagerduty_events(live_server.url, world.key) as client:
        yield client


@pytest.fixture
def alerts(world: World, live_server: Any) -> Iterator[opsgenie_sdk.AlertApi]:
    with opsgenie(live_server.url, world.key) as client:
        yield client


def test_the_pagerduty_client(world: World, events: pagerduty.EventsApiV2Client, drain: Any) -> None:
    key = events.trigger(
        "Disk full",
        "db1",
        severity="error",
        custom_details={"free": "1 %"},
        links=[{"href": "https://x.test/"}],
    )
    drain()
    alert = Alert.objects.get()
    assert (alert.dedup_key, alert.title, alert.severity, alert.source, alert.status) == (
        *(key, "Disk full", "error", "db1"),
        "firing",
    )
    assert alert.labels["free"] == "1 %" and [each["href"] for each in alert.links] == ["https://x.test/"]
    assert events.trigger("Disk full", "db1", dedup_key=key) == key
    events.acknowledge(key)
    drain()
    alert.refresh_from_db()
    assert (alert.count, alert.status) == (2, "acknowledged")
    assert Incident.objects.get().page_status == "acknowledged"
    events.resolve(key)
    # As it writes the present time, offset and Z.
    events.submit("Deployed web 41", source="ci", timestamp="2026-11-20T02:58:11.034567+00:00Z")
    drain()
    alert.refresh_from_db()
    assert alert.status == "resolved"
    change = ChangeEvent.objects.get()
    assert (change.service, change.summary, change.source) == (world.service, "Deployed web 41", "ci")
    assert change.happened_at.isoformat() == "2026-11-20T02:58:11.034567+00:00"


def test_the_pagerduty_client_is_told_of_a_wrong_key(world: World, live_server: Any) -> None:
    unknown = pagerduty_events(live_server.url, "0" * 32)
    with unknown as client, pytest.raises(pagerduty.HttpError) as refused:
        client.trigger("Disk full", "db1")
    assert refused.value.response.status_code == 400
    assert refused.value.response.json()["errors"] == ["Invalid routing key"]
    assert not IntakeItem.objects.exists()


def test_the_opsgenie_client(world: World, alerts: opsgenie_sdk.AlertApi, drain: Any) -> None:
    payload = opsgenie_sdk.CreateAlertPayload(
        message="Checkout is slow",
        alias="slow",
        description="p99 is 4 s",
        priority="P1",
        tags=["shop"],
        details={"region": "eu"},
        entity="web",
    )
    answer = alerts.create_alert(create_alert_payload=payload)
    assert answer.result == "Request will be processed"
    drain()
    status = alerts.get_request_status(request_id=answer.request_id)
    alert = Alert.objects.get()
    assert (status.data.is_success, status.data.alert_id) == (True, str(alert.pk))
    assert (alert.dedup_key, alert.title, alert.severity) == ("slow", "Checkout is slow", "P1")
    found = alerts.get_alert(identifier="slow", identifier_type="alias").data
    assert (found.message, found.status, found.priority, found.tags, found.details) == (
        *("Checkout is slow", "open", "P1", ["shop"]),
        {"region": "eu"},
    )
    note = opsgenie_sdk.AddNoteToAlertPayload(note="Looking", user="ada")
    alerts.add_note(identifier="slow", identifier_type="alias", add_note_to_alert_payload=note)
    alerts.acknowledge_alert(identifier="slow", identifier_type="alias")
    drain()
    assert [(row.text, row.author_label) for row in alert.notes.all()] == [("Looking", "ada")]
    assert alerts.get_alert(identifier="slow", identifier_type="alias").data.acknowledged is True
    assert [row.alias for row in alerts.list_alerts(query="status: open").data] == ["slow"]
    assert alerts.count_alerts(query="status: closed").data.count == 0
    alerts.close_alert(identifier="slow", identifier_type="alias")
    drain()
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert alerts.count_alerts(query="status: closed").data.count == 1


def test_the_opsgenie_client_is_told_of_a_wrong_key(world: World, live_server: Any) -> None:
    unknown = opsgenie(live_server.url, "0" * 32)
    with unknown as client, pytest.raises(opsgenie_sdk.exceptions.AuthenticationException) as refused:
        client.list_alerts()
    assert refused.value.status == 403
