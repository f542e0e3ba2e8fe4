"""The API of teams, people and memberships."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import api_client, make_team, make_user

pytestmark = pytest.mark.django_db

WHO = ["owner", "teammate", "support", "stranger", "admin"]


@pytest.mark.parametrize("path", ["teams/", "users/", "users/me/", "memberships/", "tokens/"])
def test_without_a_token_everything_is_401(people, path):
    answer = api_client(None).get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("who", WHO)
def test_a_team_by_slug_and_by_id(people, who):
    client = people.api(who)
    by_slug = client.get("/api/v1/teams/payments/").json()
    assert by_slug == client.get(f"/api/v1/teams/{people.team.pk}/").json()
    assert {name: by_slug[name] for name in ("id", "slug", "name", "description", "visibility")} == {
        "id": people.team.pk,
        "slug": "payments",
        "name": "Payments",
        "description": "",
        "visibility": "organisation",
    }


@pytest.mark.parametrize(
    ("who", "seen"),
    [("owner", True), ("teammate", True), ("support", False), ("stranger", False), ("admin", True)],
)
def test_a_members_only_team_with_all_its_rows(private_people, who, seen):
    client = private_people.api(who)
    row = private_people.team.memberships.first()
    assert (client.get("/api/v1/teams/payments/").status_code == 200) == seen
    assert bool(client.get("/api/v1/teams/").json()["results"]) == seen
    assert (client.get(f"/api/v1/memberships/{row.pk}/").status_code == 200) == seen
    assert bool(client.get("/api/v1/memberships/?team=payments").json()["results"]) == seen
    assert bool(client.get("/api/v1/users/?team=payments").json()["results"]) == seen


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 403), ("teammate", 403), ("support", 403), ("stranger", 403), ("admin", 201)],
)
def test_only_admins_create_teams_and_people(people, who, status):
    client = people.api(who)
    assert client.post("/api/v1/teams/", {"name": "Identity"}).status_code == status
    person = {"email": "x@example.com", "name": "X"}
    assert client.post("/api/v1/users/", person).status_code == status


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("owner", True), ("teammate", False), ("support", False), ("stranger", False), ("admin", True)],
)
def test_only_managers_and_admins_change_memberships(people, who, allowed):
    client = people.api(who)
    body = {"team": "payments", "user": people.stranger.pk, "role": "observer"}
    made = client.post("/api/v1/memberships/", body)
    assert made.status_code == (201 if allowed else 403)
    row = people.team.memberships.get(user=people.teammate)
    changed = client.patch(f"/api/v1/memberships/{row.pk}/", {"role": "observer"})
    assert changed.status_code == (200 if allowed else 403)


def test_the_last_manager_is_a_conflict(people):
    row = people.team.memberships.get(user=people.owner)
    answer = people.api("owner").delete(f"/api/v1/memberships/{row.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_manager")


@pytest.mark.parametrize(
    ("who", "all_seen"),
    [("owner", True), ("teammate", False), ("support", False), ("stranger", False), ("admin", True)],
)
def test_addresses_are_for_admins_managers_and_oneself(people, who, all_seen):
    rows = people.api(who).get("/api/v1/users/").json()["results"]
    assert {row["name"] for row in rows} == {
        "Olga Owner",
        "Tom Teammate",
        "Sue Support",
        "Sam Stranger",
        "Ada Admin",
    }
    own = getattr(people, who).name
    assert {row["name"] for row in rows if "email" in row} == (
        {row["name"] for row in rows} if all_seen else {own}
    )


def test_me(people):
    shown = people.api("teammate", scopes=["read"]).get("/api/v1/users/me/").json()
    assert shown == {
        "id": people.teammate.pk,
        "name": "Tom Teammate",
        "email": people.teammate.email,
        "time_zone": "UTC",
        "language": "en",
        "theme": "system",
        "clock_24h": True,
        "week_starts_monday": True,
        "single_keys": True,
        "is_admin": False,
        "is_support": False,
        "teams": [{"team": "payments", "role": "responder"}],
        "scopes": ["read"],
    }


def test_changing_oneself(people):
    client = people.api("stranger")
    assert client.patch("/api/v1/users/me/", {"time_zone": "Asia/Tokyo"}).json()["time_zone"] == "Asia/Tokyo"
    refused = client.patch("/api/v1/users/me/", {"time_zone": "Nowhere"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["time_zone"])
    client.patch("/api/v1/users/me/", {"is_admin": True, "email": "x@example.com"})
    people.stranger.refresh_from_db()
    assert (people.stranger.is_superuser, people.stranger.email == "x@example.com") == (False, False)


@pytest.mark.parametrize(
    "path",
    [
        *("teams/99999999999999999999/", "teams/nowhere/", f"teams/{'x' * 200}/", "teams/%00/"),
        *("users/999999999999999999/", "memberships/999999999999999999/", "tokens/1/"),
    ],
)
def test_what_is_not_there_is_404(people, path):
    answer = people.api("admin").get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"team": "nowhere", "user": 1, "role": "observer"},
        {"team": ["payments"], "user": 1, "role": "observer"},
        {"team": True, "user": 1, "role": "observer"},
        {"team": "payments", "user": 2**70, "role": "observer"},
        {"team": "payments", "user": "x", "role": "observer"},
        {"team": "payments", "user": 1, "role": "boss"},
        {},
        [],
        "x",
    ],
)
def test_bad_bodies_are_400_with_reasons(people, body):
    answer = people.api("admin").post("/api/v1/memberships/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize("path", ["teams/", "users/", "memberships/", "users/me/", "tokens/"])
@pytest.mark.parametrize("who", ["teammate", "stranger"])
def test_lists_cost_the_same_for_one_and_three_rows(people, path, who):
    client, counts = people.api(who), []
    for _round in range(2):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"/api/v1/{path}").status_code == 200
        counts.append(len(caught))
        for _more in range(2):
            make_team(manager=make_user())
            people.api(who)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "path", ["/settings/teams/", "/settings/people/", "/settings/teams/payments/", "/settings/tokens/"]
)
def test_pages_cost_the_same_for_one_and_three_rows(people, path):
    from tests.factories import make_membership

    browser, counts = people.browser("admin"), []
    for _round in range(2):
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(path).status_code == 200
        counts.append(len(caught))
        for _more in range(2):
            make_team(manager=make_user())
            make_membership(make_user(), people.team)
            people.api("admin")
    assert counts[0] == counts[1]


def test_a_repeated_idempotency_key_gives_the_first_answer(people):
    client = people.api("admin")
    first = client.post("/api/v1/teams/", {"name": "Identity"}, headers={"Idempotency-Key": "k1"})
    again = client.post("/api/v1/teams/", {"name": "Identity"}, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


def test_the_schema_has_no_warnings(people, capsys):
    from django.urls import include, path
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator
    from rest_framework.routers import SimpleRouter

    from teams.api import routes

    router = SimpleRouter()
    routes.register(router)
    patterns = [path("api/v1/", include([*routes.extra_urls, *router.urls]))]
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)
    names = [each["operationId"] for way in schema["paths"].values() for each in way.values()]
    assert sorted(names) == sorted(set(names))
    assert GENERATOR_STATS._warn_cache == {}
    assert GENERATOR_STATS._error_cache == {}
