"""Whatever strangers send to the intake: a clear 4xx in the documented shape, and nothing stored."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest
from django.test import Client

from alerts.intake.messages import MAX_BODY, MAX_WIRE, Reply
from alerts.intake.mounts import IntakeASGI
from alerts.intake.receive import handle
from alerts.models import IntakeItem
from core.asgi import Guard
from services.models import ChangeEvent
from tests.alerts.support import OPSGENIE, PAGERDUTY, native, opsgenie, request
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NATIVE = ("generic", "alertmanager", "grafana")
CHANGE = "/compat/pagerduty/v2/change/enqueue"
ENTRANCES = (
    *NATIVE,
    "enqueue",
    "change",
    "create",
    "close",
    "acknowledge",
)

NOT_JSON = {
    "malformed": b'{"title": ',
    "trailing": b'{"title": "x"} x',
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"":' * 100_000 + b"1" + b"}" * 100_000,
    "nested after a quote": b'{"a": "\\"[", "b": ' + b"[" * 70 + b"]" * 70 + b"}",
    "lone surrogate": b'{"title": "\\ud800"}',
    "bytes": b'{"title": "\xff\xfe"}',
    "nan": b'{"title": NaN}',
    "infinity": b'{"title": -Infinity}',
    "infinite number": b'{"title": 1e999}',
    "endless integer": b'{"title": ' + b"9" * 100_000 + b"}",
    "single quotes": b"{'title': 'x'}",
}
WRONG_SHAPE = {
    "list of lists": b"[[]]",
    "text": b'"hello"',
    "number": b"17",
    "null": b"null",
    "true": b"true",
}


def send(world: World, entrance: str, body: bytes, **options: Any) -> Reply:
    path = {
        "enqueue": PAGERDUTY,
        "change": CHANGE,
        "create": OPSGENIE,
        "close": f"{OPSGENIE}/db/close",
        "acknowledge": f"{OPSGENIE}/db/acknowledge",
    }.get(entrance, f"/api/v1/intake/{entrance}/{world.key}/")
    if path.startswith(OPSGENIE):
        options = {"query": {"identifierType": "alias"}, "authorization": f"GenieKey {world.key}"} | options
    return handle(request(path, body, **options))


def assert_shape(reply: Reply, entrance: str, status: int) -> None:
    """The sender's own error shape, and nothing stored that could become an alert."""
    assert reply.status == status, reply.body
    assert json.loads(reply.encode()) == reply.body
    if entrance in NATIVE:
        assert reply.problem
        assert set(reply.body) == {"type", "title", "status", "detail", "code", "errors"}
        assert reply.body["status"] == status
        assert reply.body["detail"]
    elif entrance in ("enqueue", "change") and status in (400, 413):
        assert set(reply.body) == {"status", "message", "errors"}
        assert reply.body["status"] == "invalid event"
    elif status in (400, 401, 403, 404, 422):
        assert {"message", "took", "requestId"} <= set(reply.body)
    assert not IntakeItem.objects.exclude(action="read", parsed__has_key="refused").exists()
    assert not ChangeEvent.objects.exists()


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_what_is_not_json_is_refused(entrance: str) -> None:
    world = make_world()
    for name, body in NOT_JSON.items():
        reply = send(world, entrance, body)
        assert reply.status == 400, (name, reply.body)
        assert_shape(reply, entrance, 400)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_json_of_another_shape_is_refused(entrance: str) -> None:
    world = make_world()
    for name, body in WRONG_SHAPE.items():
        status = 422 if entrance == "create" else 400
        reply = send(world, entrance, body)
        assert reply.status == status, (name, reply.body)
        assert_shape(reply, entrance, status)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_too_much_is_refused_before_it_is_read(entrance: str) -> None:
    world = make_world()
    large = b'{"title": "' + b"x" * MAX_BODY + b'"}'
    assert_shape(send(world, entrance, large), entrance, 413)
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < MAX_BODY
    assert_shape(send(world, entrance, bomb, content_encoding="gzip"), entrance, 413)
    assert_shape(send(world, entrance, zlib.compress(large), content_encoding="deflate"), entrance, 413)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_broken_compression_is_refused(entrance: str) -> None:
    world = make_world()
    packed = gzip.compress(b'{"title": "a title that is long enough to be cut"}')
    for body in (packed[:-9], b"\x1f\x8b\x08 not gzip", b"{}", b""):
        assert send(world, entrance, body, content_encoding="gzip").status == 400
    assert send(world, entrance, packed, content_encoding="br").status == 415
    assert not IntakeItem.objects.exists()


