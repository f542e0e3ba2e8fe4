"""One HTTP call to a provider: to checked addresses only, no redirects, bounded in time and size."""

from __future__ import annotations

import functools
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from notifications.transports.base import TransportError

if TYPE_CHECKING:
    from notifications.transports.webhook.address import Target

ANSWER_LIMIT = 262_144
_RETRY_AFTER_LIMIT = 3600.0


@dataclass(frozen=True)
class Answer:
    """What the provider said. `body` is cut at 256 KiB; `host` names the provider in sentences."""

    host: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds the provider asks to wait, at most an hour; None when it does not say."""
        text = self.headers.get("retry-after", "")
        plain = text.isascii() and text.isdigit() and len(text) < 8
        return min(float(text), _RETRY_AFTER_LIMIT) if plain else None


def host_of(url: str) -> str:
    """Host and port of an address, as circuits and sentences name it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def post(url: str | Target, **options: Any) -> Answer:
    """`call` with POST."""
    return call("POST", url, **options)


def call(
    method: str,
    url: str | Target,
    *,
    limit: float,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    form: Mapping[str, str | list[str]] | None = None,
    body: bytes = b"",
) -> Answer:
    """Call within `limit` seconds; raises `TransportError` when no answer came, whatever the reason.

    A `Target` has had its addresses checked already.
    """
    # The package of `address` imports this module.
    from notifications.transports.webhook.address import resolve

    target = resolve(url) if isinstance(url, str) else url
    options: dict[str, Any] = {"data": form} if form is not None else {"content": body}
    if method == "GET":
        options = {}
    sent = {
        "user-agent": "Watchbill",
        "accept-encoding": "identity",
        **(headers or {}),
        "host": _host_header(target),
    }
    refused: httpx.ConnectError | None = None
    for address in target.addresses:
        try:
            return _call(method, target, address, limit, headers=sent, auth=auth, **options)
        except httpx.ConnectError as error:
            refused = error
        except httpx.TimeoutException:
            raise TransportError(f"{target.host} did not answer within {limit:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransportError(f"{target.host}: {error or type(error).__name__}.") from None
    raise _unreached(target, refused)


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whose certificates count: the authorities of this machine (or of `SSL_CERT_FILE`) and the public ones."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _call(method: str, target: Target, address: str, limit: float, **options: Any) -> Answer:
    literal = f"[{address}]" if ":" in address else address
    url = f"{target.scheme}://{literal}:{target.port}{target.path}"
    with (
        httpx.Client(follow_redirects=False, trust_env=False, timeout=limit, verify=trusted()) as client,
        client.stream(method, url, extensions={"sni_hostname": target.host}, **options) as answer,
    ):
        body = b""
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > ANSWER_LIMIT:
                break
        return Answer(host_of(target.url), answer.status_code, answer.headers, body[:ANSWER_LIMIT])


def _host_header(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    default = 443 if target.scheme == "https" else 80
    return name if target.port == default else f"{name}:{target.port}"


def _unreached(target: Target, error: httpx.ConnectError | None) -> TransportError:
    """A receiver that cannot prove who it is gets nothing: pages go another way at once."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return TransportError(f"No connection to {target.host}: {error}.")
    reason = cause.verify_message.rstrip(".") or "it could not be checked"
    return TransportError(f"The certificate of {target.host} is not trusted: {reason}.", unavailable=True)
