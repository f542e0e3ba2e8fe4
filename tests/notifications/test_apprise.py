"""Apprise URLs: which are taken, what is sent, and where they may not go."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
import time_machine

from core.crypto import unseal
from core.errors import DomainError
from notifications.actions import contacts
from notifications.models import ContactMethod, Delivery, DeliveryAttempt, NotificationRule
from notifications.sending import send_due
from notifications.transports.apprise import catalog
from tests.factories import actor_of, api_client, make_user, signed_in
from tests.notifications.providers import Api, FakePort, api
from tests.notifications.support import NOW, page, silent_server

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
SECRET = "tk_supersecretpassword"


def added(url: str) -> ContactMethod:
    ada = make_user("Ada")
    return contacts.add_method(actor=actor_of(ada), user_id=ada.pk, channel="apprise", address=url, now=NOW)[
        0
    ]


def receiver() -> Any:
    return api(lambda _call: (200, {}, {}))


def url_of(server: Api) -> str:
    return f"json://ada:{SECRET}@127.0.0.1:{server.server_port}/hook"


def test_a_code_then_a_page_with_the_link_that_acknowledges(
    clock: Clock, local: None, port: FakePort, caplog: Any
) -> None:
    with receiver() as server, caplog.at_level(logging.DEBUG):
        found = added(url_of(server))
        assert (unseal(found.secret), found.usable) == (url_of(server), False)
        assert re.fullmatch(r"JSON [0-9a-f]{4}", found.address)
        send_due()
        (call,) = server.calls
        assert (call.method, call.path, call.basic) == ("POST", "/hook", f"ada:{SECRET}")
        code = re.findall(r"code: (\d{6})", call.json["message"])[0]
        contacts.verify(actor=actor_of(found.user), method_id=found.pk, code=code, now=NOW)
        NotificationRule.objects.create(user=found.user, urgency="high", method=found)
        page(found.user_id)
        send_due()
    told = server.calls[1].json
    assert told["title"] == "Urgent page: Payments failing"
    first, second, third = told["message"].splitlines()
    assert first == "Card payments fail in the EU."
    assert re.fullmatch(r"Acknowledge: http://127\.0\.0\.1:8000/a/[\w.-]+/", second)
    assert third == "Open: http://127.0.0.1:8000/incidents/42/"
    row = Delivery.objects.get(category="page")
    assert (row.status, row.address_hint) == ("sent", found.address)
    assert SECRET not in caplog.text
    assert SECRET not in json.dumps(
        [list(Delivery.objects.values()), list(DeliveryAttempt.objects.values())], default=str
    )


def test_the_url_is_nowhere_to_be_read(clock: Clock, local: None) -> None:
    with receiver() as server:
        found = added(url_of(server))
    ada = found.user
    shown = signed_in(ada).get("/settings/notifications/").content.decode()
    shown += api_client(ada).get("/api/v1/contact-methods/").content.decode()
    admin = make_user("Root", admin=True)
    for path in ("contactmethod/", f"contactmethod/{found.pk}/change/"):
        shown += signed_in(admin).get(f"/admin/notifications/{path}").content.decode()
    assert found.address in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "begins with the name"),
        ("https://x.example/", "not a service"),
        ("file:///etc/passwd", "not a service"),
        ("syslog://", "begins with the name"),
        ("syslog://local0", "not a service"),
        ("rsyslog://x.example", "not a service"),
        ("dbus://x", "not a service"),
        ("windows://x", "not a service"),
        ("macosx://x", "not a service"),
        ("gnome://x", "not a service"),
        ("mqtt://x.example/t", "not a service"),
        ("mailto://a:b@x.example", "not a service"),
        ("fcm://p@k/d?keyfile=/etc/passwd", "not a service"),
        ("vapid://x@y.example/z?keyfile=/x", "not a service"),
        ("tgram://", "begins with"),
        ("ntfy://\x01", "one line"),
        ("discord://x", "not complete"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "not a service"),
        ("workflow://h:443/w/s?template=/etc/passwd", "template"),
        ("workflow://h:443/w/s?+Template=/etc/passwd", "template"),
        ("discord://1/2?TEMPLATE=/etc/passwd", "template"),
        ("workflow://h:443/w/s/#?template=/etc/passwd", "template"),
        ("workflow://h:443/w/s?a=1#&template=/etc/passwd", "template"),
        ("workflow://h:443/w/s?a=1;template=/etc/passwd", "template"),
        ("workflow://h:443/w/s?%74emplate=/etc/passwd", "template"),
        ("json://x.example/\n", "not complete"),
        ("json://" + "x" * 2000, "2,000"),
    ],
)
def test_what_is_not_taken(clock: Clock, url: str, reason: str) -> None:
    if url == "json://x.example/\n":
        assert catalog.problem(url)
        return
    with pytest.raises(DomainError, match=re.escape(reason)):
        added(url)
    assert ContactMethod.objects.count() == 0


def test_every_schema_of_the_catalog_is_one_apprise_speaks_by_http() -> None:
    Apprise, _asset = catalog.library()
    known = {
        str(name)
        for each in Apprise().details()["schemas"]
        for kind in ("protocols", "secure_protocols")
        for name in each[kind] or ()
    }
    assert sorted(catalog.SCHEMES - known) == []
    local = {"syslog", "rsyslog", "dbus", "kde", "qt", "gnome", "glib", "gio", "windows", "macosx", "blink1"}
    assert not catalog.SCHEMES & (
        local | {"mqtt", "mqtts", "xmpp", "irc", "amqp", "smpp", "aprs", "growl", "mailto"}
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "0x7f000001"]
)
def test_private_networks_are_closed(clock: Clock, port: FakePort, host: str) -> None:
    found = added(f"json://{host}:8080/x")
    ContactMethod.objects.update(verified_at=NOW)
    send_due()
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, "private network" in attempt.detail) == ("refused", True)
    assert found.address.startswith("JSON")


def test_a_port_that_is_not_open_is_not_tried(clock: Clock, settings: Any, port: FakePort) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    with receiver() as server:
        settings.WEBHOOK_ALLOWED_PORTS = ((1, server.server_port - 1),)
        added(url_of(server))
        send_due()
        assert server.calls == []
    assert "is not open" in DeliveryAttempt.objects.get().detail


def test_redirects_are_not_followed(clock: Clock, local: None, port: FakePort) -> None:
    with receiver() as server:
        server.answers = [(302, {"Location": f"{server.base}/elsewhere"}, {})]
        added(url_of(server) + "?redirect=yes")
        send_due()
        assert [call.path for call in server.calls] == ["/hook"]
    assert DeliveryAttempt.objects.get().outcome == "retry"


def test_a_service_that_says_nothing_costs_its_time_alone(
    clock: Clock, local: None, port: FakePort, settings: Any
) -> None:
    settings.PROVIDER_TIMEOUT = 0.3
    with silent_server() as number:
        added(f"json://127.0.0.1:{number}/x?rto=100&cto=100")
        send_due()
    assert (
        "0.3 s" in DeliveryAttempt.objects.get().detail
        or "did not take it" in DeliveryAttempt.objects.get().detail
    )
