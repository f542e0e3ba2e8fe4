"""Handing one body to a hook: to checked addresses only, no redirects, bounded in time and size."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from standardwebhooks import Webhook

from notifications.transports import TransportError
from notifications.transports.calling import within
from notifications.transports.http import Answer, post
from statuspage.fanout.outcomes import Failure

# Seconds a receiver has for its answer.
LIMIT = 15.0
_GONE = 410


@dataclass(frozen=True)
class Call:
    """A body that is ready to be sent. `secret` is "" where nothing is signed."""

    url: str
    body: bytes
    key: str
    secret: str = ""

    def send(self, now: dt.datetime) -> Failure | None:
        """None for a 2xx answer. Knows no database: runs in a thread."""
        headers = {"content-type": "application/json", "user-agent": "Watchbill"}
        if self.secret:
            headers |= {
                "webhook-id": self.key,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(self.secret).sign(self.key, now, self.body.decode()),
            }
        try:
            answer = within(LIMIT, lambda: post(self.url, limit=LIMIT, headers=headers, body=self.body))
        except TransportError as error:
            return Failure(error.message, final=error.permanent, retry_after=error.retry_after)
        return _judged(answer)


def _judged(answer: Answer) -> Failure | None:
    """Whatever is not 2xx is a failure and tried again; 410 means that nothing more is wanted."""
    code = answer.status
    if 200 <= code < 300:
        return None
    if code == _GONE:
        return Failure(f"{answer.host} wants nothing more (HTTP 410).", final=True, gone=True)
    if 300 <= code < 400:
        return Failure(f"{answer.host} redirects (HTTP {code}); redirects are not followed.")
    return Failure(f"{answer.host} answered HTTP {code}.", retry_after=answer.retry_after)
