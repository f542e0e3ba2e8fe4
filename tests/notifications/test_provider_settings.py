"""The page and actions by which admins set up Twilio and Slack."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import time_machine

from core.errors import InvalidInput, NotVisible
from notifications import channels, providers
from notifications.actions import contacts
from notifications.actions.providers import checked_number, save_provider
from notifications.models import ContactMethod, ProviderAccount
from notifications.selectors import quiet_colleagues, warnings_for, without_loud_channel
from teams.models import AuditEntry
from tests.factories import People, make_people, make_user
from tests.notifications.providers import BOT, FROM, MEMBER, NUMBER, SID, SIGNING, TOKEN, Api, method, set_up
from tests.notifications.support import NOW

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
PAGE = "/settings/channels/"
WHO = ("owner", "teammate", "support", "stranger", "admin")
GOOD = {
    "account_sid": SID,
    "auth_token": TOKEN,
    "from_number": FROM,
    "messaging_service_sid": "",
    "api_base": "",
}


@pytest.fixture
def people(clock: Clock) -> People:
    return make_people()


def test_admins_alone(people: People) -> None:
    expected = {**dict.fromkeys(WHO, 404), "admin": 200}
    assert {who: people.browser(who).get(PAGE).status_code for who in WHO} == expected
    posts = {**dict.fromkeys(WHO, 404), "admin": 302}
    assert {who: people.browser(who).post(f"{PAGE}twilio/", GOOD).status_code for who in WHO} == posts
    for verb in ("test", "disable", "enable", "remove"):
        for who in ("owner", "teammate", "support", "stranger"):
            assert people.browser(who).post(f"{PAGE}twilio/{verb}/").status_code == 404
            assert people.browser(who).get(f"{PAGE}twilio/{verb}/").status_code == 404
    for who in ("owner", "support"):
        with pytest.raises(NotVisible):
            save_provider(actor=people.actor(who), provider="twilio", values=GOOD, now=NOW)
    assert "Channels" not in people.browser("owner").get("/settings/").content.decode()


def test_secrets_are_kept_but_never_shown(people: People, caplog: Any) -> None:
    browser = people.browser("admin")
    with caplog.at_level(logging.DEBUG):
        shown = browser.post(f"{PAGE}twilio/", GOOD, follow=True).content.decode()
        shown += browser.post(
            f"{PAGE}slack/", {"bot_token": BOT, "signing_secret": SIGNING}, follow=True
        ).content.decode()
    assert providers.settings_of("twilio") == {"account_sid": SID, "auth_token": TOKEN, "from_number": FROM}
    assert providers.settings_of("slack") == {"bot_token": BOT, "signing_secret": SIGNING}
    assert SID in shown
    assert f"••••{TOKEN[-4:]}" in shown
    assert "http://127.0.0.1:8000/callbacks/twilio/text/" in shown
    # What is left empty stays.
    browser.post(f"{PAGE}twilio/", {**GOOD, "auth_token": "", "from_number": "+1 500 555-0007"})
    stored = providers.settings_of("twilio")
    assert stored == {"account_sid": SID, "auth_token": TOKEN, "from_number": "+15005550007"}
    for path in (
        "provideraccount/",
        f"provideraccount/{ProviderAccount.objects.get(provider='twilio').pk}/change/",
    ):
        shown += browser.get(f"/admin/notifications/{path}").content.decode()
    rows = list(ProviderAccount.objects.values()) + list(AuditEntry.objects.values())
    everything = shown + json.dumps(rows, default=str) + caplog.text
    for secret in (TOKEN, BOT, SIGNING):
        assert secret not in everything
    trail = list(AuditEntry.objects.filter(object_type="provider_account").values_list("verb", "data"))
    assert ("set up", {"provider": "twilio", "changed": ["from_number"]}) in trail


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_sid": "AC123"}, "account_sid"),
        ({"account_sid": f"{SID} "[:33]}, "account_sid"),
        ({"auth_token": "short"}, "auth_token"),
        ({"auth_token": ""}, "auth_token"),
        ({"from_number": "0151 123456"}, "from_number"),
        ({"from_number": ""}, "from_number"),
        ({"messaging_service_sid": "MG1"}, "messaging_service_sid"),
        ({"api_base": "ftp://x"}, "api_base"),
        ({"api_base": "https://user:pass@x.example"}, "api_base"),
        ({"api_base": "https://x.example:22"}, "api_base"),
    ],
)
def test_what_is_refused_names_the_field(people: People, changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        save_provider(actor=people.actor("admin"), provider="twilio", values={**GOOD, **changes}, now=NOW)
    assert list(caught.value.fields) == [field]
    answer = people.browser("admin").post(f"{PAGE}twilio/", {**GOOD, **changes})
    assert (answer.status_code, ProviderAccount.objects.count()) == (422, 0)
    assert TOKEN not in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "value"), [("bot_token", "xoxp"), ("signing_secret", "zz"), ("api_base", "x")]
)
def test_slack_is_checked_too(people: People, name: str, value: str) -> None:
    values = {"bot_token": BOT, "signing_secret": SIGNING, "api_base": "", name: value}
    with pytest.raises(InvalidInput) as caught:
        save_provider(actor=people.actor("admin"), provider="slack", values=values, now=NOW)
    assert list(caught.value.fields) == [name]


def test_testing_asks_the_provider_and_keeps_the_answer(people: People, twilio: Api) -> None:
    browser = people.browser("admin")
    assert "accepts these settings" in browser.post(f"{PAGE}twilio/test/", follow=True).content.decode()
    assert [(call.method, call.path) for call in twilio.calls] == [
        ("GET", f"/2010-04-01/Accounts/{SID}.json")
    ]
    set_up("twilio", account_sid=SID, auth_token="0" * 32, from_number=FROM, api_base=twilio.base)
    shown = browser.post(f"{PAGE}twilio/test/", follow=True).content.decode()
    row = ProviderAccount.objects.get()
    assert row.failure == "Twilio answered HTTP 401, error 20003: Authenticate"
    assert row.failure in shown
    assert row.checked_at == NOW


def test_testing_slack(people: People, slack: Api) -> None:
    people.browser("admin").post(f"{PAGE}slack/test/")
    assert (slack.calls[0].path, ProviderAccount.objects.get().failure) == ("/api/auth.test", "")


def test_a_private_address_is_not_called(people: People, clock: Clock) -> None:
    set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM, api_base="http://10.0.0.1")
    people.browser("admin").post(f"{PAGE}twilio/test/")
    assert "private network" in ProviderAccount.objects.get().failure


def test_switching_off_on_and_removing(people: People, twilio: Api) -> None:
    browser = people.browser("admin")
    browser.post(f"{PAGE}twilio/disable/")
    assert (providers.settings_of("twilio"), "sms" in channels.ready()) == (None, False)
    browser.post(f"{PAGE}twilio/enable/")
    assert "sms" in channels.ready()
    assert "Remove these settings?" in browser.get(f"{PAGE}twilio/remove/").content.decode()
    browser.post(f"{PAGE}twilio/remove/")
    assert ProviderAccount.objects.count() == 0
    assert browser.post(f"{PAGE}twilio/test/").status_code == 404
    assert browser.post(f"{PAGE}pager/", {}).status_code == 404


API = "/api/v1/channel-providers/"


def test_admins_set_up_a_provider_by_the_api(people: People, twilio: Api) -> None:
    """`twilio` is set up against the stand-in already; here it is made anew."""
    api = people.api("admin")
    assert api.delete(f"{API}twilio/").status_code == 204
    assert (api.get(API).json(), api.get(f"{API}twilio/").status_code) == ({"results": []}, 404)
    values = {"account_sid": SID, "auth_token": TOKEN, "from_number": FROM, "api_base": twilio.base}
    made = api.put(f"{API}twilio/", values)
    assert (made.status_code, made.json()["settings"]["auth_token"]) == (200, f"••••{TOKEN[-4:]}")
    kept = api.put(f"{API}twilio/", {**values, "auth_token": "", "from_number": "+15005550007"}).json()
    assert (kept["settings"]["from_number"], kept["checked_at"]) == ("+15005550007", None)
    assert providers.settings_of("twilio") is not None
    tried = api.post(f"{API}twilio/test/").json()
    assert (tried["failure"], tried["checked_at"] is None) == ("", False)
    assert api.patch(f"{API}twilio/", {"enabled": False}).json()["enabled"] is False
    assert providers.settings_of("twilio") is None
    assert [row["provider"] for row in api.get(API).json()["results"]] == ["twilio"]
    assert TOKEN not in api.get(API).content.decode() + made.content.decode()


def test_what_the_api_refuses_names_the_field(people: People) -> None:
    api = people.api("admin")
    for body, fields in (
        ({**GOOD, "auth_token": "short"}, ["auth_token"]),
        ({**GOOD, "bot_token": BOT}, ["bot_token"]),
        ({**GOOD, "colour": "red"}, ["colour"]),
        ({**GOOD, "from_number": ["+1"]}, ["from_number"]),
        ([], [""]),
    ):
        answer = api.put(f"{API}twilio/", body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, fields)
    assert api.put(f"{API}push/", {}).status_code == 404
    assert api.put(f"{API}pager/", {}).status_code == 404
    assert ProviderAccount.objects.count() == 0


def test_admins_alone_by_the_api(people: People, twilio: Api) -> None:
    calls: dict[str, Any] = {
        "list": lambda api: api.get(API),
        "one": lambda api: api.get(f"{API}twilio/"),
        "set": lambda api: api.put(f"{API}twilio/", GOOD),
        "off": lambda api: api.patch(f"{API}twilio/", {"enabled": False}),
        "test": lambda api: api.post(f"{API}twilio/test/"),
        "remove": lambda api: api.delete(f"{API}twilio/"),
    }
    for name, call in calls.items():
        found = {who: call(people.api(who)).status_code for who in WHO[:-1]}
        assert found == dict.fromkeys(WHO[:-1], 404), name
    reader = people.api("admin", scopes=["read"])
    assert (calls["one"](reader).status_code, calls["set"](reader).status_code) == (200, 403)


def test_the_form_offers_what_is_set_up_and_names_the_rest(people: People, local: None) -> None:
    shown = people.browser("owner").get("/settings/notifications/").content.decode()
    assert 'value="sms"' not in shown
    assert "Not set up here: Text message, Phone call, Slack. Ask an admin." in shown
    with pytest.raises(InvalidInput, match="Ask an admin"):
        contacts.add_method(
            actor=people.actor("owner"), user_id=people.owner.pk, channel="sms", address=NUMBER, now=NOW
        )
    set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM)
    shown = people.browser("owner").get("/settings/notifications/").content.decode()
    assert 'value="sms"' in shown
    assert 'value="voice"' in shown
    assert "No network guarantees that a text message arrives" in shown
    made = people.browser("owner").post(
        "/settings/notifications/methods/add/", {"channel": "sms", "address": "0151 23"}
    )
    assert (made.status_code, "Begin with + and the country code" in made.content.decode()) == (422, True)
    api = people.api("owner")
    answer = api.post("/api/v1/contact-methods/", {"channel": "voice", "address": "+49 151 23456789"})
    assert (answer.status_code, answer.json()["address"]) == (201, NUMBER)
    refused = api.post("/api/v1/contact-methods/", {"channel": "slack", "address": MEMBER})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["channel"])
    pushed = api.post("/api/v1/contact-methods/", {"channel": "push", "address": "x"})
    assert (pushed.status_code, list(pushed.json()["errors"])) == (400, ["channel"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0151 23456789", "Begin with \\+"),
        ("", "Begin with \\+"),
        ("+49 call me", "digits alone"),
        ("+0 151 2345678", "No country code begins with 0"),
        ("+12345", "7 to 15 digits"),
        ("+1234567890123456", "7 to 15 digits"),
        ("+49١٢٣٤٥٦٧", "digits alone"),
    ],
)
def test_numbers_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_number(text)


def test_people_whom_nothing_loud_reaches_are_shown_to_themselves_and_their_managers(people: People) -> None:
    mine, hint = "Nothing loud reaches you", "Text messages and calls are not set up"
    page = "/settings/notifications/"
    shown = people.browser("owner").get(page).content.decode()
    assert (mine in shown, hint in shown) == (False, True)
    ids = [people.owner.pk, people.teammate.pk]
    assert without_loud_channel(ids) == set()
    set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM)
    assert without_loud_channel(ids) == set(ids)
    shown = people.browser("owner").get(page).content.decode()
    assert (mine in shown, hint in shown, "Tom Teammate" in shown) == (True, False, True)
    assert (
        "Olga Owner</"
        not in people.browser("teammate").get(page).content.decode().split("quiet-colleagues")[-1]
    )
    assert {who: quiet_colleagues(people.actor(who)) for who in WHO} == {
        **{key: [] for key in WHO},
        "owner": [people.teammate],
    }
    for who in ids:
        method(people.owner if who == people.owner.pk else people.teammate, "voice", f"{NUMBER}{who % 9}")
    assert (without_loud_channel(ids), warnings_for(people.owner)) == (set(), [])
    ContactMethod.objects.filter(channel="voice").update(disabled_at=NOW)
    assert warnings_for(people.owner) == ["not_loud"]


@pytest.mark.parametrize("count", [1, 3])
def test_flags_take_the_same_number_of_statements_for_any_length(
    clock: Clock, count: int, django_assert_num_queries: Any
) -> None:
    set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM)
    users = [make_user(f"P{number}") for number in range(count)]
    with django_assert_num_queries(4):
        assert without_loud_channel(user.pk for user in users) == {user.pk for user in users}


def test_the_admin_index_names_responders_whom_nothing_loud_reaches(people: People) -> None:
    set_up("twilio", account_sid=SID, auth_token=TOKEN, from_number=FROM)
    shown = people.browser("admin").get("/admin/").content.decode()
    assert "Responders whom nothing loud reaches" in shown
