"""Each source by its captured bodies: what opens, joins, repeats, acknowledges and resolves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts import actions
from alerts.intake.store import Batch
from alerts.intake.writer import store
from alerts.models import Alert, IntakeItem
from alerts.sources import PARSERS
from incidents.models import Incident
from oncall.models import RunPage
from tests.alerts.support import native, opsgenie, pagerduty, payload
from tests.world import make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
Drain = Callable[[], None]


def alerts(*fields: str) -> list[tuple[Any, ...]]:
    return list(Alert.objects.order_by("pk").values_list(*fields))


def outcomes() -> list[tuple[str, str]]:
    return list(IntakeItem.objects.order_by("pk").values_list("status", "outcome"))


def incident_kinds(number: int) -> list[str]:
    rows = Incident.objects.get(number=number).timeline.order_by("seq")
    return list(rows.values_list("kind", flat=True))


def test_alertmanager_groups_by_group_key_and_tells_alerts_apart_by_fingerprint(drain: Drain) -> None:
    world = make_world()
    body = payload("alertmanager_mixed")
    assert native(world.key, body, "alertmanager").body["accepted"] == 3
    drain()
    number = Incident.objects.get().number
    fields = ("dedup_key", "group_key", "status", "urgency", "count", "incident__number")
    assert alerts(*fields) == [
        ("6cf0ae5fa0a8fbb8", body["groupKey"], "firing", "high", 1, number),
        ("1c93eec3511dc156", body["groupKey"], "firing", "low", 1, number),
    ]
    assert outcomes()[2] == ("dropped", "no open alert with this key")
    first = Alert.objects.order_by("pk")[0]
    assert first.title == "InstanceDown: web-1 is down"
    assert first.description == "Node exporter of web-1 has not answered for 1 minute."
    assert first.source == "web-1:9100"
    assert first.labels == body["alerts"][0]["labels"]
    assert first.occurred_at == dt.datetime(2026, 11, 20, 2, 58, 11, 34567, tzinfo=dt.UTC)
    assert [item["text"] for item in first.links] == ["Runbook", "Source", "Alertmanager"]
    assert first.raw["notification_reason"] == "new_alerts"
    assert first.raw["alerts"] == [body["alerts"][0]]

    # An HA pair sends twice: the counts rise, nothing else happens.
    native(world.key, body, "alertmanager")
    drain()
    assert alerts("count", "incident__number") == [(2, number), (2, number)]
    assert RunPage.objects.count() == 1

    for alert in body["alerts"]:
        alert["status"] = "resolved"
    native(world.key, body | {"status": "resolved"}, "alertmanager")
    drain()
    assert alerts("status") == [("resolved",), ("resolved",)]
    incident = Incident.objects.get()
    assert (incident.firing_count, incident.alert_count) == (0, 2)
    assert incident.alerts_clear_at is not None


def test_alertmanager_cuts_large_groups_and_never_refuses_them() -> None:
    world = make_world()
    body = payload("alertmanager_mixed")
    small = {"status": "firing", "labels": {"a": "b"}, "fingerprint": "f"}
    body["alerts"] = [small] * 1500
    assert native(world.key, body, "alertmanager").body["accepted"] == 1000


def test_grafana_opens_repeats_and_resolves(drain: Drain) -> None:
    world = make_world()
    for _again in range(2):
        native(world.key, payload("grafana_firing"), "grafana")
        drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.count, alert.urgency) == ("Errors: Error rate above 5 %", 2, "high")
    assert alert.source == "Grafana"
    assert alert.description.startswith("[ var='A'")
    assert {item["text"] for item in alert.links} >= {"Dashboard", "Panel", "Silence in Grafana"}
    native(world.key, payload("grafana_resolved"), "grafana")
    drain()
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert Incident.objects.get().firing_count == 0


def test_pagerduty_from_alertmanager(drain: Drain) -> None:
    world = make_world()
    trigger = payload("pagerduty_trigger")
    fields = {name: trigger[name] for name in ("payload", "client", "client_url")}
    reply = pagerduty(world.key, "trigger", trigger["dedup_key"], **fields)
    assert (reply.status, reply.body) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": trigger["dedup_key"]},
    )
    drain()
    alert = Alert.objects.get()
    assert (alert.severity, alert.urgency, alert.source) == ("error", "high", "Alertmanager")
    assert alert.labels["num_firing"] == "1"
    assert "routing_key" not in alert.raw
    pagerduty(world.key, "resolve", trigger["dedup_key"], payload=payload("pagerduty_resolve")["payload"])
    drain()
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_pagerduty_generates_keys_and_never_joins_alerts_without_one(drain: Drain) -> None:
    world = make_world()
    keys = {pagerduty(world.key, "trigger").body["dedup_key"] for _again in range(2)}
    assert len(keys) == 2
    drain()
    assert {row[0] for row in alerts("dedup_key")} == keys


def test_pagerduty_opens_anew_after_resolve(drain: Drain) -> None:
    world = make_world()
    for action in ("trigger", "trigger", "resolve", "trigger"):
        assert pagerduty(world.key, action, "db").status == 202
        drain()
    assert alerts("dedup_key", "status", "count") == [("db", "resolved", 2), ("db", "firing", 1)]


def test_the_same_in_one_batch_gives_the_same(drain: Drain) -> None:
    """What falls into one batch is handled as if it had come one by one."""
    world = make_world()
    for action in ("resolve", "trigger", "trigger", "acknowledge", "resolve"):
        pagerduty(world.key, action, "db")
    drain()
    assert alerts("status", "count", "incident__number") == [("resolved", 2, 1)]
    assert [text for _status, text in outcomes()] == [
        "no open alert with this key",
        "opened an alert",
        "repeat 2 of an open alert",
        "acknowledged the alert",
        "resolved the alert",
    ]
    incident = Incident.objects.get()
    assert (incident.page_status, incident.firing_count, incident.alert_count) == ("acknowledged", 0, 1)


def test_an_alert_that_fires_and_resolves_in_one_batch_opens_an_incident(drain: Drain) -> None:
    world = make_world()
    pagerduty(world.key, "trigger", "db")
    pagerduty(world.key, "resolve", "db")
    drain()
    incident = Incident.objects.get()
    assert (incident.firing_count, incident.alert_count) == (0, 1)
    assert incident.alerts_clear_at is not None


def test_pagerduty_drops_what_has_no_open_alert(drain: Drain) -> None:
    world = make_world()
    for action in ("acknowledge", "resolve"):
        assert pagerduty(world.key, action, "db").status == 202
    drain()
    assert outcomes() == [("dropped", "no open alert with this key")] * 2
    assert not Alert.objects.exists()


def test_another_routing_key_never_matches(drain: Drain) -> None:
    world = make_world()
    _other, other_key = make_integration(world.service, name="Other")
    pagerduty(world.key, "trigger", "db")
    pagerduty(other_key, "resolve", "db")
    pagerduty(other_key, "trigger", "db")
    drain()
    assert alerts("integration__name", "status", "count") == [
        ("Monitor", "firing", 1),
        ("Other", "firing", 1),
    ]


def test_pagerduty_acknowledge_stops_the_paging(drain: Drain) -> None:
    world = make_world()
    pagerduty(world.key, "trigger", "db")
    drain()
    pagerduty(world.key, "acknowledge", "db")
    drain()
    incident = Incident.objects.get()
    assert (incident.page_status, incident.acknowledged_by) == ("acknowledged", None)
    pagerduty(world.key, "trigger", "db")
    drain()
    assert alerts("status", "count") == [("acknowledged", 2)]
    assert RunPage.objects.count() == 1
    pagerduty(world.key, "resolve", "db")
    drain()
    assert alerts("status") == [("resolved",)]


def test_opsgenie_from_alertmanager_and_its_request_status(drain: Drain) -> None:
    world = make_world()
    body = payload("opsgenie_create")
    first = opsgenie(world.key, "", body)
    assert (first.status, set(first.body)) == (202, {"result", "took", "requestId"})
    asked = f"/requests/{first.body['requestId']}"
    assert opsgenie(world.key, asked, method="GET").status == 404
    opsgenie(world.key, "", body)
    drain()
    alert = Alert.objects.get()
    assert (alert.count, alert.severity, alert.urgency) == (2, "P1", "high")
    assert alert.labels == {"alertname": "HighLatency", "service": "api", "tags": "api, critical"}
    data = opsgenie(world.key, asked, method="GET").body["data"]
    assert (data["success"], data["action"], data["alias"]) == (True, "Create", body["alias"])
    assert data["alertId"] == str(alert.pk)

    missing = opsgenie(world.key, "/nothing/acknowledge", {}, identifierType="alias")
    ours = opsgenie(world.key, f"/{alert.pk}/acknowledge", {})
    closed = opsgenie(world.key, f"/{body['alias']}/close", payload("opsgenie_close"), identifierType="alias")
    drain()
    answers = [
        opsgenie(world.key, f"/requests/{reply.body['requestId']}", method="GET").body["data"]
        for reply in (missing, ours, closed)
    ]
    assert [(row["success"], row["action"], row["status"]) for row in answers] == [
        (False, "Acknowledge", "no open alert with this key"),
        (True, "Acknowledge", "acknowledged the alert"),
        (True, "Close", "resolved the alert"),
    ]
    alert.refresh_from_db()
    assert alert.status == "resolved"
    _other, other_key = make_integration(world.service, name="Other")
    assert opsgenie(other_key, asked, method="GET").status == 404


@pytest.mark.parametrize(
    ("severity", "urgency"),
    [
        (None, "high"),
        ("critical", "high"),
        ("Error", "high"),
        ("p1", "high"),
        ("P2", "high"),
        ("P3", "low"),
        ("warning", "low"),
        ("info", "low"),
        ("unheard of", "low"),
    ],
)
def test_severity_gives_urgency(severity: str | None, urgency: str, drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "x", "severity": severity})
    drain()
    assert alerts("urgency", "incident__urgency") == [(urgency, urgency)]


def test_generic_without_a_key_is_told_apart_by_title_source_and_labels(drain: Drain) -> None:
    world = make_world()
    same = {"title": "Disk full", "source": "db1", "labels": {"disk": "/"}}
    for body in (same, same | {"severity": "low"}, same | {"source": "db2"}, same | {"labels": {}}):
        native(world.key, body)
    drain()
    assert alerts("count") == [(2,), (1,), (1,)]


def test_a_storm_joins_the_newest_incident(drain: Drain) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        native(world.key, [{"title": f"Alert {n}", "dedup_key": str(n)} for n in range(30)])
        drain()
        assert Incident.objects.count() == 20
        newest = Incident.objects.order_by("-number")[0]
        assert newest.alert_count == 11
        # Not for another service, and no longer a minute later.
        other = make_service(world.team, "search", escalation_policy=world.policy)
        _row, other_key = make_integration(other, name="Other")
        native(other_key, {"title": "Search slow"})
        drain()
        assert Incident.objects.count() == 21
        clock.shift(dt.timedelta(seconds=61))
        native(world.key, {"title": "Later"})
        drain()
        assert Incident.objects.count() == 22


@pytest.mark.parametrize("kind", ["silence", "window"])
def test_what_is_held_is_recorded_and_pages_nobody_until_it_ends(kind: str, drain: Drain) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        hold = {"service_id": world.service.pk, "reason": "Upgrade", "starts_at": START}
        until = START + dt.timedelta(hours=1)
        if kind == "silence":
            matchers = [{"name": "job", "value": "node"}]
            actions.add_silence(actor=world.actor("bo"), ends_at=until, matchers=matchers, **hold)
        else:
            actions.add_window(actor=world.actor("bo"), ends_at=until, **hold)
        body = {"title": "Down", "dedup_key": "d", "labels": {"job": "node"}}
        native(world.key, body)
        drain()
        alert = Alert.objects.get()
        assert (alert.status, alert.incident) == ("firing", None)
        assert alert.held_by.endswith("until 2026-11-20 04:00 UTC: Upgrade")
        assert not Incident.objects.exists()
        if kind == "silence":
            native(world.key, {"title": "Other job", "labels": {"job": "db"}})
            drain()
            assert Incident.objects.count() == 1
        before = Incident.objects.count()
        clock.shift(dt.timedelta(hours=1))
        native(world.key, body)
        drain()
        alert.refresh_from_db()
        assert (alert.count, alert.held_by) == (2, "")
        assert alert.incident is not None
        assert Incident.objects.count() == before + 1


def test_two_keys_work_while_they_are_changed() -> None:
    world = make_world()
    pk = world.integration.pk
    _row, second = actions.add_key(actor=world.actor("ada"), integration_id=pk)
    assert [native(key, {"title": "x"}).status for key in (world.key, second)] == [202, 202]
    actions.retire_key(actor=world.actor("ada"), integration_id=pk)
    assert [native(key, {"title": "x"}).status for key in (world.key, second)] == [404, 202]


def test_the_same_event_ten_thousand_times_is_one_alert_and_one_page(drain: Drain) -> None:
    world = make_world()
    events = PARSERS["generic"]([{"title": "Flapping", "dedup_key": "f"}] * 1000)
    for _batch in range(10):
        assert store(Batch.of(world.key, events)).known
    drain()
    assert alerts("count", "status") == [(10_000, "firing")]
    assert IntakeItem.objects.count() == 100
    assert Incident.objects.count() == 1
    assert RunPage.objects.count() == 1
    assert incident_kinds(Incident.objects.get().number).count("alert_attached") == 1
