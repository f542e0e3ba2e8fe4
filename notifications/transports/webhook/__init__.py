"""Outgoing webhooks, signed by the Standard Webhooks scheme, to checked addresses only."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import orjson
from standardwebhooks import Webhook

from core import clock
from notifications.transports import http
from notifications.transports.base import Outgoing, Receipt, TransportError

_AGAIN = {408, 425, 429}


class WebhookTransport:
    """2xx is success. 5xx, 408, 425, 429 and network trouble are tried again; other answers are final."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return httpx.URL(outgoing.address).netloc.decode()

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        if not outgoing.secret:
            raise TransportError("The signing secret cannot be read; make a new one.", permanent=True)
        body = orjson.dumps(outgoing.payload if outgoing.category == "event" else person_payload(outgoing))
        headers = signed_headers(outgoing, body, clock.now())
        answer = http.post(outgoing.address, limit=limit, headers=headers, body=body)
        return _judge(httpx.URL(outgoing.address).host, answer)


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


def _judge(host: str, answer: http.Answer) -> Receipt:
    code = answer.status
    if 200 <= code < 300:
        return Receipt(detail=f"HTTP {code}")
    if 300 <= code < 400:
        raise TransportError(f"{host} redirects (HTTP {code}); redirects are not followed.", permanent=True)
    if code >= 500 or code in _AGAIN:
        raise TransportError(f"{host} answered HTTP {code}.", retry_after=answer.retry_after)
    raise TransportError(f"{host} refused it with HTTP {code}.", permanent=True)
