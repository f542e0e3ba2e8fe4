"""Subscribing a browser, moving it to somebody else, renewing it, and what is refused."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.crypto import unseal
from notifications.actions import push
from notifications.models import CapturedMail, ContactMethod, Delivery, NotificationRule
from notifications.sending import send_due
from notifications.transports.push import vapid
from notifications.transports.push.subscription import fingerprint, opened
from tests.factories import People, make_people, signed_in
from tests.notifications.push_service import Browser, b64
from tests.notifications.support import NOW, page, table

pytestmark = pytest.mark.django_db
ENDPOINT = "https://push.example/send/abc"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
URL = "/push/subscribe/"


@pytest.fixture
def people(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> People:
    answers = [(2, 1, 6, "", ("93.184.216.34", 443))]
    real = socket.getaddrinfo

    def looked_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        return answers if str(host).endswith("push.example") else real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return make_people()


def post(client: Client, body: Any, url: str = URL) -> Any:
    return client.post(url, json.dumps(body), "application/json", headers={"User-Agent": ANDROID})


def subscribe(people: People, who: str, browser: Browser, token: str = "") -> Any:
    return post(people.browser(who), {"subscription": browser.json, "token": token})


def rows() -> list[tuple[Any, ...]]:
    names = ("user__name", "address", "disabled_at", "last_failure")
    return list(ContactMethod.objects.filter(channel="push").order_by("pk").values_list(*names))


def test_a_browser_becomes_a_proven_contact_method(people: People) -> None:
    browser = Browser(ENDPOINT)
    answer = subscribe(people, "owner", browser)
    method = ContactMethod.objects.get(channel="push")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": method.pk,
            "name": "Chrome on Android",
            "fingerprint": fingerprint(ENDPOINT),
            "token": push.renewal_token(method),
            "enabled": True,
        },
    )
    assert method.address == f"Chrome on Android · push.example · {fingerprint(ENDPOINT)}"
    assert (method.usable, method.verified_at) == (True, NOW)
    assert ENDPOINT not in method.secret
    stored = opened(unseal(method.secret))
    assert stored is not None and (stored.endpoint, stored.auth) == (ENDPOINT, browser.auth)


def test_the_same_browser_again_renews_what_is_there(people: People) -> None:
    first = subscribe(people, "owner", Browser(ENDPOINT)).json()
    ContactMethod.objects.update(label="My phone", disabled_at=NOW, last_failure="x")
    second = subscribe(people, "owner", Browser(ENDPOINT)).json()
    assert (second["id"], second["name"], second["enabled"]) == (first["id"], "My phone", True)
    assert ContactMethod.objects.filter(channel="push").count() == 1


def test_a_new_endpoint_of_the_same_browser_keeps_method_and_rules(people: People) -> None:
    first = subscribe(people, "owner", Browser(ENDPOINT)).json()
    NotificationRule.objects.create(user=people.owner, urgency="high", method_id=first["id"])
    second = subscribe(people, "owner", Browser(f"{ENDPOINT}2"), first["token"]).json()
    assert second["id"] == first["id"]
    assert NotificationRule.objects.count() == 1
    # What another person's token says counts for nothing.
    other = subscribe(people, "stranger", Browser(f"{ENDPOINT}3"), second["token"]).json()
    assert other["id"] != first["id"]


def test_a_shared_browser_goes_to_whoever_subscribes_and_the_other_is_told(people: People) -> None:
    vapid.keys(now=NOW)
    browser = Browser(ENDPOINT)
    first = subscribe(people, "owner", browser).json()
    NotificationRule.objects.create(user=people.owner, urgency="high", method_id=first["id"])
    page(people.owner.pk)
    second = subscribe(people, "stranger", browser).json()
    assert second["id"] != first["id"]
    address = f"Chrome on Android · push.example · {fingerprint(ENDPOINT)}"
    assert rows() == [
        ("Olga Owner", address, NOW, "Somebody else gets pages in this browser now."),
        ("Sam Stranger", address, None, ""),
    ]
    assert ContactMethod.objects.get(pk=first["id"]).secret == ""
    send_due()
    assert table("channel", "status")[0] == ("push", "failed")
    assert ("email", "sent") in table("channel", "status")
    mails = CapturedMail.objects.filter(subject__contains="no longer gets your pages")
    assert [mail.recipient for mail in mails] == [people.owner.email]
    # And back again, to the same method with its rules.
    assert subscribe(people, "owner", browser).json()["id"] == first["id"]
    assert [row[2] for row in rows()] == [None, NOW]


def test_the_worker_renews_without_being_signed_in_and_a_token_works_once(people: People) -> None:
    first = subscribe(people, "owner", Browser(ENDPOINT)).json()
    visitor = Client(enforce_csrf_checks=True)
    body = {"token": first["token"], "subscription": Browser(f"{ENDPOINT}2").json}
    second = post(visitor, body, "/push/renew/")
    assert (second.status_code, second.json()["id"]) == (200, first["id"])
    assert second.json()["fingerprint"] == fingerprint(f"{ENDPOINT}2")
    assert post(visitor, body, "/push/renew/").status_code == 404
    for token in ("", "x", "1-2.3", f"{first['token']}x"):
        refused = post(visitor, {**body, "token": token}, "/push/renew/")
        assert refused.status_code == 404, token


def test_a_forged_token_makes_nobody_look_up_names(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(push, "_check_host", asked.append)
    body = {"token": "1-x:forged", "subscription": Browser(f"{ENDPOINT}2").json}
    assert (post(Client(), body, "/push/renew/").status_code, asked) == (404, [])


def test_renewing_brings_back_what_was_lost_but_not_what_was_switched_off(people: People) -> None:
    first = subscribe(people, "owner", Browser(ENDPOINT)).json()
    push.lost(method_id=first["id"], now=NOW)
    second = post(
        Client(), {"token": first["token"], "subscription": Browser(f"{ENDPOINT}2").json}, "/push/renew/"
    ).json()
    assert second["enabled"] is True
    ContactMethod.objects.filter(pk=first["id"]).update(disabled_at=NOW)
    third = post(
        Client(), {"token": second["token"], "subscription": Browser(f"{ENDPOINT}3").json}, "/push/renew/"
    ).json()
    assert third["enabled"] is False


def test_of_a_person_who_left_nothing_is_renewed(people: People) -> None:
    first = subscribe(people, "owner", Browser(ENDPOINT)).json()
    people.owner.is_active = False
    people.owner.save(update_fields=["is_active"])
    body = {"token": first["token"], "subscription": Browser(f"{ENDPOINT}2").json}
    assert post(Client(), body, "/push/renew/").status_code == 404


def test_everybody_subscribes_their_own_browser_and_sees_their_own_alone(people: People) -> None:
    for number, who in enumerate(("owner", "teammate", "support", "stranger")):
        assert subscribe(people, who, Browser(f"{ENDPOINT}{number}")).status_code == 200
    mine = ContactMethod.objects.get(channel="push", user=people.owner)
    path = f"/api/v1/contact-methods/{mine.pk}/"
    seen = {
        who: people.api(who).get(path).status_code for who in ("owner", "teammate", "support", "stranger")
    }
    assert seen == {"owner": 200, "teammate": 404, "support": 404, "stranger": 404}
    assert "endpoint" not in people.api("owner").get(path).content.decode()
    for who in ("teammate", "support", "stranger"):
        url = f"/settings/notifications/methods/{mine.pk}/test/"
        assert people.browser(who).post(url).status_code == 404
    assert Delivery.objects.count() == 0


def test_visitors_and_forged_requests_are_refused(people: People) -> None:
    answer = post(Client(), {"subscription": Browser(ENDPOINT).json})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.owner, backend="django.contrib.auth.backends.ModelBackend")
    assert post(strict, {"subscription": Browser(ENDPOINT).json}).status_code == 403
    assert people.browser("owner").get(URL).status_code == 405
    assert ContactMethod.objects.filter(channel="push").count() == 0


GOOD = Browser(ENDPOINT).json


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://push.example/x"}, "endpoint"),
        ({"endpoint": "https://"}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": "https://push.example/" + "a" * 2000}, "endpoint"),
        ({"endpoint": "https://push.example/a b"}, "endpoint"),
        ({"endpoint": "https://püsh.example/"}, "endpoint"),
        ({"endpoint": "https://user:pw@push.example/"}, "endpoint"),
        ({"endpoint": "https://push.example:22/"}, "endpoint"),
        ({"endpoint": "https://push.example:99999/"}, "endpoint"),
        ({"endpoint": "https://[::1/"}, "endpoint"),
        ({"endpoint": "https://127.0.0.1/x"}, "endpoint"),
        ({"endpoint": "https://localhost/x"}, "endpoint"),
        ({"endpoint": "https://[::ffff:169.254.169.254]/"}, "endpoint"),
        ({"endpoint": "https://10.0.0.1/"}, "endpoint"),
        ({"keys": None}, "keys"),
        ({"keys": []}, "keys"),
        ({"keys": {}}, "p256dh"),
        ({"keys": {**GOOD["keys"], "p256dh": b64(b"\x04" + b"\x01" * 64)}}, "p256dh"),
        ({"keys": {**GOOD["keys"], "p256dh": b64(b"\x04" * 64)}}, "p256dh"),
        ({"keys": {**GOOD["keys"], "p256dh": "x" * 100_00}}, "p256dh"),
        ({"keys": {**GOOD["keys"], "auth": b64(b"1" * 15)}}, "auth"),
        ({"keys": {**GOOD["keys"], "auth": "+/" + "a" * 20}}, "auth"),
        ({"keys": {**GOOD["keys"], "auth": ["a"]}}, "auth"),
    ],
)
def test_what_is_no_subscription_is_refused_with_the_reason(
    people: People, change: dict[str, Any], field: str
) -> None:
    answer = post(people.browser("owner"), {"subscription": {**GOOD, **change}})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), answer.json()
    assert answer.json()["errors"][field][0]
    assert ContactMethod.objects.filter(channel="push").count() == 0


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[]", b'"x"', b"\xff", b"[" * 200, b'{"subscription":' + b" " * 20_000 + b"1}"]
)
def test_what_is_no_json_object_is_refused(people: People, body: bytes) -> None:
    for client, url in ((people.browser("owner"), URL), (Client(), "/push/renew/")):
        answer = client.post(url, body, "application/json")
        assert (answer.status_code, bool(answer.json()["detail"])) == (400, True)


@pytest.mark.parametrize("token", [7, None, ["x"], "x" * 300])
def test_a_token_is_short_text(people: People, token: Any) -> None:
    answer = post(people.browser("owner"), {"subscription": GOOD, "token": token})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["token"])


def test_at_most_20_contact_methods(people: People) -> None:
    ContactMethod.objects.bulk_create(
        ContactMethod(user=people.owner, channel="email", address=f"{n}@x.org") for n in range(20)
    )
    answer = subscribe(people, "owner", Browser(ENDPOINT))
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_methods")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Linux"),
        ("curl/8", "Browser"),
        ("", "Browser"),
    ],
)
def test_browsers_have_names(people: People, agent: str, name: str) -> None:
    client = people.browser("owner")
    body = json.dumps({"subscription": Browser(ENDPOINT).json})
    answer = client.post(URL, body, "application/json", headers={"User-Agent": agent})
    assert answer.json()["name"] == name


def test_the_page_knows_which_browsers_are_subscribed(people: People) -> None:
    subscribe(people, "owner", Browser(ENDPOINT))
    shown = people.browser("owner").get("/settings/notifications/").content.decode()
    keys = vapid.keys(now=NOW)
    assert keys is not None
    assert f'data-key="{keys["public"]}"' in shown
    assert f'data-known="{fingerprint(ENDPOINT)}"' in shown
    assert 'data-known=""' in people.browser("teammate").get("/settings/notifications/").content.decode()


def test_worker_manifest_and_key_are_open_to_all(people: People) -> None:
    worker = Client().get("/sw.js")
    assert (worker.status_code, worker["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert (worker["Cache-Control"], worker["Service-Worker-Allowed"]) == ("no-cache", "/")
    assert b"import" not in worker.content.split(b"(", 1)[0]
    manifest = Client().get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    found = manifest.json()
    assert (found["scope"], found["start_url"], found["display"]) == ("/", "/", "standalone")
    for icon in found["icons"]:
        image = Client().get(icon["src"])
        assert (image.status_code, image["Content-Type"]) == (200, "image/png")
        width = int.from_bytes(image.content[16:20], "big")
        assert f"{width}x{width}" == icon["sizes"]
    assert [icon["purpose"] for icon in found["icons"]] == ["any", "any", "maskable"]
    assert Client().get("/push/key/").status_code == 404
    keys = vapid.keys(now=NOW)
    assert keys is not None and Client().get("/push/key/").json() == {"key": keys["public"]}
    assert signed_in(None).get("/static/offline.html").status_code == 200


def test_the_policy_names_worker_and_manifest(people: People) -> None:
    policy = people.browser("owner").get("/settings/notifications/")["Content-Security-Policy"]
    assert "worker-src 'self'" in policy and "manifest-src 'self'" in policy
