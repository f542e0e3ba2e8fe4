"""Whether a request comes from Slack: signing secret, scheme v0.

HMAC-SHA256 over `v0:<timestamp>:<raw body>`. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

OLDEST = 300


def signature(timestamp: str, body: bytes, secret: str) -> str:
    """The value of `X-Slack-Signature`."""
    text = b"v0:" + timestamp.encode("utf-8", "replace") + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def valid(given: str, timestamp: str, body: bytes, secret: str, now: dt.datetime) -> bool:
    """Constant time; a timestamp more than five minutes away is a replay."""
    if not secret or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    fresh = abs(now.timestamp() - int(timestamp)) <= OLDEST
    expected = signature(timestamp, body, secret)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) and fresh