@pytest.mark.parametrize("entrance", (*NATIVE, "enqueue", "change"))
def test_an_empty_body_is_refused(entrance: str) -> None:
    world = make_world()
    for body in (b"", b"  \n", b"{}", b"[]"):
        assert_shape(send(world, entrance, body), entrance, 400)


def test_an_empty_opsgenie_alert_is_refused_and_an_empty_close_is_not() -> None:
    world = make_world()
    assert_shape(send(world, "create", b""), "create", 422)
    assert send(world, "close", b"").status == 202


@pytest.mark.parametrize("kind", NATIVE)
def test_an_unknown_key_is_not_found(kind: str) -> None:
    bodies = {"generic": b'{"title": "x"}'}
    body = bodies.get(kind, b'{"alerts": [{"status": "firing", "labels": {}}]}')
    make_world()
    for key in ("0" * 32, "nonsense", "%00", "\x00", "ключ"):
        reply = handle(request(f"/api/v1/intake/{kind}/{key}/", body))
        assert_shape(reply, kind, 404)
        assert reply.body["code"] == "unknown_key"


def test_unknown_keys_answer_as_the_originals_do() -> None:
    make_world()
    event = {
        "routing_key": "0" * 32,
        "event_action": "trigger",
        "payload": {"summary": "x", "source": "y", "severity": "info"},
    }
    assert handle(request(PAGERDUTY, json.dumps(event).encode())).body == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": ["Invalid routing key"],
    }
    assert handle(request(CHANGE, json.dumps(event).encode())).status == 400
    for key in ("0" * 32, "x\x00", "ключ"):
        assert opsgenie(key, "", {"message": "x"}).status == 403
        assert opsgenie(key, "/x/close", {}, identifierType="alias").status == 403
        path = "/requests/0b8c1d6e-56e2-4d4a-9e1f-0c53f2b6a111"
        assert opsgenie(key, path, method="GET").status == 403
    for header in ("", "Bearer x", "GenieKey", "GenieKey  "):
        assert handle(request(OPSGENIE, b"{}", authorization=header)).status == 401
    assert not IntakeItem.objects.exists()


def test_an_inactive_integration_is_an_unknown_one() -> None:
    world = make_world()
    world.integration.is_active = False
    world.integration.save()
    assert native(world.key, {"title": "x"}).status == 404


@pytest.mark.parametrize("kind", NATIVE)
def test_other_content_types_are_refused(kind: str) -> None:
    world = make_world()
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html"):
        assert_shape(send(world, kind, b"{}", content_type=content_type), kind, 415)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_refused(method: str) -> None:
    world = make_world()
    for entrance in (*NATIVE, "enqueue", "change"):
        reply = send(world, entrance, b'{"title": "x"}', method=method)
        assert_shape(reply, entrance, 405)
        assert reply.headers["Allow"] == "POST"
    # With GET the original lists alerts.
    assert_shape(send(world, "create", b"{}", method=method), "create", 200 if method == "GET" else 404)


def test_addresses_that_do_not_exist_are_not_found() -> None:
    world = make_world()
    paths = (
        "/api/v1/intake/",
        f"/api/v1/intake/nothing/{world.key}/",
        f"/api/v1/intake/generic/{world.key}/more/",
        "/api/v1/intake/generic/" + "a" * 300,
        "/compat/pagerduty/v1/enqueue",
        "/compat/opsgenie/v1/alerts",
    )
    for path in paths:
        assert handle(request(path, b"{}", authorization=f"GenieKey {world.key}")).status == 404
    assert opsgenie(world.key, "/requests/" + "-" * 36, method="GET").status == 404


