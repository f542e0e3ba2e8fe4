"""Sign-in: passwords, the first admin, mail with links, limits that fail open."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client

from core.crypto import unseal
from core.errors import Conflict, InvalidInput
from core.events import publish
from teams import accounts
from teams.actions.access import end_all_sessions, remove_second_factor
from teams.actions.setup import create_first_admin
from teams.models import AuditEntry, User
from tests.factories import PASSWORD, actor_of, make_user, signed_in

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def ada():
    return make_user("Ada Moreau", email="ada@example.com", password=PASSWORD, theme="dark")


def sign_in(client, password=PASSWORD, email="ada@example.com", **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def test_a_password_opens_and_leads_back(ada, client):
    answer = sign_in(client, next="/incidents/7/")
    assert (answer.status_code, answer["Location"]) == (302, "/incidents/7/")
    assert answer.cookies["wb_theme"].value == "dark"


def test_the_page_keeps_where_one_wanted_to_go(ada, client):
    assert 'name="next" value="/incidents/7/"' in client.get(f"{LOGIN}?next=/incidents/7/").content.decode()
    assert sign_in(client, next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_is_told_without_naming_accounts(ada, client):
    for email in ("ada@example.com", "nobody@example.com"):
        answer = sign_in(client, "wrong", email)
        assert answer.status_code == 422
        assert answer.context["form"].non_field_errors() == [
            "The email address and/or password you specified are not correct."
        ]


def test_guessing_is_slowed_down(ada, client):
    for _attempt in range(5):
        sign_in(client, "wrong")
    assert "Too many failed" in sign_in(client).content.decode()


def test_limits_let_everybody_in_without_redis(ada, client, settings):
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": down}
    for _attempt in range(6):
        assert sign_in(client, "wrong").status_code == 422
    assert sign_in(client).status_code == 302


def test_a_deactivated_person_stays_outside(ada, client):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    sign_in(client)
    assert client.get("/settings/profile/").status_code == 302


def test_nobody_signs_up_alone(ada, client):
    assert b"by invitation" in client.get("/accounts/signup/").content
    form = {"email": "x@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    assert User.objects.count() == 1


def test_the_address_page_of_allauth_is_closed(ada, client):
    sign_in(client)
    client.post("/accounts/email/", {"action_add": "", "email": "x@example.com"})
    ada.refresh_from_db()
    assert (ada.email, ada.emailaddress_set.filter(email="x@example.com").exists()) == (
        "ada@example.com",
        False,
    )


def test_a_reset_mail_carries_a_link_to_the_configured_host(ada, client, monkeypatch):
    sent = []
    monkeypatch.setattr(accounts, "publish", lambda *events: sent.extend(events) or publish(*events))
    for email in ("ada@example.com", "nobody@example.com"):
        answer = client.post("/accounts/password/reset/", {"email": email}, headers={"host": "evil.example"})
        assert answer.status_code == 302
    (event,) = sent
    assert (event.email, event.user_id, event.reason) == ("ada@example.com", ada.pk, "password_reset_key")
    body = unseal(event.sealed_body)
    assert f"{project.BASE_URL}/accounts/password/reset/key/" in body
    assert "evil.example" not in body and "/key/" not in str(event)


def test_a_new_password_signs_other_browsers_out(ada, client):
    other = Client()
    sign_in(client)
    sign_in(other)
    form = {"oldpassword": PASSWORD, "password1": "Another-horse-8", "password2": "Another-horse-8"}
    assert client.post("/accounts/password/change/", form).status_code == 302
    assert other.get("/settings/profile/").status_code == 302
    assert AuditEntry.objects.filter(verb="password set", actor=ada).count() == 1


def test_a_second_factor_is_asked_for_and_an_admin_can_remove_it(ada, client):
    totp.TOTP.activate(ada, totp.generate_totp_secret())
    answer = sign_in(client)
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert b"Second factor" in client.get(answer["Location"]).content
    assert client.get("/settings/profile/").status_code == 302
    admin = make_user(admin=True)
    remove_second_factor(actor=actor_of(admin), user_id=ada.pk)
    assert not Authenticator.objects.exists()
    assert sign_in(Client())["Location"] == "/"


def test_sessions_are_listed_and_ended(ada, client):
    other = Client()
    sign_in(other)
    sign_in(client)
    rows = client.get("/settings/security/").context["sessions"]
    assert len(rows) == 2
    client.post(f"/settings/security/sessions/{rows[1].pk}/end/")
    assert other.get("/settings/profile/").status_code == 302
    assert client.get("/settings/profile/").status_code == 200


def test_all_other_sessions_end_at_once(ada, client):
    other = Client()
    sign_in(other)
    sign_in(client)
    assert client.post("/settings/security/sessions/end/").status_code == 302
    assert other.get("/settings/profile/").status_code == 302
    assert client.get("/settings/profile/").status_code == 200
    end_all_sessions(actor=actor_of(ada), user_id=ada.pk)
    assert client.get("/settings/profile/").status_code == 302


def test_nobody_ends_the_session_of_another(ada, client, people):
    sign_in(client)
    row = client.get("/settings/security/").context["sessions"][0]
    assert people.browser("stranger").post(f"/settings/security/sessions/{row.pk}/end/").status_code == 404


@pytest.fixture
def code():
    path = project.ENV.setup_code_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("ab12-cd34-ef56-0789")
    yield path
    path.unlink(missing_ok=True)


SETUP = {"name": "Ada", "email": "Ada@Example.com", "password": PASSWORD}


def test_the_first_visit_makes_the_admin(code, client, django_capture_on_commit_callbacks):
    assert client.get(LOGIN)["Location"] == "/setup/"
    wrong = client.post("/setup/", {**SETUP, "code": "0000-0000-0000-0000"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["code"])
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/setup/", {**SETUP, "code": " AB12-cd34-ef56-0789 "})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get()
    assert (user.email, user.is_superuser, user.is_staff) == ("ada@example.com", True, True)
    assert not code.exists()
    assert signed_in(user).get("/settings/people/").status_code == 200


def test_the_code_works_only_while_there_is_nobody(code):
    make_user()
    with pytest.raises(Conflict) as refused:
        create_first_admin(code="ab12-cd34-ef56-0789", **SETUP)
    assert refused.value.code == "already_set_up"
    assert Client().get("/setup/")["Location"] == LOGIN


@pytest.mark.parametrize("given", ["", "ab12", "é", "ab12-cd34-ef56-0780"])
def test_other_codes_do_not(code, given):
    with pytest.raises(InvalidInput) as refused:
        create_first_admin(code=given, **SETUP)
    assert list(refused.value.fields) == ["code"]
    assert not User.objects.exists()


def test_without_a_code_file_nothing_happens():
    with pytest.raises(InvalidInput):
        create_first_admin(code="", **SETUP)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("probe", "probe"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_told_in_words(said, words):
    from teams.templatetags.settings_nav import browser_words

    assert browser_words(said) == words
