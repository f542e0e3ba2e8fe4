"""Web Push against a strict stand-in of a push service, by https."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_ece
import pytest
import time_machine

from core import clock as clocks
from notifications.actions import push
from notifications.models import CapturedMail, ContactMethod, Delivery, NotificationRule, ProviderAccount
from notifications.sending import send_due
from notifications.transports.http import trusted
from notifications.transports.push import PushTransport, topic, vapid
from notifications.transports.push.message import payload
from notifications.transports.push.subscription import fingerprint, parse
from tests.factories import actor_of, make_user
from tests.notifications.push_service import HOST, Browser, identified
from tests.notifications.support import NOW, page, silent_server, table
from tests.notifications.tls import Authority, secure_hooks

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@pytest.fixture
def reachable(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`push.example` is this machine."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)
    settings.BASE_URL = "https://watch.example"
    settings.DEFAULT_FROM_EMAIL = "Watchbill <ops@watch.example>"
    real = socket.getaddrinfo

    def local(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == HOST else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", local)


@pytest.fixture
def service(reachable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    trusted.cache_clear()
    with secure_hooks(authority.context(HOST)) as (server, _asked):
        yield server
    trusted.cache_clear()


def subscribed(service: Any, user: Any, name: str = "one") -> tuple[Browser, ContactMethod]:
    """A browser of the person at the stand-in, reached at once and by nothing else first."""
    browser = Browser(f"https://{HOST}:{service.server_port}/send/{name}?v=2")
    vapid.keys(now=NOW)
    method = push.subscribe(
        actor=actor_of(user), subscription=parse(browser.json), browser="Chrome on Android", now=NOW
    )
    NotificationRule.objects.create(user=user, urgency="high", method=method)
    return browser, method


def low(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_message_is_readable_by_the_browser_alone_and_signed(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    browser, method = subscribed(service, ada)
    page(ada.pk, title="Zürich ☃ fails")
    clock.shift(60)
    service.answers = [(201, {"Location": f"https://{HOST}/message/abc"}, b"")]
    assert send_due() == 1
    headers, path, body = service.calls[0]
    headers = low(headers)
    row = Delivery.objects.get()
    assert path == "/send/one?v=2"
    assert b"fails" not in body and len(body) <= 4096
    with pytest.raises(http_ece.ECEException):
        Browser(browser.endpoint).read(body)
    found = browser.read(body)
    token = found["acknowledge"].removeprefix("/a/").rstrip("/")
    assert found == {
        "title": "Zürich ☃ fails",
        "body": "Card payments fail in the EU.",
        "url": "/incidents/42/",
        "tag": "incident:42",
        "urgency": "high",
        "acknowledge": f"/a/{token}/",
        "decline": f"/a/{token}/decline/",
        "delivery": row.pk,
        "timestamp": NOW.isoformat(),
        "icon": "/static/icon-192.png",
        "badge": "/static/badge-96.png",
        "words": {
            "acknowledge": "Acknowledge",
            "decline": "Can't take it",
            "failed": "Not sent, tap to open",
        },
    }
    wanted = ("content-encoding", "ttl", "urgency", "topic")
    assert [headers[name] for name in wanted] == ["aes128gcm", "1740", "high", topic("incident:42")]
    assert len(headers["topic"]) == 32
    keys = vapid.keys(now=NOW)
    assert keys is not None
    claims = identified(headers, keys["public"])
    left = claims.pop("exp") - clocks.now().timestamp()
    assert claims == {"aud": f"https://{HOST}:{service.server_port}", "sub": "mailto:ops@watch.example"}
    assert 0 < left <= 24 * 3600
    assert (row.status, row.provider_id, row.address) == ("sent", "abc", method.address)


def test_the_operator_is_reached_by_mail_or_by_our_own_address(settings: Any) -> None:
    found = []
    for sender, base in (
        ("Watchbill <ops@watch.example>", "http://localhost:8000"),
        ("Watchbill <watchbill@localhost>", "https://watch.example"),
        ("Watchbill <watchbill@localhost>", "http://localhost:8000"),
    ):
        settings.DEFAULT_FROM_EMAIL, settings.BASE_URL = sender, base
        found.append(vapid.subject())
    assert found == ["mailto:ops@watch.example", "https://watch.example", "mailto:watchbill@localhost"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_lost_subscription_is_switched_off_told_once_and_the_page_goes_another_way(
    service: Any, clock: Clock, status: int
) -> None:
    ada = make_user("Ada")
    _browser, method = subscribed(service, ada)
    page(ada.pk)
    service.answers = [(status, {}, b"")]
    send_due()
    method.refresh_from_db()
    reason = f"The browser gave up its subscription (HTTP {status})."
    assert (method.usable, method.secret, method.last_failure) == (False, "", reason)
    assert ("push", "failed") in table("channel", "status")
    assert ("email", "sent") in table("channel", "status")
    told = CapturedMail.objects.filter(subject__contains="no longer gets your pages")
    assert [mail.recipient for mail in told] == [ada.email]
    assert "Get pages on this device" in told.get().text
    push.lost(method_id=method.pk, now=NOW)
    send_due()
    assert told.count() == 1
    assert len(service.calls) == 1


def test_what_waits_for_a_lost_subscription_goes_another_way_when_its_turn_comes(
    service: Any, clock: Clock
) -> None:
    ada = make_user("Ada")
    _browser, method = subscribed(service, ada)
    NotificationRule.objects.create(user=ada, urgency="high", method=method, delay_minutes=5)
    page(ada.pk)
    service.answers = [(410, {}, b"")]
    send_due()
    clock.shift(301)
    send_due()
    assert len(service.calls) == 1
    late = Delivery.objects.filter(channel="push").order_by("pk").last()
    assert late is not None and late.status == "failed"
    assert late.error == "This browser no longer gets pages; subscribe it again."


@pytest.mark.parametrize(("status", "after"), [(429, 17), (500, 0), (503, 17)])
def test_what_passes_is_tried_again_when_the_service_says(
    service: Any, clock: Clock, status: int, after: int
) -> None:
    ada = make_user("Ada")
    subscribed(service, ada)
    page(ada.pk)
    service.answers = [(status, {"Retry-After": str(after)} if after else {}, b"")]
    send_due()
    row = Delivery.objects.get(channel="push")
    assert (row.status, row.error) == ("pending", f"{HOST}:{service.server_port} answered HTTP {status}.")
    assert row.due_at - NOW >= dt.timedelta(seconds=after or 1)
    clock.shift(60)
    send_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("sent", 2)


@pytest.mark.parametrize("status", [301, 400, 403, 413])
def test_other_answers_are_final(service: Any, clock: Clock, status: int) -> None:
    ada = make_user("Ada")
    _browser, method = subscribed(service, ada)
    page(ada.pk)
    service.answers = [(status, {}, b"")]
    send_due()
    row = Delivery.objects.get(channel="push")
    method.refresh_from_db()
    assert (row.status, method.usable) == ("failed", True)
    assert row.error == f"{HOST}:{service.server_port} refused it with HTTP {status}."


def test_a_service_that_hangs_costs_the_limit(reachable: None, settings: Any, clock: Clock) -> None:
    settings.PROVIDER_TIMEOUT = 0.3
    ada = make_user("Ada")
    with silent_server() as port:
        browser = Browser(f"https://{HOST}:{port}/x")
        vapid.keys(now=NOW)
        method = push.subscribe(
            actor=actor_of(ada), subscription=parse(browser.json), browser="Firefox", now=NOW
        )
        NotificationRule.objects.create(user=ada, urgency="high", method=method)
        page(ada.pk)
        send_due()
    row = Delivery.objects.get(channel="push")
    assert row.status == "pending"
    assert row.error in ("No answer within 0.3 s.", f"{HOST} did not answer within 0.3 s.")


def test_a_private_address_behind_the_name_is_never_called(service: Any, settings: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    subscribed(service, ada)
    page(ada.pk)
    settings.WEBHOOK_ALLOWED_NETWORKS = ()
    send_due()
    row = Delivery.objects.get(channel="push")
    assert (row.status, service.calls) == ("failed", [])
    assert "private network" in row.error


def test_the_ttl_is_what_is_left_and_30_minutes_at_most(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    subscribed(service, ada)
    page(ada.pk)
    Delivery.objects.update(expires_at=NOW + dt.timedelta(hours=9))
    send_due()
    page(ada.pk, key="1/1/0")
    Delivery.objects.filter(status="pending").update(expires_at=NOW + dt.timedelta(seconds=90))
    send_due()
    assert [low(headers)["ttl"] for headers, _path, _body in service.calls] == ["1800", "90"]


def test_what_can_wait_says_so(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    browser, method = subscribed(service, ada)
    NotificationRule.objects.create(user=ada, urgency="low", method=method)
    page(ada.pk, urgency="low")
    send_due()
    headers, _path, body = service.calls[0]
    assert (low(headers)["urgency"], browser.read(body)["urgency"]) == ("normal", "low")


def test_a_long_page_still_fits(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    browser, _method = subscribed(service, ada)
    page(ada.pk, title="☃" * 300)
    Delivery.objects.update(body="☃" * 20_000)
    send_due()
    _headers, _path, body = service.calls[0]
    found = browser.read(body)
    assert len(body) <= 4096
    assert (len(found["title"]), found["body"][-1]) == (200, "…")


def test_a_test_has_no_buttons_and_no_topic(service: Any, clock: Clock) -> None:
    from notifications.actions.contacts import send_test

    ada = make_user("Ada")
    browser, method = subscribed(service, ada)
    send_test(actor=actor_of(ada), method_id=method.pk, now=NOW)
    send_due()
    headers, _path, body = service.calls[0]
    found = browser.read(body)
    assert "topic" not in low(headers)
    assert (found["title"][:6], found["acknowledge"], found["decline"]) == ("Test: ", "", "")


def test_without_keys_or_switched_off_the_page_goes_another_way(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    subscribed(service, ada)
    ProviderAccount.objects.update(enabled=False)
    assert vapid.keys(now=NOW) is None
    page(ada.pk)
    send_due()
    row = Delivery.objects.get(channel="push")
    assert (row.status, row.error) == ("failed", "Web Push is switched off for this installation.")
    assert service.calls == []


def test_keys_are_made_once_stored_sealed_and_made_anew_when_unreadable(settings: Any) -> None:
    first = vapid.keys(now=NOW)
    assert first is not None and vapid.keys(now=NOW) == first
    row = ProviderAccount.objects.get()
    assert first["public"] not in row.sealed and "PRIVATE" not in row.sealed
    settings.SECRET_KEY = "another one"
    second = vapid.keys(now=NOW)
    assert second is not None and second["public"] != first["public"]
    assert ProviderAccount.objects.count() == 1


def test_the_circuit_is_per_push_service(service: Any, clock: Clock) -> None:
    ada = make_user("Ada")
    _browser, method = subscribed(service, ada)
    page(ada.pk)
    from notifications.outbox.building import outgoing

    row = Delivery.objects.select_related("user", "method", "subscription").get()
    made = outgoing(row)
    assert made is not None
    assert PushTransport().provider(made) == HOST
    assert json.loads(payload(made))["delivery"] == row.pk
    assert method.address == f"Chrome on Android · {HOST} · {fingerprint(_browser.endpoint)}"
