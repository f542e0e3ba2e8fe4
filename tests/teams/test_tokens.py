"""API tokens: scopes, team, expiry, revocation; never more than the person may."""

from __future__ import annotations

import datetime as dt

import pytest

from core import clock
from core.errors import InvalidInput, NotVisible
from teams.actions.tokens import create_token, revoke_token
from teams.actor import actor_for
from teams.models import APIToken, AuditEntry
from tests.factories import api_client, make_team, make_token

pytestmark = pytest.mark.django_db
ME = "/api/v1/users/me/"


def bearer(secret):
    client = api_client(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_the_secret_works_and_is_not_stored(people):
    token, secret = create_token(actor=people.actor("owner"), name="script", scopes=["read"])
    assert bearer(secret).get(ME).json()["scopes"] == ["read"]
    stored = APIToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(stored)
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_read_token_cannot_write(people):
    client = people.api("owner", scopes=["read"])
    answer = client.patch("/api/v1/teams/payments/", {"name": "Money"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    people.team.refresh_from_db()
    assert people.team.name == "Payments"


def test_a_token_gives_away_only_what_it_has(people):
    row, _secret = make_token(people.owner, scopes=["read", "manage"])
    actor = actor_for(people.owner, via="api", token=row)
    with pytest.raises(InvalidInput) as refused:
        create_token(actor=actor, name="more", scopes=["read", "respond"])
    assert list(refused.value.fields) == ["scopes"]


def test_a_token_cannot_be_outlived_by_its_child(people):
    soon = clock.now() + dt.timedelta(hours=1)
    row, _secret = make_token(people.owner, expires_at=soon)
    actor = actor_for(people.owner, via="api", token=row)
    for later in (None, soon + dt.timedelta(seconds=1)):
        with pytest.raises(InvalidInput) as refused:
            create_token(actor=actor, name="child", scopes=["read"], expires_at=later)
        assert list(refused.value.fields) == ["expires_at"]
    assert create_token(actor=actor, name="child", scopes=["read"], expires_at=soon)[0].expires_at == soon


@pytest.mark.parametrize("scopes", [[], ["all"], ["read", "x"]])
def test_unknown_or_no_scopes_are_refused(people, scopes):
    with pytest.raises(InvalidInput):
        create_token(actor=people.actor("owner"), name="x", scopes=scopes)


def test_the_bound_team_must_be_an_own_one(people):
    foreign = make_team("Identity")
    with pytest.raises(InvalidInput) as refused:
        create_token(actor=people.actor("owner"), name="x", scopes=["read"], team_id=foreign.pk)
    assert list(refused.value.fields) == ["team"]
    token, _secret = create_token(
        actor=people.actor("owner"), name="x", scopes=["read"], team_id=people.team.pk
    )
    assert token.team == people.team


def test_a_bound_token_sees_one_team(people):
    make_team("Identity", manager=people.owner)
    client = people.api("owner", team=people.team)
    assert [team["slug"] for team in client.get("/api/v1/teams/").json()["results"]] == ["payments"]
    assert client.get("/api/v1/teams/identity/").status_code == 404
    names = [user["name"] for user in client.get("/api/v1/users/").json()["results"]]
    assert sorted(names) == ["Olga Owner", "Tom Teammate"]


def test_a_bound_admin_token_administers_nothing_else(people):
    client = people.api("admin", team=people.team)
    assert client.post("/api/v1/teams/", {"name": "New one"}).status_code == 403
    answer = client.patch(f"/api/v1/users/{people.teammate.pk}/", {"is_admin": True})
    assert answer.status_code == 403
    assert client.patch("/api/v1/teams/payments/", {"name": "Money"}).status_code == 200


def test_expired_and_revoked_tokens_answer_401(people, time_machine):
    time_machine.move_to("2026-11-01 10:00Z", tick=False)
    soon = clock.now() + dt.timedelta(minutes=5)
    _row, secret = create_token(actor=people.actor("owner"), name="x", scopes=["read"], expires_at=soon)
    other, other_secret = create_token(actor=people.actor("owner"), name="y", scopes=["read"])
    assert bearer(secret).get(ME).status_code == 200
    time_machine.move_to(soon, tick=False)
    answer = bearer(secret).get(ME)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    revoke_token(actor=people.actor("owner"), token_id=other.pk)
    assert bearer(other_secret).get(ME).status_code == 401


@pytest.mark.parametrize("who", ["teammate", "support", "stranger"])
def test_others_cannot_revoke(people, who):
    row, _secret = make_token(people.owner)
    with pytest.raises(NotVisible):
        revoke_token(actor=people.actor(who), token_id=row.pk)
    assert people.browser(who).post(f"/settings/tokens/{row.pk}/revoke/").status_code == 404
    assert people.api(who).delete(f"/api/v1/tokens/{row.pk}/").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_an_admin_can_revoke_anybodys(people):
    row, secret = make_token(people.owner)
    revoke_token(actor=people.actor("admin"), token_id=row.pk)
    assert bearer(secret).get(ME).status_code == 401


def test_the_page_shows_the_secret_once_with_a_line_that_works(people, settings):
    browser = people.browser("owner")
    form = {"name": "deploy", "scopes": ["read"], "team": "", "days": "30"}
    answer = browser.post("/settings/tokens/", form, follow=True)
    page = answer.content.decode()
    secret = answer.context["secret"]
    assert secret.startswith("wb_") and secret in page
    line = f"curl -H 'Authorization: Bearer {secret}' {settings.BASE_URL}/api/v1/users/me/"
    assert answer.context["curl"] == line
    assert bearer(secret).get(ME).json()["email"] == people.owner.email
    assert secret not in browser.get("/settings/tokens/").content.decode()


def test_the_page_answers_422_beside_the_field(people):
    answer = people.browser("owner").post("/settings/tokens/", {"name": "", "days": "30"})
    assert answer.status_code == 422
    assert sorted(answer.context["form"].errors) == ["name", "scopes"]


def test_the_api_shows_the_secret_at_creation_alone(people):
    client = people.api("owner")
    made = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"], "team": "payments"})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert bearer(secret).get(ME).status_code == 200
    assert "token" not in client.get(f"/api/v1/tokens/{made.json()['id']}/").json()
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}/").status_code == 204
    assert bearer(secret).get(ME).status_code == 401
