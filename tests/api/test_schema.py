"""The described API: no warning, no 5xx whatever comes in, one shape of refusal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from incidents import actions
from incidents.models import Incident
from teams.api import authentication
from tests.factories import api_client, make_token
from tests.incidents.support import declare
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_the_description_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(target))
    assert "/api/v1/incidents/{number}/acknowledge/" in target.read_text()


def problem(response: Any) -> tuple[int, str, set[str]]:
    body = response.json()
    assert response["Content-Type"].startswith("application/problem+json"), response["Content-Type"]
    assert body["status"] == response.status_code
    assert body["type"].endswith(body["code"])
    assert isinstance(body["errors"], dict)
    return response.status_code, body["code"], set(body)


def test_refusals_have_one_shape() -> None:
    world = make_world()
    number = declare(world).number
    url = f"/api/v1/incidents/{number}/"
    actions.resolve(actor=world.actor("ada"), number=number, override_reason="Over")
    bo, sam = api_client(world.bo), api_client(world.sam)
    found = {
        "no token": problem(api_client(None).get(url)),
        "no title": problem(bo.post("/api/v1/incidents/", {}, format="json")),
        "no json": problem(bo.post("/api/v1/incidents/", b"{", content_type="application/json")),
        "support": problem(sam.post(f"{url}acknowledge/")),
        "missing": problem(bo.get("/api/v1/incidents/99999/")),
        "no address": problem(bo.get("/api/v1/nothing/")),
        "over": problem(bo.post(f"{url}acknowledge/")),
        "method": problem(bo.delete(url)),
    }
    keys = {"type", "title", "status", "detail", "code", "errors"}
    assert {name: value[0] for name, value in found.items()} == {
        "no token": 401,
        "no title": 400,
        "no json": 400,
        "support": 403,
        "missing": 404,
        "no address": 404,
        "over": 409,
        "method": 405,
    }
    assert [name for name, value in found.items() if value[2] != keys] == []
    errors = bo.post("/api/v1/incidents/", {"titel": "x"}, format="json").json()["errors"]
    assert set(errors) == {"titel"}


def test_a_repeated_post_with_the_same_key_acts_once() -> None:
    world = make_world()
    bo = api_client(world.bo)
    first = bo.post("/api/v1/incidents/", {"title": "Once"}, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    again = bo.post("/api/v1/incidents/", {"title": "Once"}, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.status_code, again.status_code, Incident.objects.count()) == (201, 201, 1)
    assert first.json()["number"] == again.json()["number"]


@pytest.fixture(scope="module")
def cases(django_db_setup: None, django_db_blocker: Any) -> list[Any]:
    """A few good and a few bad requests for every operation.

    They depend on the description alone, and making them takes as long as sending them.
    """
    import schemathesis

    from config.wsgi import application

    drawn: list[Any] = []
    with warnings.catch_warnings(), django_db_blocker.unblock(), _connection_kept():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
        # Every request is sent with a token: another one in its place would never arrive.
        schema.config.generation.update(with_security_parameters=False)
        for found in schema.get_all_operations():
            _draw(found.ok(), drawn)
    return drawn


def _draw(operation: Any, drawn: list[Any]) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode

    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @settings(
        max_examples=4,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case: Any) -> None:
        drawn.append(case)

    draw()


@contextmanager
def _connection_kept() -> Iterator[None]:
    """A request that ends would close the test's own connection."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.mark.parametrize("who", ["bo", "root"])
def test_no_input_breaks_the_server(who: str, cases: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated requests for every operation, in process, with a responder's and an admin's token."""
    # Each request is rolled back, so the token's row is what it was: read once, not a thousand times.
    monkeypatch.setattr(authentication, "token_by_secret", cache(authentication.token_by_secret))
    world = make_world()
    declare(world)
    _row, secret = make_token(getattr(world, who))
    broken: list[str] = []
    with warnings.catch_warnings(), _connection_kept():
        warnings.simplefilter("ignore")
        for case in cases:
            _call(case, secret, broken)
    assert len({case.operation.label for case in cases}) > 250
    assert broken == []


def _call(case: Any, secret: str, broken: list[str]) -> None:
    """One request, which is rolled back."""
    with transaction.atomic():
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        transaction.set_rollback(True)
    if response.status_code >= 500:
        broken.append(f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:400])
