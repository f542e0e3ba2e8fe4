"""The handler behind every intake address. Answers only after the events are durable.

Native: `POST /api/v1/intake/<kind>/<key>/`. Compatible: PagerDuty Events v2 and the Opsgenie alert
API (`alerts.intake.pagerduty`, `alerts.intake.opsgenie`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError

from alerts.intake import limits, opsgenie, pagerduty
from alerts.intake.messages import (
    IntakeRequest,
    Refused,
    Reply,
    Waiting,
    check_content_type,
    plain_body,
    problem,
)
from alerts.intake.store import Batch, Stored
from alerts.intake.writer import store as store_here
from alerts.sources import PARSERS, PayloadError
from core.strict_json import BadJSON, loads

_NATIVE = re.compile(r"^/api/v1/intake/(?P<kind>[a-z0-9_]{1,30})/(?P<key>[^/]{1,200})/?$")
PREFIXES = ("/api/v1/intake/", pagerduty.PREFIX, opsgenie.PREFIX)
# Reading a body of this size takes well under a millisecond.
_SMALL = 16 * 1024


def handle(request: IntakeRequest, *, store: Callable[[Batch], Stored] = store_here) -> Reply:
    """Never raises for anything a sender can cause. 5xx only when nothing was stored.

    `store` waits until a batch is durable; by default it writes in the caller's transaction.
    """
    try:
        found = prepare(request)
        return found if isinstance(found, Reply) else found.then(store(found.batch))
    except (OperationalError, InterfaceError, DataError) as error:
        return failed(error)


def prepare(request: IntakeRequest) -> Reply | Waiting:
    """Everything but the storing. Raises only when the database does, and only where `is_quick` says no."""
    try:
        if request.path.startswith(pagerduty.PREFIX):
            return pagerduty.prepare(request)
        if request.path.startswith(opsgenie.PREFIX):
            return opsgenie.prepare(request)
        return _native(request)
    except Refused as refused:
        return refused.reply


def is_quick(request: IntakeRequest) -> bool:
    """Whether `prepare` asks no server and takes so little time that an event loop may call it."""
    if len(request.body) > _SMALL or "content-encoding" in request.headers:
        return False
    return not request.path.startswith((opsgenie.PREFIX, pagerduty.CHANGES))


def failed(error: Exception) -> Reply:
    """The reply when storing raised `error`: nothing was stored."""
    if isinstance(error, DataError):
        return problem(400, "invalid", "The database cannot hold a value of this body.")
    return problem(
        503,
        "database_unavailable",
        "The database is not answering; nothing was stored. Try again.",
        headers={"Retry-After": "2"},
    )


def _native(request: IntakeRequest) -> Reply | Waiting:
    match = _NATIVE.match(request.path)
    parser = PARSERS.get(match["kind"]) if match else None
    if match is None or parser is None:
        return problem(404, "not_found", f"Known sources are {', '.join(PARSERS)}.")
    if request.method not in ("POST", "PUT"):
        return problem(405, "method", "Use POST.", headers={"Allow": "POST"})
    kind, key = match["kind"], match["key"]
    if wait := limits.over(key):
        return _too_many(kind, wait)
    check_content_type(request)
    try:
        events = parser(loads(plain_body(request)))
    except BadJSON as error:
        return problem(400, "bad_json", str(error))
    except PayloadError as error:
        return problem(400, "invalid", str(error), error.errors)

    def reply(stored: Stored) -> Reply:
        if stored.wait:
            return _too_many(kind, stored.wait)
        if not stored.known:
            return problem(404, "unknown_key", "This integration key is not known.")
        body = {"status": "accepted", "request_id": str(stored.request_id), "accepted": len(events)}
        return Reply(202, body)

    return Waiting(Batch.of(key, events), reply)


def _too_many(kind: str, wait: int) -> Reply:
    # Alertmanager drops a notification on 429 and tries again on 503.
    status = 503 if kind == "alertmanager" else 429
    return problem(
        status, "rate_limited", "Too many requests for this key.", headers={"Retry-After": str(wait)}
    )