WRONG_GENERIC: list[tuple[Any, str]] = [
    ({"title": 3}, "title"),
    ({"title": " "}, "title"),
    ({"title": "x", "status": "broken"}, "status"),
    ({"title": "x", "status": ["firing"]}, "status"),
    ({"title": "x", "labels": ["a"]}, "labels"),
    ({"title": "x", "links": "http://a"}, "links"),
    ({"title": "x", "severity": {"a": 1}}, "severity"),
    ({"title": "x", "dedup_key": True}, "dedup_key"),
    ({"title": "x", "description": []}, "description"),
    ({"title": "x", "occurred_at": "yesterday"}, "occurred_at"),
    ({"title": "x", "occurred_at": 5}, "occurred_at"),
    ({"title": "x", "occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
    ([{"title": "x"}, {"title": ""}], "1.title"),
    ([{"title": "x"}, 5], "1"),
    ([{"title": "x"}] * 1001, ""),
]


@pytest.mark.parametrize(("body", "field"), WRONG_GENERIC)
def test_generic_names_the_field(body: Any, field: str) -> None:
    reply = native(make_world().key, body)
    assert_shape(reply, "generic", 400)
    assert list(reply.body["errors"]) == [field]


WRONG_GROUPS: list[tuple[Any, str]] = [
    ({}, "alerts"),
    ({"alerts": {}}, "alerts"),
    ({"alerts": []}, "alerts"),
    ({"alerts": ["x"]}, "alerts.0"),
    ({"alerts": [{"labels": {}}]}, "alerts.0.status"),
    ({"alerts": [{"status": {}}]}, "alerts.0.status"),
    ({"alerts": [{"status": "firing", "labels": []}]}, "alerts.0.labels"),
    ({"alerts": [{"status": "firing", "annotations": "x"}]}, "alerts.0.annotations"),
]


@pytest.mark.parametrize("kind", ["alertmanager", "grafana"])
@pytest.mark.parametrize(("body", "field"), WRONG_GROUPS)
def test_groups_name_the_field(body: Any, field: str, kind: str) -> None:
    reply = native(make_world().key, body, kind)
    assert_shape(reply, kind, 400)
    assert list(reply.body["errors"]) == [field]


GOOD = {"summary": "x", "source": "y", "severity": "info"}
WRONG_EVENTS: list[tuple[dict[str, Any], str]] = [
    ({"event_action": "boil", "payload": GOOD}, "event_action"),
    ({"event_action": ["trigger"], "payload": GOOD}, "event_action"),
    ({"event_action": "trigger"}, "payload"),
    ({"event_action": "trigger", "payload": []}, "payload"),
    ({"event_action": "trigger", "payload": GOOD | {"severity": "bad"}}, "payload.severity"),
    ({"event_action": "trigger", "payload": GOOD | {"severity": {}}}, "payload.severity"),
    ({"event_action": "trigger", "payload": GOOD | {"summary": "x" * 1025}}, "payload.summary"),
    ({"event_action": "trigger", "payload": GOOD | {"source": 5}}, "payload.source"),
    ({"event_action": "trigger", "payload": GOOD, "dedup_key": "x" * 256}, "dedup_key"),
    ({"event_action": "trigger", "payload": GOOD, "dedup_key": {}}, "dedup_key"),
    ({"event_action": "resolve"}, "dedup_key"),
    ({"event_action": "acknowledge", "dedup_key": ""}, "dedup_key"),
]


@pytest.mark.parametrize(("event", "field"), WRONG_EVENTS)
def test_pagerduty_names_the_field(event: dict[str, Any], field: str) -> None:
    body = json.dumps({"routing_key": make_world().key, **event}).encode()
    reply = handle(request(PAGERDUTY, body))
    assert_shape(reply, "enqueue", 400)
    assert [error.split("'")[1] for error in reply.body["errors"]] == [field]


@pytest.mark.parametrize("key", [None, 5, [], "short", "x" * 33])
@pytest.mark.parametrize("path", [PAGERDUTY, CHANGE])
def test_a_routing_key_of_the_wrong_kind_is_refused(path: str, key: Any) -> None:
    make_world()
    body = json.dumps({"routing_key": key, "event_action": "trigger", "payload": GOOD}).encode()
    assert_shape(handle(request(path, body)), "change", 400)


@pytest.mark.parametrize(
    "details", [None, [], {}, {"summary": 5}, {"summary": " "}, {"summary": "x", "timestamp": "soon"}]
)
def test_a_wrong_change_event_is_refused(details: Any) -> None:
    body = json.dumps({"routing_key": make_world().key, "payload": details}).encode()
    assert_shape(handle(request(CHANGE, body)), "change", 400)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": 5}, "message"),
        ({"message": ""}, "message"),
        ({"message": "x", "alias": "a" * 513}, "alias"),
        ({"message": "x", "alias": ["a"]}, "alias"),
        ({"message": "x", "priority": "P9"}, "priority"),
        ({"message": "x", "priority": {}}, "priority"),
    ],
)
def test_opsgenie_names_the_field(body: Any, field: str) -> None:
    reply = opsgenie(make_world().key, "", body)
    assert_shape(reply, "create", 422)
    assert list(reply.body["errors"]) == [field]


