"""Outgoing webhooks, signed by the Standard Webhooks scheme, to checked addresses only."""

from __future__ import annotations

import datetime as dt
import functools
import ssl
from typing import Any

import httpx
import orjson
from standardwebhooks import Webhook

from core import clock
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.webhook.address import Target, resolve

ANSWER_LIMIT = 65_536
_AGAIN = {408, 425, 429}
_RETRY_AFTER_LIMIT = 3600.0


class WebhookTransport:
    """2xx is success. 5xx, 408, 425, 429 and network trouble are tried again; other answers are final."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return httpx.URL(outgoing.address).netloc.decode()

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        if not outgoing.secret:
            raise TransportError("The signing secret cannot be read; make a new one.", permanent=True)
        target = resolve(outgoing.address)
        body = orjson.dumps(outgoing.payload if outgoing.category == "event" else person_payload(outgoing))
        headers = signed_headers(outgoing, body, clock.now())
        refused: httpx.ConnectError | None = None
        for address in target.addresses:
            try:
                return _post(target, address, headers, body, limit)
            except httpx.ConnectError as error:
                refused = error
            except httpx.TimeoutException:
                raise TransportError(f"{target.host} did not answer within {limit:g} s.") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise TransportError(f"{target.host}: {error or type(error).__name__}.") from None
        raise _unreached(target, refused)


def person_payload(outgoing: Outgoing) -> dict[str, Any]:
    """The body of a message to a person's own webhook: `{type, timestamp, data}`."""
    data: dict[str, Any] = {
        "title": outgoing.title,
        "body": outgoing.body,
        "url": outgoing.url,
        "urgency": outgoing.urgency,
        "subject": outgoing.subject_key,
    }
    if outgoing.acknowledge_url:
        data["acknowledge_url"] = outgoing.acknowledge_url
    if outgoing.code:
        data["code"] = outgoing.code
    if outgoing.lines:
        data["pages"] = [{"title": line.title, "url": line.url} for line in outgoing.lines]
        data["more"] = outgoing.more
    return {"type": f"notification.{outgoing.category}", "timestamp": outgoing.timestamp, "data": data}


def signed_headers(outgoing: Outgoing, body: bytes, now: dt.datetime) -> dict[str, str]:
    """The headers of the Standard Webhooks scheme; `webhook-id` is the idempotency key."""
    signature = Webhook(outgoing.secret).sign(outgoing.key, now, body.decode())
    return {
        "content-type": "application/json",
        "user-agent": "Watchbill",
        "webhook-id": outgoing.key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
        "x-watchbill-delivery": str(outgoing.delivery_id),
    }


@functools.cache
def trusted() -> ssl.SSLContext:
    """Whose certificates count: the authorities of this machine (or of `SSL_CERT_FILE`) and the public ones."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _unreached(target: Target, error: httpx.ConnectError | None) -> TransportError:
    """A receiver that cannot prove who it is gets nothing: pages go another way at once."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return TransportError(f"No connection to {target.host}: {error}.")
    reason = cause.verify_message.rstrip(".") or "it could not be checked"
    return TransportError(f"The certificate of {target.host} is not trusted: {reason}.", unavailable=True)


def _post(target: Target, address: str, headers: dict[str, str], body: bytes, limit: float) -> Receipt:
    literal = f"[{address}]" if ":" in address else address
    name = f"[{target.host}]" if ":" in target.host else target.host
    default = 443 if target.scheme == "https" else 80
    host = name if target.port == default else f"{name}:{target.port}"
    url = f"{target.scheme}://{literal}:{target.port}{target.path}"
    extensions = {"sni_hostname": target.host}
    with (
        httpx.Client(follow_redirects=False, trust_env=False, timeout=limit, verify=trusted()) as client,
        client.stream(
            "POST", url, content=body, headers={**headers, "host": host}, extensions=extensions
        ) as answer,
    ):
        read = 0
        for chunk in answer.iter_raw():
            read += len(chunk)
            if read > ANSWER_LIMIT:
                break
        return _judge(target, answer)


def _judge(target: Target, answer: httpx.Response) -> Receipt:
    code = answer.status_code
    if 200 <= code < 300:
        return Receipt(detail=f"HTTP {code}")
    if 300 <= code < 400:
        raise TransportError(
            f"{target.host} redirects (HTTP {code}); redirects are not followed.", permanent=True
        )
    if code >= 500 or code in _AGAIN:
        raise TransportError(f"{target.host} answered HTTP {code}.", retry_after=_retry_after(answer))
    raise TransportError(f"{target.host} refused it with HTTP {code}.", permanent=True)


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return (
        min(float(text), _RETRY_AFTER_LIMIT) if text.isascii() and text.isdigit() and len(text) < 8 else None
    )
