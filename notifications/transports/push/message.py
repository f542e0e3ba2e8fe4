"""What the service worker gets (frontend/src/worker/): one JSON object, small enough for every push service."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from core.text import one_line
from notifications.transports.base import Outgoing

LONGEST_TTL = 1800
# Push services take 4,096 bytes, of which encryption needs 103.
_MOST_BYTES = 3800
_TITLE_LIMIT = 200
_BODY_LIMIT = 1000


def ttl(outgoing: Outgoing, now: dt.datetime) -> int:
    """Seconds the push service may keep the message: what is left until it expires, 30 minutes at most.

    0 would mean "only if the browser is connected at this moment", so one second is the least.
    """
    if outgoing.expires_at is None:
        return LONGEST_TTL
    return max(1, min(LONGEST_TTL, int((outgoing.expires_at - now).total_seconds())))


def payload(outgoing: Outgoing) -> bytes:
    """The message in the clear, before encryption. Addresses are paths: the worker knows its own origin."""
    with translation.override(outgoing.language):
        found = _fields(outgoing)
    body: str = found["body"]
    while len(content := orjson.dumps(found)) > _MOST_BYTES and body:
        body = body[: len(body) * 3 // 4]
        found["body"] = f"{body.rstrip()}…"
    return content


def _fields(outgoing: Outgoing) -> dict[str, Any]:
    acknowledge = urlsplit(outgoing.acknowledge_url).path
    return {
        "title": one_line(_title(outgoing), _TITLE_LIMIT),
        "body": _body(outgoing),
        "url": outgoing.url_path or "/",
        "tag": outgoing.subject_key or outgoing.key[:100],
        "urgency": outgoing.urgency,
        "acknowledge": acknowledge,
        "decline": f"{acknowledge}decline/" if acknowledge else "",
        "delivery": outgoing.delivery_id,
        "timestamp": outgoing.timestamp,
        "icon": static("icon-192.png"),
        "badge": static("badge-96.png"),
        "words": {
            "acknowledge": _("Acknowledge"),
            "decline": _("Can't take it"),
            "failed": _("Not sent, tap to open"),
        },
    }


def _title(outgoing: Outgoing) -> str:
    if outgoing.category == "test":
        return _("Test: %(title)s") % {"title": outgoing.title}
    return outgoing.title


def _body(outgoing: Outgoing) -> str:
    if not outgoing.lines:
        return outgoing.body[:_BODY_LIMIT]
    shown = [line.title for line in outgoing.lines]
    if outgoing.more:
        shown.append(_("and %(count)d more") % {"count": outgoing.more})
    return "\n".join(shown)[:_BODY_LIMIT]
