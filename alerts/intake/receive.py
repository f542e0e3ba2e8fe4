"""The handler behind every intake address. Answers only after the events are durable.

Native: `POST /api/v1/intake/<kind>/<key>/`. Compatible: PagerDuty Events v2 and the Opsgenie alert
API (`alerts.intake.pagerduty`, `alerts.intake.opsgenie`).
"""

from __future__ import annotations

import re

from django.db import InterfaceError, OperationalError

from alerts.intake import limits, opsgenie, pagerduty
from alerts.intake.messages import IntakeRequest, Refused, Reply, check_content_type, plain_body, problem
from alerts.intake.store import store
from alerts.sources import PARSERS, PayloadError
from core.strict_json import BadJSON, loads

_NATIVE = re.compile(r"^/api/v1/intake/(?P<kind>[a-z0-9_]{1,30})/(?P<key>[^/]{1,200})/?$")
PREFIXES = ("/api/v1/intake/", pagerduty.PREFIX, opsgenie.PREFIX)


def handle(request: IntakeRequest) -> Reply:
    """Never raises for anything a sender can cause. 5xx only when nothing was stored."""
    try:
        if request.path.startswith(pagerduty.PREFIX):
            return pagerduty.handle(request)
        if request.path.startswith(opsgenie.PREFIX):
            return opsgenie.handle(request)
        return _native(request)
    except Refused as refused:
        return refused.reply
    except (OperationalError, InterfaceError):
        return problem(
            503,
            "database_unavailable",
            "The database is not answering; nothing was stored. Try again.",
            headers={"Retry-After": "2"},
        )


def _native(request: IntakeRequest) -> Reply:
    match = _NATIVE.match(request.path)
    parser = PARSERS.get(match["kind"]) if match else None
    if match is None or parser is None:
        return problem(404, "not_found", f"Known sources are {', '.join(PARSERS)}.")
    if request.method not in ("POST", "PUT"):
        return problem(405, "method", "Use POST.", headers={"Allow": "POST"})
    key = match["key"]
    wait = limits.wait_for(key)
    if wait:
        # Alertmanager drops a notification on 429 and tries again on 503.
        status = 503 if match["kind"] == "alertmanager" else 429
        return problem(
            status, "rate_limited", "Too many requests for this key.", headers={"Retry-After": str(wait)}
        )
    check_content_type(request)
    try:
        events = parser(loads(plain_body(request)))
    except BadJSON as error:
        return problem(400, "bad_json", str(error))
    except PayloadError as error:
        return problem(400, "invalid", str(error), error.errors)
    stored = store(key, events)
    if not stored.count:
        return problem(404, "unknown_key", "This integration key is not known.")
    return Reply(202, {"status": "accepted", "request_id": str(stored.request_id), "accepted": stored.count})
