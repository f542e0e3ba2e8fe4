"""Sign-in by OpenID Connect against a provider that takes nothing but what the specification asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client

from config.env import load_env
from core.crypto import unseal
from core.events import publish
from teams.actions import single_sign_on
from teams.models import AuditEntry, Membership, User
from tests.factories import PASSWORD, make_membership, make_team, make_user
from tests.teams.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)

pytestmark = pytest.mark.django_db
BEGIN = "/accounts/oidc/oidc/login/"
CALLBACK = "/accounts/oidc/oidc/login/callback/"
ADA = {"sub": "ada-1", "email": "Ada@Example.com", "email_verified": True, "name": "Ada Moreau"}


def configure(settings: Any, folder: Path, url: str, **more: str) -> None:
    """As an operator does, by the environment."""
    given = {"OIDC_SERVER_URL": url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    own = {"SECRET_KEY": "unused", "ENV_FILE": "/dev/null", "WATCHBILL_DATA": str(folder)}
    env = load_env({**own, **given, "OIDC_NAME": "Corporate", **more})
    settings.SOCIALACCOUNT_PROVIDERS = env.oidc_providers
    settings.OIDC_GROUPS, settings.OIDC_GROUPS_CLAIM = env.oidc_groups, env.oidc_groups_claim


@pytest.fixture
def provider(settings: Any, tmp_path: Path) -> Iterator[IdentityProvider]:
    cache.clear()
    with identity_provider(f"{project.BASE_URL}{CALLBACK}") as server:
        server.person = dict(ADA)
        groups = "sre=payments:manager, dev=payments, dev=search:observer, gone=nowhere"
        configure(settings, tmp_path, server.url, OIDC_GROUPS=groups)
        yield server


def sign_in(provider: IdentityProvider, client: Client, begin: str = BEGIN, **changes: str) -> Any:
    """From the button to the page after it. `changes` are made to what the provider sends back."""
    answer = client.get(begin)
    assert answer.status_code == 302, answer.content.decode()
    back = urlsplit(provider.browse(answer["Location"]))
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    return client.get(f"{back.path}?{urlencode({**query, **changes})}")


def signed_in(client: Client) -> bool:
    return client.get("/settings/profile/").status_code == 200


def roles() -> list[tuple[str, str, bool]]:
    rows = Membership.objects.order_by("team__slug")
    return list(rows.values_list("team__slug", "role", "from_groups"))


def nobody_came(answer: Any, client: Client, words: str, status: int = 401) -> None:
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not signed_in(client)
    assert not User.objects.filter(email="ada@example.com").exists()


def test_the_first_visit_makes_an_account_with_its_teams(provider: Any, client: Client) -> None:
    make_team("Payments", slug="payments")
    make_team("Search", slug="search")
    provider.told = {"groups": ["sre", "dev", "choir"]}
    answer = sign_in(provider, client, f"{BEGIN}?next=/incidents/")
    assert (answer.status_code, answer["Location"]) == (302, "/incidents/")
    assert signed_in(client)
    user = User.objects.get()
    assert (user.email, user.name, user.is_superuser, user.has_usable_password()) == (
        "ada@example.com",
        "Ada Moreau",
        False,
        False,
    )
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("ada@example.com", True, True)
    ]
    assert roles() == [("payments", "manager", True), ("search", "observer", True)]
    assert AuditEntry.objects.filter(verb="created", object_type="person", via="system").count() == 1
    assert provider.refused == []


def test_without_a_mapped_group_there_is_an_account_and_no_team(provider: Any, client: Client) -> None:
    make_team("Payments", slug="payments")
    provider.told = {"groups": ["choir", "gone"]}
    sign_in(provider, client)
    assert signed_in(client)
    assert roles() == []


def test_each_later_visit_brings_memberships_up_to_date(provider: Any) -> None:
    payments, _search = make_team("Payments", slug="payments"), make_team("Search", slug="search")
    make_membership(make_user(), payments, "manager")
    steps = [
        ({"groups": ["dev"]}, {"payments": "responder", "search": "observer"}),
        ({"groups": ["sre"]}, {"payments": "manager"}),
        ({"groups": ["dev"]}, {"payments": "responder", "search": "observer"}),
        ({"groups": "sre"}, {"payments": "manager"}),
        ({"groups": {"sre": True}}, {}),
        ({"groups": ["dev"]}, {"payments": "responder", "search": "observer"}),
        ({}, {}),
    ]
    for told, wanted in steps:
        provider.told = told
        sign_in(provider, Client())
        ada = User.objects.get(email="ada@example.com")
        assert dict(ada.memberships.values_list("team__slug", "role")) == wanted
    assert User.objects.count() == 2


def test_memberships_given_by_hand_stay(provider: Any) -> None:
    payments, search = make_team("Payments", slug="payments"), make_team("Search", slug="search")
    sign_in(provider, Client())
    ada = User.objects.get()
    make_membership(ada, payments, "observer")
    make_membership(ada, search, "responder")
    provider.told = {"groups": ["sre"]}
    sign_in(provider, Client())
    assert roles() == [("payments", "observer", False), ("search", "responder", False)]


def test_groups_only_in_the_id_token_count_too(provider: Any, client: Client) -> None:
    make_team("Payments", slug="payments")
    provider.claims = {"groups": ["sre"]}
    sign_in(provider, client)
    assert roles() == [("payments", "manager", True)]


def test_a_new_address_at_the_provider_is_still_the_same_person(provider: Any) -> None:
    sign_in(provider, Client())
    provider.person["email"] = "ada.new@example.com"
    client = Client()
    sign_in(provider, client)
    assert signed_in(client)
    assert User.objects.get().email == "ada@example.com"


CONFIRM = "did not confirm who you are"
FORGED: dict[str, dict[str, Any]] = {
    "signed by another key": {"signed_by": "impostor"},
    "not signed": {"algorithm": "none"},
    "signed with a guessed secret": {"algorithm": "HS256", "signed_by": "x" * 40},
    "expired": {"claims": {"exp": 1_000_000_000}},
    "without an end": {"claims": {"exp": None}},
    "from another issuer": {"claims": {"iss": "https://evil.example"}},
    "for another client": {"claims": {"aud": "somebody else"}},
    "for several, made for another": {"claims": {"aud": [CLIENT_ID, "other"], "azp": "other"}},
    "of another sign-in": {"claims": {"nonce": "n" * 32}},
    "without nonce": {"claims": {"nonce": None}},
    "without subject": {"claims": {"sub": None}},
    "with a number as subject": {"claims": {"sub": 7}},
    "with an endless subject": {"claims": {"sub": "x" * 300}, "told": {"sub": "x" * 300}},
    "with NUL in the subject": {"claims": {"sub": "a\0"}, "told": {"sub": "a\0"}},
    "user info of somebody else": {"told": {"sub": "eve"}},
}


@pytest.mark.parametrize("what", FORGED)
def test_what_is_forged_or_stale_signs_nobody_in(provider: Any, client: Client, what: str) -> None:
    for name, value in FORGED[what].items():
        setattr(provider, name, value)
    nobody_came(sign_in(provider, client), client, CONFIRM)


def test_a_token_signed_with_the_shared_secret_is_taken(provider: Any, client: Client) -> None:
    provider.algorithm, provider.signed_by = "HS256", CLIENT_SECRET
    sign_in(provider, client)
    assert signed_in(client)


def test_a_state_that_is_not_ours_is_refused(provider: Any, client: Client) -> None:
    nobody_came(sign_in(provider, client, state="made-up"), client, CONFIRM)
    # Nor does what one browser began count in another.
    began = client.get(BEGIN)["Location"]
    back = urlsplit(provider.browse(began))
    other = Client()
    nobody_came(other.get(f"{back.path}?{back.query}"), other, CONFIRM)
    nobody_came(client.get(CALLBACK), client, CONFIRM)


def test_an_answer_counts_once(provider: Any, client: Client) -> None:
    back = urlsplit(provider.browse(client.get(BEGIN)["Location"]))
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    client.post("/accounts/logout/")
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert not signed_in(client)


def test_a_link_cannot_change_what_the_provider_is_asked(provider: Any, client: Client) -> None:
    evil = urlencode({"auth_params": "redirect_uri=https://evil.example&nonce=x", "scope": "admin"})
    sign_in(provider, client, f"{BEGIN}?{evil}")
    assert (signed_in(client), provider.refused) == (True, [])


def test_the_provider_knows_the_configured_host_alone(provider: Any, client: Client) -> None:
    began = client.get(BEGIN, headers={"host": "evil.example"})["Location"]
    assert parse_qs(urlsplit(began).query)["redirect_uri"] == [f"{project.BASE_URL}{CALLBACK}"]


@pytest.mark.parametrize("wrong", ["OIDC_CLIENT_SECRET", "OIDC_CLIENT_ID"])
def test_wrong_credentials_end_on_a_page(
    provider: Any, client: Client, settings: Any, tmp_path: Path, wrong: str
) -> None:
    began = client.get(BEGIN)["Location"]
    back = urlsplit(provider.browse(began))
    configure(settings, tmp_path, provider.url, **{wrong: "wrong"})
    nobody_came(client.get(f"{back.path}?{back.query}"), client, CONFIRM)
    assert provider.refused == ["invalid_client"]


def test_errors_of_the_provider_are_told(provider: Any, client: Client) -> None:
    provider.deny = "server_error"
    nobody_came(sign_in(provider, client), client, CONFIRM)
    provider.deny = "access_denied"
    answer = sign_in(provider, client)
    assert answer["Location"] == "/accounts/3rdparty/login/cancelled/"
    nobody_came(client.get(answer["Location"]), client, "You stopped at the identity provider", 200)


BROKEN = [
    ("/token", 500, b"oops"),
    ("/token", 200, b"[]"),
    ("/token", 200, b"{}"),
    ("/token", 200, b'{"access_token": 7, "id_token": []}'),
    ("/token", 200, b"{nonsense"),
    ("/token", 200, b'{"access_token": "x", "id_token": "not a token"}'),
    ("/userinfo", 500, b""),
    ("/userinfo", 200, b"[1]"),
    ("/userinfo", 200, b"nonsense"),
    ("/jwks", 503, b""),
    ("/jwks", 200, b"[]"),
    ("/jwks", 200, b'{"keys": 3}'),
    ("/jwks", 200, b'{"keys": [{}]}'),
]


@pytest.mark.parametrize(("path", "status", "body"), BROKEN)
def test_broken_answers_end_on_a_page(
    provider: Any, client: Client, path: str, status: int, body: bytes
) -> None:
    provider.answers[path] = (status, body)
    nobody_came(sign_in(provider, client), client, "The identity provider d")


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"[]"), (200, b"{}"), (200, b"<html>")])
def test_a_broken_configuration_ends_on_a_page(
    provider: Any, client: Client, status: int, body: bytes
) -> None:
    provider.answers["/.well-known/openid-configuration"] = (status, body)
    nobody_came(client.get(BEGIN), client, "The identity provider d")


@pytest.fixture
def away(settings: Any, tmp_path: Path) -> None:
    """The provider was configured and does not answer any more."""
    cache.clear()
    configure(settings, tmp_path, "http://127.0.0.1:1")


@pytest.mark.usefixtures("away")
def test_while_the_provider_is_down_a_password_still_opens(client: Client) -> None:
    admin = make_user("Break Glass", email="root@example.com", password=PASSWORD, admin=True)
    page = client.get("/accounts/login/").content.decode()
    assert "Continue with Corporate" in page and "Or with your password" in page
    nobody_came(client.get(BEGIN), client, "does not answer as it should")
    answer = client.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    assert (answer.status_code, signed_in(client)) == (302, True)


def test_a_provider_that_goes_down_on_the_way_back(
    provider: Any, client: Client, settings: Any, tmp_path: Path
) -> None:
    back = urlsplit(provider.browse(client.get(BEGIN)["Location"]))
    configure(settings, tmp_path, "http://127.0.0.1:1")
    nobody_came(client.get(f"{back.path}?{back.query}"), client, "does not answer as it should")


def test_an_account_with_the_checked_address_is_connected_told_and_keeps_its_password(
    provider: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(single_sign_on, "publish", lambda *events: told.extend(events) or publish(*events))
    ada = make_user("Ada M", email="ada@example.com", password=PASSWORD, admin=True)
    sign_in(provider, client)
    assert signed_in(client)
    ada.refresh_from_db()
    assert (User.objects.count(), ada.name, ada.check_password(PASSWORD)) == (1, "Ada M", True)
    assert list(AuditEntry.objects.values_list("verb", "object_id", "actor_label")) == [
        ("sign-in connected", str(ada.pk), "Single sign-on")
    ]
    (mail,) = told
    assert (mail.email, mail.user_id) == ("ada@example.com", ada.pk)
    assert "Somebody signed in by Corporate with your address" in unseal(mail.sealed_body)
    sign_in(provider, Client())
    assert len(told) == 1


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1, ["true"]])
def test_an_address_nobody_checked_opens_nothing(provider: Any, client: Client, verified: Any) -> None:
    provider.person["email_verified"] = verified
    if verified is None:
        del provider.person["email_verified"]
    nobody_came(sign_in(provider, client), client, "Your address is not confirmed", 403)
    ada = make_user("Ada", email="ada@example.com", password=PASSWORD)
    answer = sign_in(provider, client)
    assert (answer.status_code, signed_in(client)) == (403, False)
    assert not SocialAccount.objects.exists()
    # The way in: the password first, then connect.
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    sign_in(provider, client, f"{BEGIN}?process=connect")
    assert list(SocialAccount.objects.values_list("user_id", "uid")) == [(ada.pk, "ada-1")]
    client = Client()
    sign_in(provider, client)
    assert signed_in(client)


def test_an_operator_may_trust_addresses(
    provider: Any, client: Client, settings: Any, tmp_path: Path
) -> None:
    del provider.person["email_verified"]
    configure(settings, tmp_path, provider.url, OIDC_TRUST_EMAIL="1")
    sign_in(provider, client)
    assert signed_in(client)


def test_without_an_address_there_is_no_account_and_no_form_to_choose_one(
    provider: Any, client: Client
) -> None:
    del provider.person["email"]
    nobody_came(sign_in(provider, client), client, "Your address is not confirmed", 403)
    assert client.get("/accounts/3rdparty/signup/")["Location"] == "/accounts/login/"


def test_an_address_only_in_the_id_token_will_do(provider: Any, client: Client) -> None:
    provider.told = {"email": None, "email_verified": None, "name": None}
    sign_in(provider, client)
    assert (signed_in(client), User.objects.get().name) == (True, "Ada Moreau")


def test_a_deactivated_person_stays_outside(provider: Any, client: Client) -> None:
    make_user("Ada", email="ada@example.com", is_active=False)
    answer = sign_in(provider, client)
    assert (answer["Location"], signed_in(client)) == ("/accounts/inactive/", False)
    User.objects.update(is_active=True)
    sign_in(provider, client)
    User.objects.update(is_active=False)
    client = Client()
    answer = sign_in(provider, client)
    assert (answer["Location"], signed_in(client)) == ("/accounts/inactive/", False)


def test_a_second_factor_is_asked_for_and_groups_follow(provider: Any, client: Client) -> None:
    make_team("Payments", slug="payments")
    ada = make_user("Ada", email="ada@example.com", password=PASSWORD)
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(ada, secret)
    provider.told = {"groups": ["dev"]}
    answer = sign_in(provider, client)
    assert (answer["Location"], signed_in(client), roles()) == ("/accounts/2fa/authenticate/", False, [])
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert (signed_in(client), roles()) == (True, [("payments", "responder", True)])


def test_without_single_sign_on_its_addresses_are_not_there(client: Client) -> None:
    assert [client.get(path).status_code for path in (BEGIN, CALLBACK)] == [404, 404]
