"""Outgoing webhooks: signature, answers, and where they may not go."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from core.crypto import seal
from notifications.actions.webhooks import fan_out, new_secret
from notifications.models import Delivery, WebhookSubscription
from notifications.sending import send_due
from notifications.transports.base import Outgoing, TransportError
from notifications.transports.webhook import WebhookTransport
from notifications.transports.webhook.address import allowed, check_url, resolve
from tests.factories import make_people
from tests.notifications.support import NOW, hook_server, silent_server, table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Deliveries are made at `NOW` and expire 48 hours later, so this must be that day."""
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def local(settings: Any) -> None:
    """Webhooks may go to this machine, on any port."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8", "::1/128")
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


def subscription(url: str, **fields: Any) -> tuple[WebhookSubscription, str]:
    secret = new_secret()
    row = WebhookSubscription.objects.create(name="CI", url=url, secret=seal(secret), **fields)
    return row, secret


def fan(subject: str = "incident:42", event: str = "incident.declared", **data: Any) -> int:
    return fan_out(event=event, team_id=None, subject_key=subject, data=data, now=NOW)


def outgoing(url: str) -> Outgoing:
    return Outgoing("key-1", 7, "event", "webhook", url, "t", payload={"a": 1}, secret=new_secret())


@pytest.mark.usefixtures("local")
def test_the_signature_is_accepted_by_the_library_and_by_nothing_else() -> None:
    with hook_server() as server:
        __row, secret = subscription(f"http://127.0.0.1:{server.server_port}/in?x=1")
        fan(number=42, title="Zürich ☃")
        assert send_due() == 1
    headers, path, body = server.calls[0]
    delivery = Delivery.objects.get()
    assert path == "/in?x=1"
    assert (headers["webhook-id"], headers["host"]) == (delivery.key, f"127.0.0.1:{server.server_port}")
    assert Webhook(secret).verify(body, headers) == {
        "type": "incident.declared",
        "timestamp": NOW.isoformat(),
        "data": {"number": 42, "title": "Zürich ☃"},
    }
    for wrong in (body + b" ", b"{}"):
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(secret).verify(wrong, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(new_secret()).verify(body, headers)
    assert json.loads(body)["data"]["number"] == 42


@pytest.mark.usefixtures("local")
def test_it_is_sent_again_with_the_same_id_until_it_is_accepted() -> None:
    with (
        hook_server([(503, {"Retry-After": "7"}, b"")]) as server,
        time_machine.travel(NOW, tick=False) as clock,
    ):
        subscription(f"http://127.0.0.1:{server.server_port}/")
        fan()
        send_due()
        row = Delivery.objects.get()
        assert (row.status, row.due_at - NOW) == ("pending", dt.timedelta(seconds=7))
        clock.shift(7)
        send_due()
    assert [headers["webhook-id"] for headers, _path, _body in server.calls] == [row.key, row.key]
    assert table("status", "attempts") == [("sent", 2)]


@pytest.mark.usefixtures("local")
def test_later_events_of_a_subject_wait_for_earlier_ones_and_other_subjects_do_not() -> None:
    with hook_server([(503, {}, b"")]) as server, time_machine.travel(NOW, tick=False) as clock:
        subscription(f"http://127.0.0.1:{server.server_port}/")
        fan(event="incident.declared")
        fan(event="incident.resolved")
        fan(subject="incident:43", event="incident.declared")
        send_due()
        assert table("title", "status") == [
            ("incident.declared", "pending"),
            ("incident.resolved", "pending"),
            ("incident.declared", "sent"),
        ]
        clock.shift(3)
        send_due()
    types = [json.loads(body)["type"] for _headers, _path, body in server.calls[2:]]
    assert types == ["incident.declared", "incident.resolved"]


@pytest.mark.usefixtures("local")
def test_what_is_not_accepted_within_48_hours_fails_and_frees_its_lane() -> None:
    with hook_server() as server, time_machine.travel(NOW, tick=False) as clock:
        subscription(f"http://127.0.0.1:{server.server_port}/")
        fan(event="incident.declared")
        Delivery.objects.update(error="HTTP 500.")
        clock.shift(dt.timedelta(hours=48))
        fan_out(
            event="incident.resolved",
            team_id=None,
            subject_key="incident:42",
            data={},
            now=NOW + dt.timedelta(hours=48),
        )
        send_due()
    assert table("title", "status", "error") == [
        ("incident.declared", "failed", "Expired: it could not be sent in time. HTTP 500."),
        ("incident.resolved", "sent", ""),
    ]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("status", "headers", "permanent"),
    [
        (404, {}, True),
        (410, {}, True),
        (301, {"Location": "http://169.254.169.254/"}, True),
        (302, {"Location": "/elsewhere"}, True),
        (429, {}, False),
        (408, {}, False),
        (500, {}, False),
        (503, {"Retry-After": "soon"}, False),
    ],
)
def test_answers(status: int, headers: dict[str, str], permanent: bool) -> None:
    with hook_server([(status, headers, b"")]) as server, pytest.raises(TransportError) as caught:
        WebhookTransport().send(outgoing(f"http://127.0.0.1:{server.server_port}/"), limit=2)
    assert (caught.value.permanent, len(server.calls)) == (permanent, 1)


@pytest.mark.usefixtures("local")
def test_an_endless_answer_is_read_only_so_far() -> None:
    with hook_server([(200, {}, b"x" * 10_000_000)]) as server:
        receipt = WebhookTransport().send(outgoing(f"http://127.0.0.1:{server.server_port}/"), limit=2)
    assert receipt.detail == "HTTP 200"


@pytest.mark.usefixtures("local")
def test_a_receiver_that_never_answers_costs_the_limit(settings: Any) -> None:
    settings.PROVIDER_TIMEOUT = 0.3
    with silent_server() as port:
        subscription(f"http://127.0.0.1:{port}/")
        fan()
        send_due()
    row = Delivery.objects.get()
    assert (row.status, row.error) in [
        ("pending", "No answer within 0.3 s."),
        ("pending", "127.0.0.1 did not answer within 0.3 s."),
    ]


def test_fan_out_reaches_those_who_want_the_event_in_two_statements(
    django_assert_num_queries: Any,
) -> None:
    people = make_people()
    every, _secret = subscription("https://a.example/", team=people.team)
    subscription("https://b.example/", team=people.team, events=["incident.resolved"])
    subscription("https://c.example/", team=people.team, active=False)
    everywhere, _secret = subscription("https://d.example/")
    with django_assert_num_queries(4):  # with the savepoint around them
        count = fan_out(
            event="incident.declared", team_id=people.team.pk, subject_key="incident:1", data={}, now=NOW
        )
    assert count == 2
    assert sorted(table("subscription_id", "lane")) == [
        (every.pk, f"hook:{every.pk}:incident:1"),
        (everywhere.pk, f"hook:{everywhere.pk}:incident:1"),
    ]


FORBIDDEN = [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[64:ff9b:1::808:808]/",
    "http://[2002:7f00:1::]/",
    "http://[::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_row_21_private_addresses_are_never_called(url: str) -> None:
    with pytest.raises(TransportError) as caught:
        resolve(url)
    assert caught.value.permanent, caught.value.message


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    import ipaddress

    assert allowed(ipaddress.ip_address(address))


def test_an_admin_can_allow_a_network(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("10.1.0.0/16",)
    assert resolve("http://10.1.2.3/").addresses == ("10.1.2.3",)
    with pytest.raises(TransportError):
        resolve("http://10.2.0.1/")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("ftp://example.com/", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://", "host"),
        ("https://user:pw@example.com/", "password"),
        ("http://example.com:22/", "Port 22"),
        ("http://example.com:99999/", "valid URL"),
        ("http://[::1/", "valid URL"),
        ("https://exämple.com/", "ASCII"),
        ("https://example.com/\r\nX: y", "ASCII"),
        ("https://example.com/" + "a" * 500, "500"),
    ],
)
def test_urls_that_cannot_be_a_webhook(url: str, word: str) -> None:
    assert word in check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com", "http://example.com:8080/x?y=1", "https://example.com:8443/"]
)
def test_urls_that_can(url: str) -> None:
    assert check_url(url) == ""


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.5", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)
    with pytest.raises(TransportError, match=r"10\.0\.0\.5"):
        resolve("http://mixed.example/")


@pytest.mark.usefixtures("local")
def test_a_name_that_changes_its_address_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "rebind.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with hook_server() as server:
        WebhookTransport().send(outgoing(f"http://rebind.example:{server.server_port}/"), limit=2)
    assert asked == ["rebind.example"]
    assert server.calls[0][0]["host"] == f"rebind.example:{server.server_port}"


def test_the_end_to_end_refusal_says_why(settings: Any) -> None:
    subscription("http://169.254.169.254/latest/")
    fan()
    send_due()
    row = Delivery.objects.get()
    assert row.status == "failed"
    assert row.error == ("169.254.169.254 is an address in a private network; an admin can allow networks.")
