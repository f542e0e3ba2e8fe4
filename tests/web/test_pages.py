"""Now, search, the machine endpoints and error pages."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core import clock
from incidents import actions
from oncall.models import EngineHeartbeat
from tests.factories import signed_in
from tests.incidents.support import declare
from tests.world import make_world
from web import health

pytestmark = pytest.mark.django_db


def test_now_shows_what_waits_for_the_person(drain: Any) -> None:
    world = make_world()
    number = declare(world, page=True, title="Wake up").number
    drain()
    text = signed_in(world.ada).get("/").content.decode()
    assert f"/incidents/{number}/acknowledge/" in text
    text = signed_in(world.zoe).get("/").content.decode()
    assert "Wake up" in text
    assert f"/incidents/{number}/acknowledge/" not in text
    actions.acknowledge(actor=world.actor("ada"), number=number)
    assert f"/incidents/{number}/acknowledge/" not in signed_in(world.ada).get("/").content.decode()
    assert signed_in(None).get("/").status_code == 302


def test_search_finds_what_the_person_may_see_alone() -> None:
    world = make_world("members")
    declare(world, title="Needle in the checkout")
    for name, seen in (("bo", True), ("root", True), ("sam", False), ("zoe", False)):
        browser = signed_in(getattr(world, name))
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
            answer = browser.get("/search/?q=needle", **headers)
            assert answer.status_code == 200
            assert ("Needle in the checkout" in answer.content.decode()) is seen, name
        assert ("Needle" in browser.get("/search/?q=%231").content.decode()) is seen
    for odd in ("%00", "%25", "'", "x" * 5000, "%3Cscript%3Ealert(1)%3C/script%3E"):
        answer = signed_in(world.bo).get(f"/search/?q={odd}")
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content


def test_ready_says_what_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(None)
    assert client.get("/healthz").json() == {"status": "ok"}
    EngineHeartbeat.objects.update_or_create(
        pk=1, defaults={"ticked_at": clock.database_now(), "ticked_by": "worker"}
    )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")

    class Away:
        def ping(self) -> None:
            raise redis.ConnectionError("refused")

        def close(self) -> None:
            pass

    monkeypatch.setattr(health.redis.Redis, "from_url", lambda *a, **k: Away())
    answer = client.get("/readyz")
    checks = {name: check["ok"] for name, check in answer.json()["checks"].items()}
    assert (answer.status_code, checks) == (503, {"database": True, "redis": False, "engine": True})
    assert client.get("/healthz").status_code == 200
    EngineHeartbeat.objects.all().delete()
    assert client.get("/readyz").json()["checks"]["engine"]["ok"] is False


def test_health_and_metrics(settings: Any) -> None:
    world = make_world()
    assert signed_in(None).get("/health/").status_code == 302
    assert signed_in(world.zoe).get("/health/").status_code == 200
    answer = signed_in(None).get("/metrics")
    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content
    settings.METRICS_PUBLIC = False
    assert signed_in(None).get("/metrics").status_code == 401
    assert signed_in(world.zoe).get("/metrics").status_code == 200


def test_error_pages() -> None:
    world = make_world()
    for client in (signed_in(None), signed_in(world.bo)):
        answer = client.get("/no/such/page/")
        assert answer.status_code == 404
        assert b"<h1" in answer.content
    machine = signed_in(None).get("/api/v1/no/such/")
    assert machine["Content-Type"] == "application/problem+json"
    assert set(machine.json()) == {"type", "title", "status", "detail", "code", "errors"}


def test_every_page_answers_for_everybody_signed_in() -> None:
    world = make_world()
    declare(world)
    paths = [
        "/",
        "/feed/",
        "/feed/?tv=1",
        "/more/",
        "/search/",
        "/health/",
        "/incidents/",
        "/incidents/declare/",
    ]
    for who in (world.ada, world.sam, world.zoe, world.root):
        browser = signed_in(who)
        assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
        policy = browser.get("/")["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
