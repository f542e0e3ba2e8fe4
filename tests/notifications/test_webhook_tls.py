"""Outgoing webhooks by https: the name is proved although the connection goes to a checked address."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications.actions.webhooks import new_secret
from notifications.transports.base import Outgoing, TransportError
from notifications.transports.http import trusted
from notifications.transports.webhook import WebhookTransport
from tests.notifications.tls import Authority, secure_hooks

pytestmark = pytest.mark.django_db
HOST = "hooks.example"


@pytest.fixture
def authority(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """`hooks.example` is this machine; whose certificates count is read anew."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)
    real = socket.getaddrinfo

    def local(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == HOST else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", local)
    trusted.cache_clear()
    yield Authority(tmp_path)
    trusted.cache_clear()


def outgoing(port: int, host: str = HOST) -> Outgoing:
    url = f"https://{host}:{port}/in?x=1"
    return Outgoing("key-1", 7, "event", "webhook", url, "t", payload={"a": 1}, secret=new_secret())


def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))


def test_the_name_is_asked_for_and_proved(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    trust(authority, monkeypatch)
    with secure_hooks(authority.context(HOST)) as (server, asked):
        receipt = WebhookTransport().send(outgoing(server.server_port), limit=3)
    assert (receipt.detail, asked) == ("HTTP 204", [HOST])
    headers, path, body = server.calls[0]
    assert (headers["host"], path, body) == (f"{HOST}:{server.server_port}", "/in?x=1", b'{"a":1}')


def test_an_address_in_the_url_is_proved_as_an_address(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, monkeypatch)
    with secure_hooks(authority.context("127.0.0.1")) as (server, _asked):
        WebhookTransport().send(outgoing(server.server_port, "127.0.0.1"), limit=3)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("names", "until", "reason"),
    [
        ((HOST,), None, "unable to get local issuer certificate"),
        # The address connected to is not the name that was meant.
        (("127.0.0.1", "other.example"), None, f"is not valid for '{HOST}'"),
        ((HOST,), dt.datetime(2021, 1, 1, tzinfo=dt.UTC), "certificate has expired"),
    ],
)
def test_who_cannot_prove_the_name_gets_nothing(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    until: dt.datetime | None,
    reason: str,
) -> None:
    if "issuer" not in reason:
        trust(authority, monkeypatch)
    context = authority.context(*names, **({"until": until} if until else {}))
    with secure_hooks(context) as (server, _asked), pytest.raises(TransportError) as caught:
        WebhookTransport().send(outgoing(server.server_port), limit=3)
    assert caught.value.message.startswith(f"The certificate of {HOST} is not trusted: ")
    assert reason in caught.value.message
    assert (caught.value.permanent, caught.value.unavailable, server.calls) == (False, True, [])


def test_public_authorities_count_beside_ones_own(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, monkeypatch)
    found = {dict(name for (name,) in each["subject"]).get("commonName") for each in trusted().get_ca_certs()}
    assert "Test authority" in found and len(found) > 50
