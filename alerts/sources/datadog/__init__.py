"""Datadog webhooks: the body people write there themselves. Ours to paste, or Datadog's default; JSON or a form.

Variables that Datadog has no value for stay as `$NAME` and are read as missing.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Event,
    Headers,
    Parsed,
    SetupText,
    Source,
    fail,
    fingerprint,
    intake_url,
    key,
    link,
    loose,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

_RESOLVED = frozenset({"recovered"})
_WARN = frozenset({"warn", "re-warn"})
_KNOWN = frozenset({"triggered", "re-triggered", "no data", "re-no data", "renotify"}) | _RESOLVED | _WARN
_PRIORITIES = frozenset({"P1", "P2", "P3", "P4", "P5"})
# "[P1] [Triggered on {host:web-1}] Disk is full": how the default body says what happened.
_MARK = re.compile(
    r"^(?:\[P[1-5]\]\s*)?\[(re-triggered|triggered|re-warn|warn|re-no data|no data|recovered|renotify)\b"
    r"(?: on \{([^}]{0,500})\})?[^\]]{0,500}\]\s*",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"^\$[A-Z_]+$")
_LABELS = ("hostname", "metric", "alert_id", "monitor")


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event; what happened is read from `transition`, else from the beginning of the title."""
    body = require_object(payload)

    def read(name: str, limit: int = 1000) -> str:
        text = loose(body.get(name), limit).strip()
        return "" if _VARIABLE.match(text) else text

    title = read("title", 1000)
    if not title:
        raise fail("title", "Is required: paste the payload of the set-up page into Datadog's webhook.")
    mark = _MARK.match(title)
    transition = (read("transition") or (mark[1] if mark else "")).lower()
    if transition and transition not in _KNOWN:
        raise fail("transition", f"Must be one of {', '.join(sorted(_KNOWN))}.")
    scope = read("scope") or (mark[2] or "" if mark else "")
    plain = title[mark.end() :] if mark else title
    dedup = read("aggreg_key") or read("cycle_key")
    if not dedup:
        dedup = f"{read('alert_id')}:{scope}" if read("alert_id") else fingerprint(plain, scope)
    parsed = Parsed(
        action="resolve" if transition in _RESOLVED else "trigger",
        dedup_key=key(dedup),
        group_key=key(dedup),
        title=one_line(plain or title, 300),
        description=read("body", MAX_DESCRIPTION),
        severity=_severity(read("priority"), transition, read("alert_type")),
        source=one_line(read("hostname") or scope or "Datadog", 300),
        labels=_labels(scope, read("tags", 4000)) | {name: read(name) for name in _LABELS if read(name)},
        links=[*link(read("link", 2001), "Datadog"), *link(read("snapshot", 2001), "Picture")],
        occurred_at=_time(body.get("date") or body.get("last_updated")),
    )
    return [Event(parsed, body)]


def _severity(priority: str, transition: str, alert_type: str) -> str:
    if priority.upper() in _PRIORITIES:
        return priority.upper()
    if transition in _WARN:
        return "warning"
    return alert_type.lower() if alert_type.lower() in ("error", "warning", "info") else ""


def _labels(scope: str, tags: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in [*scope.split(","), *tags.split(",")][:50]:
        name, colon, value = pair.strip().partition(":")
        if colon and name and value:
            found.setdefault(one_line(name, 200), one_line(value, 1000))
    return found


def _time(value: Any) -> str | None:
    """Milliseconds since 1970, as a number or text."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or not 10 <= len(text) <= 13:
        return None
    return dt.datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), dt.UTC).isoformat()


_BODY = """{
  "id": "$ID",
  "alert_id": "$ALERT_ID",
  "title": "$ALERT_TITLE",
  "body": "$EVENT_MSG",
  "transition": "$ALERT_TRANSITION",
  "alert_type": "$ALERT_TYPE",
  "priority": "$ALERT_PRIORITY",
  "scope": "$ALERT_SCOPE",
  "metric": "$ALERT_METRIC",
  "cycle_key": "$ALERT_CYCLE_KEY",
  "aggreg_key": "$AGGREG_KEY",
  "hostname": "$HOSTNAME",
  "tags": "$TAGS",
  "link": "$LINK",
  "snapshot": "$SNAPSHOT",
  "date": "$DATE"
}"""


def setup(key: str, base_url: str) -> list[SetupText]:
    where = _("Integrations → Webhooks → New; then write @webhook-watchbill in the message of a monitor.")
    return [
        SetupText(_("Webhook: URL"), intake_url("datadog", key, base_url), where),
        SetupText(_("Webhook: payload"), _BODY, _("In place of the payload that is there.")),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="datadog",
    group="monitoring",
    icon="chart-column",
    words=gettext_lazy("Monitors of Datadog, through a webhook with a payload to paste."),
    parse=parse,
    bodies=frozenset({"json", "form"}),
    setup=setup,
)
