"""Each further source by its captured bodies, through the handler and the worker: opens, repeats, resolves, refuses."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from alerts.intake.receive import handle
from alerts.models import Alert, IntakeItem
from alerts.sources import SOURCES
from tests.alerts.support import native, payload, request
from tests.world import make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
STARTED = dt.datetime(2026, 11, 20, 2, 58, 11, 34000, tzinfo=dt.UTC)

# kind → dedup key, title, severity, urgency, source, some of its labels, texts of its links
SEEN: dict[str, tuple[str, str, str, str, str, dict[str, str], list[str]]] = {
    "datadog": (
        "9c1f7be0a5d24a7e8cf0d7e5f4f8a7c2",
        "Disk usage is high on web-1",
        "P2",
        "high",
        "web-1",
        {"env": "prod", "team": "checkout", "metric": "system.disk.in_use", "alert_id": "91827364"},
        ["Datadog", "Picture"],
    ),
    "sentry": (
        "issue:1170820242",
        "TypeError: cart is undefined",
        "error",
        "high",
        "javascript",
        {"browser": "Firefox 145", "environment": "production", "rule": "Checkout is failing"},
        ["Sentry"],
    ),
    "uptime_kuma": (
        "monitor:4",
        "Shop is down",
        "critical",
        "high",
        "https://shop.example.com",
        {"monitor": "Shop", "type": "http", "env": "prod"},
        ["Shop"],
    ),
    "zabbix": (
        "48213",
        "High CPU utilization on db1",
        "error",
        "high",
        "db1",
        {"component": "cpu", "host": "db1", "address": "10.0.0.12", "severity": "high"},
        ["Zabbix"],
    ),
    "nagios": (
        "db1!disk /",
        "db1 disk / is CRITICAL",
        "critical",
        "high",
        "db1",
        {"host": "db1", "address": "10.0.0.12", "check": "disk /", "state": "CRITICAL", "state_type": "HARD"},
        [],
    ),
    "azure": (
        "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.AlertsManagement/alerts/"
        "b9569717-bc32-442f-add5-83a997729330",
        "Checkout CPU",
        "error",
        "high",
        "web-1",
        {"rule": "Checkout CPU", "signal": "Metric", "severity": "Sev1", "item": "web-1"},
        ["Azure portal"],
    ),
    "gcp": (
        "0.opqiw61fsv7p",
        "Checkout CPU: web-1",
        "critical",
        "high",
        "web-1",
        {"project": "shop-prod", "resource": "gce_instance", "observed": "0.97"},
        ["Google Cloud"],
    ),
    "kibana": (
        "5d6f8e10-8f5a-11ee-b9d1-0242ac120002:checkout-web",
        "Errors in checkout: checkout-web",
        "critical",
        "high",
        "Errors in checkout",
        {"rule": "Errors in checkout", "space": "default", "tags": "checkout,prod"},
        ["Kibana"],
    ),
}


def items(*fields: str) -> list[tuple[Any, ...]]:
    return list(IntakeItem.objects.order_by("pk").values_list(*fields))


@pytest.mark.parametrize("kind", SEEN)
def test_opens_repeats_and_resolves(kind: str, drain: Drain) -> None:
    world = make_world()
    assert native(world.key, payload(f"{kind}/open"), kind).status == 202
    drain()
    alert = Alert.objects.get()
    key, title, severity, urgency, source, labels, links = SEEN[kind]
    assert (alert.dedup_key, alert.group_key, alert.title) == (key, key, title)
    assert (alert.severity, alert.urgency, alert.source) == (severity, urgency, source)
    assert {name: alert.labels.get(name) for name in labels} == labels
    assert [link["text"] for link in alert.links] == links
    assert (alert.status, alert.count, alert.incident is not None) == ("firing", 1, True)
    assert alert.raw == payload(f"{kind}/open")

    native(world.key, payload(f"{kind}/repeat"), kind)
    drain()
    assert list(Alert.objects.values_list("status", "count")) == [("firing", 2)]

    native(world.key, payload(f"{kind}/resolve"), kind)
    drain()
    assert list(Alert.objects.values_list("status", "count")) == [("resolved", 2)]
    assert items("status") == [("done",)] * 3


@pytest.mark.parametrize("kind", [kind for kind in SEEN if not SOURCES[kind].mapped])
def test_malformed_is_refused_and_kept_to_be_seen(kind: str, drain: Drain) -> None:
    world = make_world()
    reply = native(world.key, payload(f"{kind}/malformed"), kind)
    assert (reply.status, reply.body["code"]) == (400, "invalid")
    drain()
    assert not Alert.objects.exists()
    assert items("status", "outcome", "raw") == [
        ("unread", reply.body["detail"], payload(f"{kind}/malformed"))
    ]


@pytest.mark.parametrize("kind", [kind for kind in SEEN if SOURCES[kind].mapped])
def test_what_a_shipped_mapping_cannot_read_is_kept_with_its_reason(kind: str, drain: Drain) -> None:
    world = make_world()
    assert native(world.key, payload(f"{kind}/malformed"), kind).status == 202
    drain()
    assert not Alert.objects.exists()
    assert items("status", "outcome", "raw") == [
        ("unread", "occurred_at: Must be an ISO 8601 time.", payload(f"{kind}/malformed"))
    ]


@pytest.mark.parametrize("kind", ["zabbix", "nagios"])
def test_acknowledged_there_is_acknowledged_here(kind: str, drain: Drain) -> None:
    world = make_world()
    native(world.key, payload(f"{kind}/open"), kind)
    native(world.key, payload(f"{kind}/acknowledge"), kind)
    drain()
    alert = Alert.objects.get()
    assert alert.incident is not None
    assert (alert.status, alert.incident.page_status) == ("acknowledged", "acknowledged")


@pytest.mark.parametrize(
    ("kind", "name", "outcome"),
    [
        ("uptime_kuma", "test", "A test or notice without a monitor: nothing to open"),
        ("nagios", "flapping", "Its status is “FLAPPINGSTART”: nothing to open or resolve"),
        ("sentry", "created", "An issue was created: only an alert rule of Sentry opens an alert"),
    ],
)
def test_what_needs_nothing_is_shown_and_opens_nothing(
    kind: str, name: str, outcome: str, drain: Drain
) -> None:
    world = make_world()
    assert native(world.key, payload(f"{kind}/{name}"), kind).status == 202
    assert native("0" * 32, payload(f"{kind}/{name}"), kind).status == 404
    drain()
    assert items("status", "outcome") == [("dropped", outcome)]
    assert not Alert.objects.exists()


def test_datadogs_own_body_is_told_apart_by_title_and_scope(drain: Drain) -> None:
    world = make_world()
    native(world.key, payload("datadog/default_open"), "datadog")
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.source, alert.labels) == ("Load is high", "host:web-2", {"host": "web-2"})
    native(world.key, payload("datadog/default_resolve"), "datadog")
    drain()
    assert Alert.objects.get().status == "resolved"


def test_datadog_as_a_form(drain: Drain) -> None:
    world = make_world()
    path = f"/api/v1/intake/datadog/{world.key}/"
    form: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded"}
    assert handle(request(path, urlencode(payload("datadog/open")).encode(), **form)).status == 202
    whole = urlencode({"payload": json.dumps(payload("datadog/resolve"))}).encode()
    assert handle(request(path, whole, **form)).status == 202
    drain()
    assert list(Alert.objects.values_list("status", "count")) == [("resolved", 1)]


def test_datadogs_variables_without_a_value_are_missing() -> None:
    assert SOURCES["datadog"].parse is not None
    body = payload("datadog/open") | {
        "priority": "$ALERT_PRIORITY",
        "snapshot": "$SNAPSHOT",
        "aggreg_key": "$AGGREG_KEY",
    }
    parsed = SOURCES["datadog"].parse(body)[0].parsed
    assert (parsed.severity, parsed.dedup_key) == ("error", "4187263540918273645")
    warned = SOURCES["datadog"].parse(body | {"transition": "Warn"})[0].parsed
    assert (warned.severity, warned.urgency) == ("warning", "low")


def test_uptime_kuma_by_form_and_by_query(drain: Drain) -> None:
    world = make_world()
    path = f"/api/v1/intake/uptime_kuma/{world.key}/"
    part = 'Content-Disposition: form-data; name="data"'
    body = f"--x\r\n{part}\r\n\r\n{json.dumps(payload('uptime_kuma/open'))}\r\n--x--\r\n".encode()
    assert handle(request(path, body, content_type="multipart/form-data; boundary=x")).status == 202
    query = {
        name: json.dumps(value) for name, value in payload("uptime_kuma/resolve").items() if name != "msg"
    }
    assert handle(request(path, method="GET", query=query | {"msg": "Up"})).status == 202
    drain()
    assert list(Alert.objects.values_list("title", "status")) == [("Shop is down", "resolved")]


def test_uptime_kumas_certificate_notice_opens_one_alert(drain: Drain) -> None:
    world = make_world()
    body = payload("uptime_kuma/certificate")
    native(world.key, body, "uptime_kuma")
    native(world.key, body | {"msg": body["msg"].replace("7 days", "6 days")}, "uptime_kuma")
    drain()
    assert list(Alert.objects.values_list("count", "urgency")) == [(2, "low")]


def test_sentrys_metric_alert(drain: Drain) -> None:
    world = make_world()
    native(world.key, payload("sentry/metric_open"), "sentry")
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.dedup_key) == (
        "Critical: Slow checkout",
        "critical",
        "metric:7",
    )
    native(world.key, payload("sentry/metric_resolve"), "sentry")
    drain()
    assert Alert.objects.get().status == "resolved"


def test_any_kinds_key_works_on_any_path(drain: Drain) -> None:
    """The integration of this world is of kind generic."""
    world = make_world()
    for kind in SEEN:
        native(world.key, payload(f"{kind}/open"), kind)
    drain()
    assert Alert.objects.count() == len(SEEN)


ODD: list[Any] = [
    {"a": 1},
    [1],
    ["x"],
    [[]],
    [{}],
    {"": ""},
    {"heartbeat": 5},
    {"data": []},
    {"incident": []},
]


@pytest.mark.parametrize("kind", [kind for kind, source in SOURCES.items() if source.parse is not None])
def test_odd_bodies_never_break(kind: str, drain: Drain) -> None:
    """Of every field of a good body, a value of each other type; and bodies of other shapes."""
    world = make_world()
    bodies = [*ODD]
    if kind in SEEN:
        good = payload(f"{kind}/open")
        values: list[Any] = [None, [], {}, 5, True, "x", 1e300, [{"a": "b"}]]
        for value in values:
            bodies += [good | {name: value} for name in good]
            for name, inner in good.items():
                if isinstance(inner, dict):
                    bodies += [good | {name: inner | {deep: value}} for deep in inner]
                    bodies += [
                        good | {name: inner | {deep: {**more, last: value}}}
                        for deep, more in inner.items()
                        if isinstance(more, dict)
                        for last in more
                    ]
    for body in bodies:
        reply = native(world.key, body, kind)
        assert reply.status in (202, 400, 403), (body, reply.body)
    drain()
    assert set(IntakeItem.objects.values_list("status", flat=True)) <= {"done", "dropped", "unread"}
