"""The handler behind every intake address. Answers only after the events are durable.

Native: `POST /api/v1/intake/<kind>/<key>/`. Compatible: PagerDuty Events v2 and the Opsgenie alert
API (`alerts.intake.pagerduty`, `alerts.intake.opsgenie`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db import DataError, InterfaceError, OperationalError

from alerts.intake import limits, opsgenie, pagerduty, sns
from alerts.intake.bodies import payload_of
from alerts.intake.keeping import keep
from alerts.intake.messages import IntakeRequest, Refused, Reply, Waiting, plain_body, problem
from alerts.intake.store import Batch, Stored
from alerts.intake.writer import store as store_here
from alerts.sources import PARSERS, SOURCES, Event, Ignored, PayloadError, Source
from alerts.watch import pings
from core.crypto import digest
from core.strict_json import BadJSON

_NATIVE = re.compile(r"^/api/v1/intake/(?P<kind>[a-z0-9_]{1,30})/(?P<key>[^/]{1,200})/?$")
PREFIXES = ("/api/v1/intake/", pagerduty.PREFIX, opsgenie.PREFIX, pings.PREFIX)
_SLOW = (
    opsgenie.PREFIX,
    pings.PREFIX,
    *(f"/api/v1/intake/{kind}/" for kind, source in SOURCES.items() if not source.quick),
)
# Reading a body of this size takes well under a millisecond.
_SMALL = 16 * 1024


def handle(request: IntakeRequest, *, store: Callable[[Batch], Stored] = store_here) -> Reply:
    """Never raises for anything a sender can cause. 5xx only when nothing was stored.

    `store` waits until a batch is durable; by default it writes in the caller's transaction.
    """
    found: Reply | Waiting | None = None
    try:
        found = prepare(request)
        return found if isinstance(found, Reply) else found.then(store(found.batch))
    except (OperationalError, InterfaceError, DataError) as error:
        return failed(error, found)


def prepare(request: IntakeRequest) -> Reply | Waiting:
    """Everything but the storing. Raises only when the database does, and only where `is_quick` says no."""
    try:
        if request.path.startswith(pagerduty.PREFIX):
            return pagerduty.prepare(request)
        if request.path.startswith(opsgenie.PREFIX):
            return opsgenie.prepare(request)
        if request.path.startswith(pings.PREFIX):
            return pings.answer(request)
        return _native(request)
    except Refused as refused:
        return refused.reply


def is_quick(request: IntakeRequest) -> bool:
    """Whether `prepare` asks no server and takes so little time that an event loop may call it."""
    if len(request.body) > _SMALL or "content-encoding" in request.headers:
        return False
    return not request.path.startswith(_SLOW)


def failed(error: Exception, waiting: Reply | Waiting | None = None) -> Reply:
    """The reply when storing raised `error`: nothing was stored."""
    if isinstance(waiting, Waiting) and waiting.refusal is not None:
        return waiting.refusal
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
    source = SOURCES.get(match["kind"]) if match else None
    if match is None or source is None or source.parse is None:
        return problem(404, "not_found", f"Known sources are {', '.join(PARSERS)}.")
    if request.method not in ("POST", "PUT") and not (request.method == "GET" and "query" in source.bodies):
        return problem(405, "method", "Use POST.", headers={"Allow": "POST"})
    kind, key = match["kind"], match["key"]
    if wait := limits.over(key):
        return _too_many(kind, wait)
    try:
        payload = payload_of(request, source)
    except BadJSON as error:
        return problem(400, "bad_json", str(error))
    if kind == "cloudwatch":
        return sns.prepare(key, payload)
    if source.mapped:
        return _to_read(key, kind, payload)
    return _parsed(request, source, key, payload)


def _to_read(key: str, kind: str, payload: Any) -> Reply | Waiting:
    """Kept as it came, for the worker to read with a mapping."""
    if not isinstance(payload, dict | list) or not payload:
        why = "Must be a JSON object or a list."
        return problem(400, "invalid", why, {"": [why]})
    return Waiting(Batch.to_read(key, {"kind": kind}, payload), _accepted(kind, 1))


def _parsed(request: IntakeRequest, source: Source, key: str, payload: Any) -> Reply | Waiting:
    kind = source.kind
    assert source.parse is not None
    try:
        events: list[Event] = source.parse(payload, request.headers)
    except PayloadError as error:
        return keep(key, kind, payload, problem(400, "invalid", str(error), error.errors), str(error))
    except Ignored as why:
        note = {"kind": kind, "ignored": str(why)}
        return Waiting(Batch.to_read(key, note, payload), _accepted(kind, 0))
    if source.signature and source.signature[0] in request.headers:
        names = (*source.signature, *source.headers)
        headers = {
            name: digest(request.headers[name]) if name in source.hidden else request.headers[name]
            for name in names
            if name in request.headers
        }
        how: dict[str, Any] = {"kind": kind, "body": plain_body(request).decode(), "headers": headers}
        return Waiting(Batch.to_read(key, how, payload), _accepted(kind, len(events)))
    return Waiting(Batch.of(key, events), _accepted(kind, len(events)))


def _accepted(kind: str, count: int) -> Callable[[Stored], Reply]:
    def reply(stored: Stored) -> Reply:
        if stored.wait:
            return _too_many(kind, stored.wait)
        if not stored.known:
            return problem(404, "unknown_key", "This integration key is not known.")
        body = {"status": "accepted", "request_id": str(stored.request_id), "accepted": count}
        return Reply(202, body)

    return reply


def _too_many(kind: str, wait: int) -> Reply:
    # Alertmanager drops a notification on 429 and tries again on 503.
    status = 503 if kind == "alertmanager" else 429
    return problem(
        status, "rate_limited", "Too many requests for this key.", headers={"Retry-After": str(wait)}
    )
