"""GitLab's webhooks by captured bodies: which of them are changes, and what proves who sent them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from alerts.intake.messages import Reply
from alerts.intake.receive import handle
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources import SOURCES, Ignored, PayloadError
from core.crypto import seal
from services.models import ChangeEvent
from tests.alerts.support import payload, request
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
SECRET = "it is a secret to everybody"
PROJECT = "https://gitlab.example.com/acme/checkout"


def at(hour: int, minute: int, second: int) -> dt.datetime:
    return dt.datetime(2026, 11, 20, hour, minute, second, tzinfo=dt.UTC)


_LINKS = [
    ("https://shop.example.com", "production"),
    (f"{PROJECT}/-/jobs/796", "Job"),
    (f"{PROJECT}/-/commit/279484c09fbe69ededfced8c1bb6e6d24616b468", "279484c0"),
]
# payload → header, kind, summary, happened at, links
SEEN: dict[str, tuple[str, str, str, dt.datetime, list[tuple[str, str]]]] = {
    "deployment_success": (
        "Deployment Hook",
        "deploy",
        "Deployment of main (279484c0) to production succeeded: Retry the payment once",
        at(2, 58, 40),
        _LINKS,
    ),
    "deployment_failed": (
        "Deployment Hook",
        "deploy",
        "Deployment of main (279484c0) to production failed: Retry the payment once",
        at(2, 58, 40),
        _LINKS,
    ),
    "pipeline_failed": (
        "Pipeline Hook",
        "code",
        "Pipeline #3150 on main failed: Retry the payment once",
        at(2, 54, 31),
        [(f"{PROJECT}/-/pipelines/3150", "Pipeline #3150")],
    ),
    "release_create": (
        "Release Hook",
        "deploy",
        "Release v2.4.0 published: Faster checkout",
        at(2, 45, 12),
        [(f"{PROJECT}/-/releases/v2.4.0", "v2.4.0")],
    ),
}


@pytest.fixture
def world() -> World:
    made = make_world()
    made.integration, made.key = make_integration(made.service, kind="gitlab", name="Acme on GitLab")
    return made


def hook(key: str, body: Any, event: str = "Release Hook", **more: str) -> Reply:
    named: dict[str, Any] = {
        "x_gitlab_event": event,
        "x_gitlab_event_uuid": "13792a34-cac6-4fda-95a8-c58e00a3954e",
    } | more
    return handle(request(f"/api/v1/intake/gitlab/{key}/", json.dumps(body).encode(), **named))


def read(name: str, **changed: Any) -> Any:
    body = payload(f"gitlab/{name}")
    for path, value in changed.items():
        at_: Any = body
        *way, last = path.split("__")
        for step in way:
            at_ = at_[step]
        at_[last] = value
    parse = SOURCES["gitlab"].parse
    assert parse is not None
    return parse(body, {})[0].parsed


@pytest.mark.parametrize("name", SEEN)
def test_it_becomes_a_change(name: str, drain: Drain, world: World) -> None:
    event, kind, summary, happened, links = SEEN[name]
    reply = hook(world.key, payload(f"gitlab/{name}"), event)
    assert (reply.status, reply.body["accepted"]) == (202, 1)
    drain()
    row = ChangeEvent.objects.get()
    assert (row.service_id, row.kind, row.summary, row.source) == (
        world.service.pk,
        kind,
        summary,
        "acme/checkout",
    )
    assert row.happened_at == min(happened, IntakeItem.objects.get().received_at)
    assert [(link["url"], link["title"]) for link in row.safe_links] == links
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("name", "changed", "why"),
    [
        ("deployment_running", {}, "A deployment is running: how it ends is recorded"),
        ("deployment_success", {"status": "blocked"}, "A deployment is blocked: how it ends is recorded"),
        ("pipeline_failed", {"object_attributes__ref": "feature"}, "A pipeline of something else than main"),
        ("pipeline_failed", {"object_attributes__tag": True}, "A pipeline of something else than main"),
        (
            "pipeline_failed",
            {"object_attributes__source": "merge_request_event"},
            "A pipeline of something else than main",
        ),
        (
            "pipeline_failed",
            {"object_attributes__status": "running"},
            "A pipeline is running: only success and failure are recorded",
        ),
        ("release_create", {"action": "update"}, "A release: update. Only a new one is recorded"),
        ("push", {}, "GitLab's push is no change: nothing is recorded"),
    ],
)
def test_it_is_ignored_and_says_why(name: str, changed: dict[str, Any], why: str) -> None:
    with pytest.raises(Ignored) as ignored:
        read(name, **changed)
    assert str(ignored.value) == why


@pytest.mark.parametrize(
    ("name", "changed", "field"),
    [
        ("malformed", {}, "environment"),
        ("deployment_success", {"project": None}, "project"),
        ("deployment_success", {"status": []}, "status"),
        ("deployment_success", {"project__path_with_namespace": None}, "project.path_with_namespace"),
        ("pipeline_failed", {"object_attributes": []}, "object_attributes"),
        ("pipeline_failed", {"object_attributes__ref": None}, "object_attributes.ref"),
        ("pipeline_failed", {"project__default_branch": None}, "project.default_branch"),
        ("release_create", {"tag": ""}, "tag"),
        ("release_create", {"object_kind": None}, "object_kind"),
    ],
)
def test_what_is_wrong_is_named(name: str, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(PayloadError) as wrong:
        read(name, **changed)
    assert list(wrong.value.errors) == [field]


def test_words_that_vary() -> None:
    assert read(
        "deployment_success", ref=None, short_sha=None, status="canceled", commit_title=None
    ).title == ("Deployment of a commit to production was cancelled")
    assert read("pipeline_failed", object_attributes__status="success", commit=None).title == (
        "Pipeline #3150 on main succeeded"
    )


def test_a_delivery_counts_once(drain: Drain, world: World) -> None:
    """By its key; before GitLab 17.4 by its UUID, which events that follow from one another share."""
    body = payload("gitlab/release_create")
    for _time in range(2):
        hook(world.key, body, idempotency_key="f5e57555-7c3a-4a1c-9d0e-3e1b2b1a9d11")
    drain()
    assert ChangeEvent.objects.count() == 1
    for tag in ("v2.4.1", "v2.4.1", "v2.4.2"):
        hook(world.key, body | {"tag": tag})
    drain()
    assert ChangeEvent.objects.count() == 3
    hook(world.key, body | {"tag": "v2.4.2"}, x_gitlab_event_uuid="another")
    drain()
    assert ChangeEvent.objects.count() == 4


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (SECRET, ""),
        (SECRET.upper(), "The token does not match the secret."),
        ("", "The token does not match the secret."),
        (None, "It is not signed, and this integration has a secret"),
    ],
)
def test_the_token_is_compared(given: str | None, why: str, drain: Drain, world: World) -> None:
    Integration.objects.filter(pk=world.integration.pk).update(secret_sealed=seal(SECRET))
    named = {} if given is None else {"x_gitlab_token": given}
    assert hook(world.key, payload("gitlab/release_create"), **named).status == 202
    stored = json.dumps(IntakeItem.objects.get().parsed)
    assert SECRET not in stored
    drain()
    item = IntakeItem.objects.get()
    assert ChangeEvent.objects.exists() == (why == "")
    if why:
        assert (item.status, item.outcome) == ("unread", why)


def test_odd_bodies_are_never_an_error_of_ours(world: World) -> None:
    odd: list[Any] = [None, 0, -1, 1e300, "", " ", "\x00", [], {}, [{}], True, "9" * 5000]
    for name, (event, *_rest) in SEEN.items():
        body = payload(f"gitlab/{name}")
        for field in body:
            for value in odd:
                assert hook(world.key, body | {field: value}, event).status in (202, 400)
            if isinstance(body[field], dict):
                for inner in body[field]:
                    changed = body | {field: body[field] | {inner: {"a": [1]}}}
                    assert hook(world.key, changed, event).status in (202, 400)
