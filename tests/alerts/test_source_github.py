"""GitHub's webhooks by captured bodies: which of them are changes, and what proves who sent them."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

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
REPO = "https://github.com/acme/checkout"


def at(hour: int, minute: int, second: int) -> dt.datetime:
    return dt.datetime(2026, 11, 20, hour, minute, second, tzinfo=dt.UTC)


# payload → event, kind, summary, happened at, links
SEEN: dict[str, tuple[str, str, str, dt.datetime, list[tuple[str, str]]]] = {
    "deployment_status_success": (
        "deployment_status",
        "deploy",
        "Deployment of main (c3d0be4) to production succeeded",
        at(2, 58, 40),
        [("https://shop.example.com", "production"), (f"{REPO}/actions/runs/289782451/job/1", "Log")],
    ),
    "deployment_status_failure": (
        "deployment_status",
        "deploy",
        "Deployment of main (c3d0be4) to production failed",
        at(2, 58, 40),
        [("https://shop.example.com", "production"), (f"{REPO}/actions/runs/289782451/job/1", "Log")],
    ),
    "workflow_run_completed": (
        "workflow_run",
        "code",
        "Workflow Release #214 on main failed: Retry the payment once",
        at(2, 54, 31),
        [(f"{REPO}/actions/runs/289782451", "Workflow Release")],
    ),
    "release_published": (
        "release",
        "deploy",
        "Release v2.4.0 published: Faster checkout",
        at(2, 45, 12),
        [(f"{REPO}/releases/tag/v2.4.0", "v2.4.0")],
    ),
    "push": (
        "push",
        "code",
        "2 commits pushed to main: Retry the payment once",
        at(2, 56, 10),
        [(f"{REPO}/compare/6113728f27ae...c3d0be41ecbe", "Compare")],
    ),
}


@pytest.fixture
def world() -> World:
    made = make_world()
    made.integration, made.key = make_integration(made.service, kind="github", name="Acme on GitHub")
    return made


def hook(key: str, raw: bytes, event: str, **more: str) -> Reply:
    named: dict[str, Any] = {
        "x_github_event": event,
        "x_github_delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    } | more
    return handle(request(f"/api/v1/intake/github/{key}/", raw, **named))


def sign(raw: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def read(name: str, event: str, **changed: Any) -> Any:
    body = payload(f"github/{name}")
    for path, value in changed.items():
        at_: Any = body
        *way, last = path.split("__")
        for step in way:
            at_ = at_[step]
        if value is None:
            at_.pop(last, None)
        else:
            at_[last] = value
    parse = SOURCES["github"].parse
    assert parse is not None
    return parse(body, {"x-github-event": event})[0].parsed


@pytest.mark.parametrize("name", SEEN)
def test_it_becomes_a_change(name: str, drain: Drain, world: World) -> None:
    event, kind, summary, happened, links = SEEN[name]
    reply = hook(world.key, json.dumps(payload(f"github/{name}")).encode(), event)
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
    ("name", "event", "changed", "why"),
    [
        ("ping", "ping", {}, "GitHub's ping: the webhook works"),
        ("deployment", "deployment", {}, "A deployment begins: how it ends is recorded"),
        (
            "deployment_status_in_progress",
            "deployment_status",
            {},
            "A deployment is in progress: how it ends is recorded",
        ),
        (
            "deployment_status_success",
            "deployment_status",
            {"deployment_status__state": "inactive"},
            "A deployment is inactive: how it ends is recorded",
        ),
        (
            "workflow_run_completed",
            "workflow_run",
            {"action": "in_progress"},
            "A workflow run was in progress: its end is recorded",
        ),
        (
            "workflow_run_completed",
            "workflow_run",
            {"workflow_run__head_branch": "feature"},
            "A workflow ran for another branch than main",
        ),
        (
            "workflow_run_completed",
            "workflow_run",
            {"workflow_run__head_repository": {"full_name": "zoe/checkout"}},
            "A workflow ran for another branch than main",
        ),
        (
            "workflow_run_completed",
            "workflow_run",
            {"workflow_run__conclusion": "skipped"},
            "A workflow run was skipped: nothing changed",
        ),
        (
            "release_published",
            "release",
            {"action": "edited"},
            "A release was edited: only a published one is recorded",
        ),
        ("push", "push", {"ref": "refs/heads/feature"}, "A push to another branch than main"),
        ("push", "push", {"ref": "refs/tags/main"}, "A push to another branch than main"),
        ("push", "push", {"deleted": True}, "The branch main was deleted"),
        ("push", "issues", {}, "GitHub's issues is no change: nothing is recorded"),
    ],
)
def test_it_is_ignored_and_says_why(name: str, event: str, changed: dict[str, Any], why: str) -> None:
    with pytest.raises(Ignored) as ignored:
        read(name, event, **changed)
    assert str(ignored.value) == why


@pytest.mark.parametrize(
    ("name", "event", "changed", "field"),
    [
        ("malformed", "deployment_status", {}, "deployment_status.state"),
        ("deployment_status_success", "deployment_status", {"deployment": None}, "deployment"),
        ("deployment_status_success", "deployment_status", {"deployment__ref": None}, "deployment.ref"),
        ("deployment_status_success", "deployment_status", {"repository__full_name": 0}, None),
        (
            "deployment_status_success",
            "deployment_status",
            {"repository__full_name": {}},
            "repository.full_name",
        ),
        ("workflow_run_completed", "workflow_run", {"workflow_run": None}, "workflow_run"),
        ("workflow_run_completed", "workflow_run", {"action": None}, "action"),
        (
            "workflow_run_completed",
            "workflow_run",
            {"workflow_run__conclusion": None},
            "workflow_run.conclusion",
        ),
        ("release_published", "release", {"release__tag_name": None}, "release.tag_name"),
        ("push", "push", {"repository": None}, "repository"),
        ("push", "push", {"repository__default_branch": None}, "repository.default_branch"),
        ("push", "push", {"commits": None}, "commits"),
        ("push", "", {}, "X-GitHub-Event"),
    ],
)
def test_what_is_wrong_is_named(name: str, event: str, changed: dict[str, Any], field: str | None) -> None:
    if field is None:
        assert read(name, event, **changed).source == "0"
        return
    with pytest.raises(PayloadError) as wrong:
        read(name, event, **changed)
    assert list(wrong.value.errors) == [field]


def test_words_that_vary() -> None:
    assert (
        read("push", "push", commits=[], forced=True, head_commit=None).title
        == "0 commits pushed by force to main"
    )
    assert read("push", "push", commits=[{}]).title == "1 commit pushed to main: Retry the payment once"
    assert read("release_published", "release", release__prerelease=True, release__name="v2.4.0").title == (
        "Pre-release v2.4.0 published"
    )
    sha = payload("github/deployment_status_success")["deployment"]["sha"]
    told = read(
        "deployment_status_success",
        "deployment_status",
        deployment__ref=sha,
        deployment_status__description="Rolled back",
        deployment_status__state="error",
    )
    assert told.title == "Deployment of c3d0be4 to production ended with an error: Rolled back"


def test_a_time_to_come_or_unreadable_is_when_it_came_in(drain: Drain, world: World) -> None:
    body = payload("github/release_published")
    for delivery, when in (("a", "2950-01-01T00:00:00Z"), ("b", "soon"), ("c", 5)):
        body["release"]["published_at"] = when
        hook(world.key, json.dumps(body).encode(), "release", x_github_delivery=delivery)
    drain()
    received = list(IntakeItem.objects.order_by("pk").values_list("received_at", flat=True))
    assert list(ChangeEvent.objects.order_by("pk").values_list("happened_at", flat=True)) == received


def test_a_form_is_read_as_json_is(drain: Drain, world: World) -> None:
    """The content type that GitHub offers first; it signs the form."""
    Integration.objects.filter(pk=world.integration.pk).update(secret_sealed=seal(SECRET))
    raw = urlencode({"payload": json.dumps(payload("github/release_published"))}).encode()
    form = "application/x-www-form-urlencoded"
    hook(world.key, raw, "release", content_type=form, x_hub_signature_256=sign(raw))
    drain()
    assert ChangeEvent.objects.get().summary == "Release v2.4.0 published: Faster checkout"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (lambda raw: sign(raw), ""),
        (lambda raw: sign(raw, "another"), "The signature does not match the secret."),
        (lambda raw: sign(raw + b" "), "The signature does not match the secret."),
        (lambda raw: "", "The request is not signed."),
        (lambda raw: None, "It is not signed, and this integration has a secret"),
    ],
)
def test_the_signature_is_checked(
    given: Callable[[bytes], str | None], why: str, drain: Drain, world: World
) -> None:
    Integration.objects.filter(pk=world.integration.pk).update(secret_sealed=seal(SECRET))
    raw = json.dumps(payload("github/release_published")).encode()
    signature = given(raw)
    named = {} if signature is None else {"x_hub_signature_256": signature}
    assert hook(world.key, raw, "release", **named).status == 202
    drain()
    item = IntakeItem.objects.get()
    assert ChangeEvent.objects.exists() == (why == "")
    if why:
        assert (item.status, item.outcome) == ("unread", why)


def test_odd_bodies_are_never_an_error_of_ours(world: World) -> None:
    odd: list[Any] = [None, 0, -1, 1e300, "", " ", "\x00", [], {}, [{}], {"full_name": []}, True, "9" * 5000]
    for name, (event, *_rest) in SEEN.items():
        body = payload(f"github/{name}")
        for field in [*body, "message"]:
            for value in odd:
                changed = deepcopy(body)
                changed[field] = value
                assert hook(world.key, json.dumps(changed).encode(), event).status in (202, 400)
            if isinstance(body.get(field), dict):
                for inner in body[field]:
                    changed = deepcopy(body)
                    changed[field][inner] = {"a": [1]}
                    assert hook(world.key, json.dumps(changed).encode(), event).status in (202, 400)
