"""Connections to issue trackers: who sets them up, what is never shown, what GitHub is asked, what its webhooks may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.crypto import unseal
from core.errors import InvalidInput
from incidents.actions.trackers import (
    change_tracker,
    check_tracker,
    connect_tracker,
    place_of,
    rotate_tracker_secret,
)
from incidents.models import TrackerConnection, TrackerEvent
from incidents.trackers import TrackerError, tracker_of
from incidents.trackers.github import client as github_client
from teams.models import AuditEntry
from tests.factories import api_client, make_token, signed_in
from tests.incidents.github import PROJECT, TOKEN, GitHubApi, connected, deliver, github_api, payload
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
URL, API = "/settings/trackers/", "/api/v1/tracker-connections/"
NOBODY = ("bo", "sam", "zoe")


@pytest.fixture(autouse=True)
def _local(settings: Any, monkeypatch: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)
    monkeypatch.setattr(github_client.GitHub, "limit", 1.0)


@pytest.fixture
def github() -> Iterator[GitHubApi]:
    with github_api() as server:
        yield server


@pytest.fixture
def world() -> World:
    return make_world()


def entry(world: World, **fields: Any) -> dict[str, Any]:
    return {"team": world.team.pk, "project": PROJECT, "token": TOKEN, "labels": "a, b"} | fields


def test_a_manager_connects_a_repository_and_sees_the_secret_once(world: World) -> None:
    browser = signed_in(world.ada)
    assert "Issue trackers" in browser.get("/settings/").content.decode()
    assert "No tracker connected yet" in browser.get(URL).content.decode()
    answer = browser.post(f"{URL}new/", entry(world))
    row = TrackerConnection.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}{row.pk}/")
    secret = unseal(row.sealed_secret)
    first, second = (browser.get(f"{URL}{row.pk}/").content.decode() for _n in range(2))
    assert secret in first and secret not in second
    for page in (first, second, browser.get(URL).content.decode()):
        assert TOKEN not in page
    assert f"/api/v1/trackers/{row.hook_key}/" in second
    assert (unseal(row.sealed_token), row.token_hint, row.labels) == (TOKEN, TOKEN[-4:], ["a", "b"])
    stored = json.dumps(list(AuditEntry.objects.values()), default=str) + str(row.__dict__)
    assert TOKEN not in stored and secret not in stored
    assert TOKEN not in repr(place_of(row))


@pytest.mark.parametrize(
    "wrong",
    [
        {"project": "acme"},
        {"project": "acme/.."},
        {"project": "acme/shop/../../x"},
        {"token": "short"},
        {"token": "has a space in it"},
        {"base_url": "file:///etc/passwd"},
        {"base_url": "https://u:p@example.com/"},
        {"team": 10**9},
        {"labels": ",".join(map(str, range(30)))},
    ],
)
def test_what_is_wrong_is_said_beside_its_field(world: World, wrong: dict[str, Any]) -> None:
    answer = signed_in(world.ada).post(f"{URL}new/", entry(world, **wrong))
    assert answer.status_code == 422
    assert TOKEN not in answer.content.decode()
    assert not TrackerConnection.objects.exists()


def test_others_find_nothing(world: World, github: GitHubApi) -> None:
    row, _secret = connected(world, github)
    for name in NOBODY:
        browser = signed_in(getattr(world, name))
        for path in ("", "new/", f"{row.pk}/", f"{row.pk}/rotate/"):
            assert browser.get(f"{URL}{path}").status_code == 404, (name, path)
        for path in ("new/", f"{row.pk}/", *(f"{row.pk}/{verb}/" for verb in ("check", "rotate", "remove"))):
            assert browser.post(f"{URL}{path}", entry(world)).status_code == 404, (name, path)
    assert Client().get(URL).status_code == 302
    for name in ("ada", "root"):
        assert signed_in(getattr(world, name)).get(f"{URL}{row.pk}/").status_code == 200
    assert github.calls == []


def test_the_api_gives_what_the_pages_give(world: World, github: GitHubApi) -> None:
    api = api_client(world.ada)
    body = {"team": world.team.slug, "project": PROJECT, "token": TOKEN, "base_url": github.base}
    made = api.post(API, body, format="json")
    assert made.status_code == 201, made.content
    row = TrackerConnection.objects.get()
    assert made.json()["secret"] == unseal(row.sealed_secret)
    url = f"{API}{row.pk}/"
    shown = api.get(url).json()
    assert "secret" not in shown and TOKEN not in str(shown) and shown["token_hint"] == TOKEN[-4:]
    assert api.post(f"{url}check/").json() == {"problem": ""}
    changed = api.patch(url, {"labels": ["x"], "active": False}, format="json")
    assert (changed.status_code, changed.json()["labels"], changed.json()["active"]) == (200, ["x"], False)
    other = api.patch(url, {"base_url": "https://evil.example.com"}, format="json")
    assert (other.status_code, list(other.json()["errors"])) == (400, ["token"])
    assert api.patch(url, {"odd": 1}, format="json").status_code == 400
    before = row.sealed_secret
    assert api.post(f"{url}rotate-secret/").json()["secret"]
    row.refresh_from_db()
    assert row.sealed_secret != before
    assert api.post(f"{url}disconnect/", {"confirm": "no"}, format="json").status_code == 400
    for name in NOBODY:
        other_api = api_client(getattr(world, name))
        assert other_api.get(API).json()["results"] == []
        assert other_api.get(url).status_code == 404
        assert other_api.patch(url, {"labels": []}, format="json").status_code == 404
        assert other_api.post(f"{url}disconnect/", {"confirm": PROJECT}, format="json").status_code == 404
        assert other_api.post(f"{url}check/").status_code == 404
        assert other_api.post(API, body, format="json").status_code == 403
    assert api.post(f"{url}disconnect/", {"confirm": PROJECT}, format="json").status_code == 204


def test_a_token_without_manage_reads_nothing(world: World, github: GitHubApi) -> None:
    connected(world, github)
    _row, secret = make_token(world.ada, scopes=["read"])
    answer = Client().get(API, headers={"Authorization": f"Bearer {secret}"})
    assert answer.json()["results"] == []


def test_the_list_asks_as_much_for_three_as_for_one(world: World, github: GitHubApi) -> None:
    browser = signed_in(world.ada)
    connected(world, github)
    browser.get(URL)
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get(URL)
    connected(world, github)
    connected(world, github)
    with CaptureQueriesContext(connection) as three:
        browser.get(URL)
    assert len(three) == len(one)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ((401, {}, {"message": "Bad credentials"}), "does not take the token"),
        ((403, {}, {"message": "Resource not accessible"}), "may not do this"),
        ((404, {}, {}), "no such repository"),
        ((301, {"location": "https://example.com"}, {}), "redirects are not followed"),
        ((429, {"retry-after": "7"}, {}), "rate limit"),
        ((500, {}, {}), "HTTP 500"),
        ((200, {}, ["odd"]), "not GitHub's"),
        ((200, {}, {"has_issues": False}), "no issues"),
        ((200, {}, {"has_issues": True, "archived": True}), "archived"),
        ("hang", "did not answer"),
    ],
)
def test_the_check_really_asks_and_says_what_is_wrong(
    world: World, github: GitHubApi, fault: Any, words: str
) -> None:
    row, _secret = connected(world, github)
    github.faults = [fault]
    browser = signed_in(world.ada)
    assert browser.post(f"{URL}{row.pk}/check/").status_code == 302
    row.refresh_from_db()
    assert words in row.problem
    assert row.problem.split("'")[0] in browser.get(f"{URL}{row.pk}/").content.decode()
    assert check_tracker(actor=world.actor("ada"), connection_id=row.pk) == ""
    row.refresh_from_db()
    assert (row.problem, github.calls[-1][:2]) == ("", ("GET", f"/repos/{PROJECT}"))


def test_private_networks_and_plain_http_are_refused(world: World, github: GitHubApi, settings: Any) -> None:
    row, _secret = connected(world, github)
    settings.WEBHOOK_ALLOWED_NETWORKS = ()
    assert "private network" in tracker_of("github").check(place_of(row))
    TrackerConnection.objects.update(base_url="http://8.8.8.8/api/v3")
    row.refresh_from_db()
    assert "https only" in tracker_of("github").check(place_of(row))
    assert github.calls == []


def test_issues_with_long_bodies_are_looked_through(world: World, github: GitHubApi) -> None:
    from core import clock
    from incidents.trackers import Draft

    row, _secret = connected(world, github)
    tracker, place = tracker_of("github"), place_of(row)
    draft = Draft(title="t", body="<!-- m -->", state="open", marker="<!-- m -->")
    github.now = clock.now().isoformat()
    made = tracker.create(place, draft)
    for _n in range(9):
        github.made({"title": "long", "body": "ä" * 60_000})
    found = tracker.find(place, draft, clock.now().replace(year=2020))
    assert found is not None and found.number == made.number
    assert tracker.find(place, draft, clock.now().replace(year=2100)) is None
    github.faults = [(200, {}, [{"created_at": 5}])]
    with pytest.raises(TrackerError):
        tracker.find(place, draft, clock.now())


def test_a_new_address_needs_the_token_and_the_typed_name_removes(world: World, github: GitHubApi) -> None:
    row, _secret = connected(world, github)
    values: dict[str, Any] = {"project": PROJECT, "name": "Shop", "labels": [], "active": True}
    with pytest.raises(InvalidInput) as error:
        change_tracker(
            actor=world.actor("ada"),
            connection_id=row.pk,
            base_url="https://ghe.example.com/api/v3",
            **values,
        )
    assert list(error.value.fields) == ["token"]
    browser = signed_in(world.ada)
    saved = browser.post(f"{URL}{row.pk}/", {"project": PROJECT, "base_url": github.base, "name": "Shop"})
    row.refresh_from_db()
    assert (saved.status_code, row.name, row.active, unseal(row.sealed_token)) == (302, "Shop", False, TOKEN)
    assert browser.post(f"{URL}{row.pk}/remove/", {"confirm": "x"}).status_code == 422
    assert browser.post(f"{URL}{row.pk}/remove/", {"confirm": PROJECT}).status_code == 302
    assert not TrackerConnection.objects.exists()
    assert browser.get(f"{URL}{row.pk}/").status_code == 404


@pytest.fixture
def hooked(world: World, github: GitHubApi) -> tuple[TrackerConnection, str, dict[str, Any]]:
    row, secret = connected(world, github)
    return row, secret, payload("opened", github.made({"title": "Somebody's own"}))


Hooked = tuple[TrackerConnection, str, dict[str, Any]]


def test_ping_and_issues_are_taken_once(hooked: Hooked) -> None:
    row, secret, body = hooked
    client = Client(enforce_csrf_checks=True)
    ping = {
        "zen": "Design for failure.",
        "hook_id": 1,
        "hook": {"type": "Repository"},
        "repository": body["repository"],
    }
    first = deliver(client, row, secret, "ping", ping, "ping-0001")
    assert (first.status_code, first.json()) == (202, {"detail": "Taken in."})
    assert deliver(client, row, secret, "issues", body).status_code == 202
    again = deliver(client, row, secret, "issues", body)
    assert (again.status_code, again.json()) == (202, {"detail": "It was here before."})
    assert deliver(client, row, secret, "star", {**body, "action": "created"}, "star-0001").status_code == 202
    assert TrackerEvent.objects.count() == 3
    row.refresh_from_db()
    assert row.last_heard_at is not None


def test_what_is_not_signed_or_cannot_be_read_is_refused(hooked: Hooked) -> None:
    row, secret, body = hooked
    client = Client()

    def status(event: str = "issues", value: Any = body, **more: Any) -> int:
        return int(deliver(client, row, secret, event, value, **more).status_code)

    for signed in ("", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "sha256=ä"):
        assert status(**{"X-Hub-Signature-256": signed}) == 401
    assert deliver(client, row, "another", "issues", body).status_code == 401
    assert status(delivery="") == 400
    assert status(value=b"{") == 400
    assert status(value=b"\xff\xfe") == 400
    assert status(value=[1]) == 400
    assert status(value=b"[" * 5000) == 400
    assert status(value={**body, "issue": {"number": "1"}}) == 400
    assert status(value={**body, "issue": None}) == 400
    assert status(value={**body, "repository": {"full_name": "acme/other"}}) == 400
    assert status(event="issue_comment", value={**body, "action": "created"}) == 400
    assert status(content_type="application/x-www-form-urlencoded") == 400
    assert status(value=b" " * 1_048_577) == 413
    assert client.get(f"/api/v1/trackers/{row.hook_key}/").status_code == 405
    assert (
        client.post(f"/api/v1/trackers/{'0' * 32}/", b"{}", content_type="application/json").status_code
        == 404
    )
    TrackerConnection.objects.update(active=False)
    assert status() == 404
    assert not TrackerEvent.objects.exists()


def test_a_new_secret_ends_the_old_one(world: World, hooked: Hooked) -> None:
    row, secret, body = hooked
    new = rotate_tracker_secret(actor=world.actor("ada"), connection_id=row.pk)
    assert deliver(Client(), row, secret, "issues", body).status_code == 401
    assert deliver(Client(), row, new, "issues", body).status_code == 202


def test_too_many_webhooks_are_told_to_wait(hooked: Hooked, monkeypatch: Any) -> None:
    row, secret, body = hooked
    monkeypatch.setattr("incidents.views.trackers.ratelimit.take", lambda *_a, **_k: 7)
    answer = deliver(Client(), row, secret, "issues", body)
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")


def test_only_managers_of_the_team_connect(world: World) -> None:
    for name in NOBODY:
        with pytest.raises(Exception, match="manager"):
            connect_tracker(actor=world.actor(name), team_id=world.team.pk, project=PROJECT, token=TOKEN)
