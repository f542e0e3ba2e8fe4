"""Checks, locations and the worker's addresses in the API and admin: who sees them and who may change them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from alerts.actions import check_locations as places
from alerts.models import Check, CheckLocation, CheckResult, CheckRun, CheckSpan, Integration
from teams.actor import system_actor
from tests.alerts.test_checks import START, make_check, make_location
from tests.factories import api_client, make_token, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")
LEASE, RESULTS = "/api/v1/check-worker/lease/", "/api/v1/check-worker/results/"


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    made = make_world(visibility=request.param)
    make_check(made, [make_location("A"), make_location("B")], headers={"X-Key": "s3cret"})
    return made


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


def worker(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def location(name: str) -> tuple[CheckLocation, APIClient]:
    row, token = places.save_location(actor=system_actor(), name=name, with_token=True)
    return row, worker(token)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_it(world: World, name: str) -> None:
    pk, api = Check.objects.get().pk, api_client(getattr(world, name))
    found = api.get(f"/api/v1/checks/{pk}/")
    assert found.status_code == (200 if may_see(world, name) else 404)
    listed = api.get("/api/v1/checks/")
    assert len(listed.json()["results"]) == int(may_see(world, name))
    assert "s3cret" not in found.content.decode() + listed.content.decode()


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_changes_it(world: World, name: str) -> None:
    check, api = Check.objects.get(), api_client(getattr(world, name))
    manages = name in ("ada", "root")
    refused = 403 if may_see(world, name) else 404
    path = f"/api/v1/checks/{check.pk}/"
    assert api.patch(path, {"name": "Mine"}).status_code == (200 if manages else refused)
    for action in ("check-now", "pause", "resume"):
        assert api.post(f"{path}{action}/").status_code == (200 if manages else refused)
    body = {
        "name": "New",
        "service": world.service.slug,
        "kind": "tcp",
        "target": "db.example.org:5432",
        "locations": list(CheckLocation.objects.values_list("pk", flat=True)),
    }
    made = api.post("/api/v1/checks/", body)
    assert made.status_code == (201 if manages else 403 if may_see(world, name) else 400)
    assert api.delete(path).status_code == (204 if manages else refused)
    assert list(Check.objects.values_list("name", flat=True)) == (["New"] if manages else ["Shop"])


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sets_locations_up(name: str) -> None:
    world, row = make_world(), make_location("A")
    api, admin = api_client(getattr(world, name)), name == "root"
    path = f"/api/v1/check-locations/{row.pk}/"
    assert [found["name"] for found in api.get("/api/v1/check-locations/").json()["results"]] == ["A"]
    assert api.get(path).status_code == 200
    made = api.post("/api/v1/check-locations/", {"name": "Berlin"})
    assert made.status_code == (201 if admin else 403)
    assert api.patch(path, {"is_active": False}).status_code == (200 if admin else 403)
    assert api.post(f"{path}new-token/").status_code == (201 if admin else 403)
    assert api.delete(path).status_code == (204 if admin else 403)
    assert list(CheckLocation.objects.values_list("name", flat=True)) == (["Berlin"] if admin else ["A"])


def test_a_token_of_one_team_sets_no_location_up() -> None:
    world = make_world()
    api = api_client(world.root, team=world.team)
    assert api.post("/api/v1/check-locations/", {"name": "X"}).status_code == 403


def test_visitors_are_sent_away(world: World) -> None:
    paths = ("/api/v1/checks/", f"/api/v1/checks/{Check.objects.get().pk}/", "/api/v1/check-locations/")
    assert [api_client(None).get(path).status_code for path in paths] == [401] * 3


def test_made_and_changed_by_the_api() -> None:
    world = make_world()
    api = api_client(world.ada)
    a, b = make_location("A"), make_location("B")
    body: dict[str, Any] = {
        "name": "Shop",
        "service": world.service.slug,
        "target": "https://shop.example.org/",
        "settings": {"contains": "Welcome"},
        "headers": {"Authorization": "Bearer x"},
        "interval_seconds": 300,
        "locations": [a.pk, b.pk],
    }
    with time_machine.travel(START, tick=False):
        made = api.post("/api/v1/checks/", body).json()
    assert {name: made[name] for name in made if name not in ("id", "integration")} == {
        "name": "Shop",
        "service": world.service.slug,
        "team": world.team.slug,
        "kind": "http",
        "target": "https://shop.example.org/",
        "settings": {
            "method": "GET",
            "statuses": "200-399",
            "contains": "Welcome",
            "not_contains": "",
            "follow_redirects": True,
            "verify_tls": True,
        },
        "headers": ["Authorization"],
        "interval_seconds": 300,
        "timeout_seconds": 10,
        "needed": 2,
        "severity": "critical",
        "status": "waiting",
        "changed_at": "2026-03-02T03:12:00Z",
        "locations": [
            {
                "id": row.pk,
                "name": row.name,
                "ok": None,
                "detail": "",
                "milliseconds": None,
                "seen_at": None,
                "next_at": "2026-03-02T03:12:00Z",
            }
            for row in (a, b)
        ],
        "created_at": "2026-03-02T03:12:00Z",
    }
    path = f"/api/v1/checks/{made['id']}/"
    changed = api.patch(
        path, {"settings": {"statuses": "200"}, "headers": {"Authorization": None, "X": "y"}}
    ).json()
    assert (changed["settings"]["statuses"], changed["settings"]["contains"]) == ("200", "Welcome")
    assert changed["headers"] == ["Authorization", "X"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"kind": "ping"}, "kind"),
        ({"settings": {"statuses": "fine"}}, "settings.statuses"),
        ({"settings": {"days": 3}}, "settings.days"),
        ({"settings": {"follow_redirects": 1}}, "settings.follow_redirects"),
        ({"target": "shop.example.org"}, "target"),
        ({"target": "https://user:pass@shop.example.org/"}, "target"),
        ({"target": "http://169.254.169.254/latest/"}, "target"),
        ({"target": "https://a..b/"}, "target"),
        ({"kind": "tcp", "headers": {}, "target": "[fe80::1]:80"}, "target"),
        ({"kind": "tcp"}, "headers"),
        ({"kind": "dns", "headers": {}, "target": "not a name"}, "target"),
        ({"kind": "tcp", "headers": {}, "target": "db.example.org"}, "target"),
        ({"kind": "tcp", "headers": {}, "target": "db:70000"}, "target"),
        ({"headers": {"X": "a\nb"}}, "headers"),
        ({"headers": {"Content-Length": "3"}}, "headers"),
        ({"locations": []}, "locations"),
        ({"interval_seconds": 5}, "interval_seconds"),
        ({"service": "nothing"}, "service"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    world = make_world()
    body: dict[str, Any] = {
        "name": "Shop",
        "service": world.service.slug,
        "target": "https://shop.example.org/",
        "headers": {"X": "y"},
        "locations": [make_location("A").pk, make_location("B").pk],
    }
    answer = api_client(world.ada).post("/api/v1/checks/", body | change)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Check.objects.exists()
    assert not Integration.objects.filter(kind="check").exists()


def test_uptime_is_told() -> None:
    world = make_world()
    check = make_check(world, [make_location("A"), make_location("B")])
    CheckSpan.objects.all().delete()
    with time_machine.travel(START, tick=False):
        day = dt.timedelta(days=1)
        CheckSpan.objects.create(made_for=check, status="up", since=START - 20 * day, until=START - 2 * day)
        CheckSpan.objects.create(made_for=check, status="down", since=START - 2 * day, until=START - day)
        CheckSpan.objects.create(made_for=check, status="unknown", since=START - day)
        found = api_client(world.ada).get(f"/api/v1/checks/{check.pk}/").json()
    assert found["uptime"] == {
        "days_1": None,
        "days_7": pytest.approx(5 / 6),
        "days_30": pytest.approx(18 / 19),
        "days_90": pytest.approx(18 / 19),
    }


def test_a_worker_takes_and_reports() -> None:
    world = make_world()
    a, api = location("A")
    _b, other = location("B")
    with time_machine.travel(START, tick=False) as moved:
        check = make_check(world, [a, CheckLocation.objects.get(name="B")], headers={"X-Key": "s3cret"})
        leased = api.post(LEASE, {"limit": 5}).json()
        [work] = leased["work"]
        run = CheckRun.objects.get(location=a)
        assert work == {
            "run": run.pk,
            "lease": "2026-03-02T03:12:40+00:00",
            "kind": "http",
            "target": "https://shop.example.org/",
            "settings": check.settings,
            "headers": {"X-Key": "s3cret"},
            "timeout_seconds": 10,
        }
        assert (leased["next_at"], leased["wait_seconds"]) == ("2026-03-02T03:12:40Z", 3.0)
        result = {
            "run": work["run"],
            "lease": work["lease"],
            "ok": False,
            "detail": "Refused\x00",
            "milliseconds": 7,
        }
        assert other.post(RESULTS, {"results": [result]}).json() == {"taken": 0, "late": 0, "refused": 1}
        assert not CheckResult.objects.exists()
        assert api.post(RESULTS, {"results": [result, result]}).json() == {
            "taken": 1,
            "late": 1,
            "refused": 0,
        }
        [kept] = CheckResult.objects.all()
        assert (kept.location, kept.ok, kept.detail, kept.milliseconds, kept.at) == (
            a,
            False,
            "Refused",
            7,
            START,
        )
        moved.shift(dt.timedelta(seconds=59.5))
        assert api.post(LEASE, {}).json() == {
            "work": [],
            "next_at": "2026-03-02T03:13:00Z",
            "wait_seconds": 0.5,
        }
    row, idle = location("C")
    assert idle.post(LEASE).json() == {"work": [], "next_at": None, "wait_seconds": 10.0}
    row.refresh_from_db()
    assert row.last_seen_at is not None


def test_whom_the_workers_addresses_refuse() -> None:
    world = make_world()
    row, api = location("A")
    assert api.post(LEASE, {}).status_code == 200
    _token, secret = make_token(world.root)
    refused = [
        APIClient(),
        worker("x" * 40),
        worker(""),
        worker(secret),
        api_client(world.root),
        worker("\u00fc" * 30),
    ]
    for path in (LEASE, RESULTS):
        for client in refused:
            answer = client.post(path, {"results": []})
            assert (answer.status_code, answer.json()["code"]) in [
                (401, "authentication_failed"),
                (401, "not_authenticated"),
            ]
        signed = signed_in(world.root).post(path, {}, content_type="application/json")
        assert signed.status_code == 401
    assert api.get("/api/v1/checks/").status_code == 401, "it opens nothing else"
    places.save_location(actor=system_actor(), location_id=row.pk, name="A", is_active=False)
    assert api.post(LEASE, {}).status_code == 401
    places.save_location(actor=system_actor(), location_id=row.pk, name="A")
    _row, fresh = places.renew_location_token(actor=system_actor(), location_id=row.pk)
    assert [api.post(LEASE, {}).status_code, worker(fresh).post(LEASE, {}).status_code] == [401, 200]
    places.delete_location(actor=system_actor(), location_id=row.pk)
    assert worker(fresh).post(LEASE, {}).status_code == 401


def test_bad_reports_are_refused_with_reasons() -> None:
    _row, api = location("A")
    good = {"run": 1, "lease": "x", "ok": True, "detail": "", "milliseconds": 0}
    assert api.post(RESULTS, {"results": [good]}).json() == {"taken": 0, "late": 0, "refused": 1}
    wrong: list[tuple[Any, str]] = [
        ({}, "results"),
        ({"results": [good | {"ok": "perhaps"}]}, "results.0.ok"),
        ({"results": [good | {"milliseconds": -1}]}, "results.0.milliseconds"),
        ({"results": [good | {"run": 2**70}]}, "results.0.run"),
        ({"results": [good | {"more": 1}]}, "results.0.more"),
        ({"results": [good] * 201}, "results"),
        ({"results": "x"}, "results"),
    ]
    for body, field in wrong:
        answer = api.post(RESULTS, body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), body
    assert api.post(LEASE, {"limit": 51}).status_code == 400


def test_a_location_that_asks_too_often_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    _row, api = location("A")
    monkeypatch.setattr("core.ratelimit.take", lambda *_args, **_kwargs: 7)
    answer = api.post(LEASE, {})
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")


def test_its_integration_is_changed_with_it_alone() -> None:
    world = make_world()
    check = make_check(world, [make_location("A"), make_location("B")])
    api = api_client(world.ada)
    path = f"/api/v1/integrations/{check.integration_id}/"
    assert [api.patch(path, {"is_active": False}).status_code, api.delete(path).status_code] == [409, 409]
    body = {"name": "X", "kind": "check", "service": world.service.slug}
    assert api.post("/api/v1/integrations/", body).status_code == 400


def test_lists_take_as_many_queries_for_three_rows_as_for_one() -> None:
    world = make_world()
    api = api_client(world.root)
    rows = [make_location("A"), make_location("B")]
    make_check(world, rows)
    for path in ("/api/v1/checks/", "/api/v1/check-locations/"):
        api.get(path)
        with CaptureQueriesContext(connection) as one:
            api.get(path)
        for number in range(2):
            rows.append(make_location(f"{path} {number}"))
            make_check(world, rows, name=f"{path} {number}")
        with CaptureQueriesContext(connection) as three:
            api.get(path)
        assert len(three) == len(one)


def test_admin_shows_them_without_secrets() -> None:
    world = make_world()
    a, b = make_location("A"), make_location("B")
    check = make_check(world, [a, b], headers={"X-Key": "s3cret"})
    result = CheckResult.objects.create(made_for=check, location=a, at=START, ok=True)
    client = signed_in(world.root)
    for model, pk in (("check", check.pk), ("checklocation", a.pk), ("checkresult", result.pk)):
        assert client.get(f"/admin/alerts/{model}/").status_code == 200
        page = client.get(f"/admin/alerts/{model}/{pk}/change/")
        assert page.status_code == 200
        assert check.headers_sealed not in page.content.decode()
        assert str(a.token_digest) not in page.content.decode()