@pytest.mark.parametrize("verb", ["close", "acknowledge"])
def test_odd_identifiers_never_break_opsgenie(verb: str) -> None:
    world = make_world()
    assert opsgenie(world.key, f"/x/{verb}", {}, identifierType="name").status == 422
    for name in ("%00", "a" * 600, "%ED%A0%80", "9" * 400, "%2F..%2F", "²"):
        assert opsgenie(world.key, f"/{name}/{verb}", {}, identifierType="alias").status == 202
        assert opsgenie(world.key, f"/{name}/{verb}", {}).status == 202


def test_odd_text_is_cleaned_and_kept() -> None:
    """Control characters go, duplicate keys keep the last, great numbers are numbers."""
    world = make_world()
    body = rb'{"title": "a\u0000b", "title": "c\u0000d\u0007", "severity": 184467440737095516160, "x\u0000": 1e308}'
    reply = handle(request(f"/api/v1/intake/generic/{world.key}/", body))
    assert reply.status == 202
    item = IntakeItem.objects.get()
    assert item.parsed["title"] == "cd"
    assert item.parsed["severity"] == "1.844674407370955e+20"
    assert item.raw["x"] == "1e+308"


# Through the servers


def test_django_answers_the_same() -> None:
    world = make_world()
    client = Client()
    path = f"/api/v1/intake/generic/{world.key}/"
    answer = client.post(path, b"{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")
    assert answer["content-type"] == "application/problem+json"
    large = client.post(path, b"x" * 1_100_000, content_type="application/json")
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert client.get(path).status_code == 405
    assert client.post("/compat/nothing", b"{}", content_type="application/json").status_code == 404
    good = client.post(path, b'{"title": "x"}', content_type="application/json")
    assert (good.status_code, good.json()["accepted"]) == (202, 1)


async def call_asgi(path: str, chunks: list[bytes], *headers: tuple[bytes, bytes]) -> tuple[int, Any, int]:
    """Status, JSON body and how many chunks were read by what `config.asgi` puts around the intake."""
    application = Guard(IntakeASGI(None), limit_for=lambda _path: MAX_WIRE)
    sent: list[dict[str, Any]] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": chunks[read - 1], "more_body": read < len(chunks)}

    async def answer(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }
    await application(scope, receive, answer)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(body), read


def test_asgi_stops_reading_at_the_limit() -> None:
    path = "/api/v1/intake/generic/" + "0" * 32 + "/"
    status, body, read = asyncio.run(call_asgi(path, [b"x" * 65_536] * 100))
    assert (status, body["code"]) == (413, "too_large")
    assert read < 12
    declared = (b"content-length", b"99999999")
    status, body, read = asyncio.run(call_asgi(path, [b"x"], declared))
    assert (status, body["code"], read) == (413, "too_large", 0)


def test_asgi_answers_bad_json() -> None:
    path = "/api/v1/intake/generic/" + "0" * 32 + "/"
    status, body, _read = asyncio.run(call_asgi(path, [b"{", b'"title"']))
    assert (status, body["code"]) == (400, "bad_json")
