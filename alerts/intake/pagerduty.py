"""PagerDuty Events, compatible: `/compat/pagerduty/v2/enqueue`, `/v2/change/enqueue` and the older v1.

Status codes and bodies as the original documents them: 202 (v1: 200) success, 400 invalid event, 429 (v1: 403).
"""

from __future__ import annotations

from typing import Any

from alerts.intake import limits
from alerts.intake.changes import read_change
from alerts.intake.keeping import keep
from alerts.intake.messages import IntakeRequest, Refused, Reply, Waiting, plain_body, problem
from alerts.intake.store import Batch, Stored
from alerts.sources.base import PayloadError, require_object
from alerts.sources.pagerduty import parse, parse_v1
from core.strict_json import BadJSON, loads

PREFIX = "/compat/pagerduty/"
CHANGES = f"{PREFIX}v2/change/enqueue"
ENQUEUE = f"{PREFIX}v2/enqueue"
LEGACY = f"{PREFIX}generic/2010-04-15/create_event.json"


def prepare(request: IntakeRequest) -> Reply | Waiting:
    """Read an event or a change event."""
    path = request.path.rstrip("/")
    if path not in (ENQUEUE, CHANGES, LEGACY):
        return problem(404, "not_found", "Use v2/enqueue or v2/change/enqueue.")
    if request.method != "POST":
        return problem(405, "method", "Use POST.", headers={"Allow": "POST"})
    try:
        body = require_object(loads(plain_body(request)))
    except BadJSON as error:
        return _invalid([str(error)])
    except PayloadError:
        return _invalid(["The body must be a JSON object."])
    except Refused as refused:
        if refused.reply.status == 413:
            return Reply(413, {"status": "invalid event", "message": "Event is too large", "errors": []})
        raise
    if path == LEGACY:
        return _legacy(body)
    key = body.get("routing_key")
    if not isinstance(key, str) or len(key) != 32:
        return _invalid(["'routing_key' is missing or is not 32 characters"])
    if wait := limits.over(key):
        return _too_many(wait)
    return _change(key, body) if path == CHANGES else _event(key, body)


def _event(key: str, body: dict[str, Any]) -> Reply | Waiting:
    try:
        events = parse(body)
    except PayloadError as error:
        reasons = _reasons(error)
        return keep(key, "pagerduty", _without_key(body), _invalid(reasons), "; ".join(reasons))

    def reply(stored: Stored) -> Reply:
        if stored.wait:
            return _too_many(stored.wait)
        if not stored.known:
            return _invalid(["Invalid routing key"])
        done = {"status": "success", "message": "Event processed", "dedup_key": events[0].parsed.dedup_key}
        return Reply(202, done)

    return Waiting(Batch.of(key, events), reply)


def _reasons(error: PayloadError) -> list[str]:
    return [f"'{name}' {reason}" for name, reasons in error.errors.items() for reason in reasons]


def _without_key(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("routing_key", "service_key")}


def _legacy(body: dict[str, Any]) -> Reply | Waiting:
    """Events v1: `service_key`, `event_type`, `incident_key`, `description`, `details`."""
    key = body.get("service_key")
    if not isinstance(key, str) or len(key) != 32:
        return _invalid(["'service_key' is missing or is not 32 characters"])
    if wait := limits.over(key):
        return _legacy_wait(wait)
    try:
        events = parse_v1(_without_key(body))
    except PayloadError as error:
        reasons = _reasons(error)
        return keep(key, "pagerduty", _without_key(body), _invalid(reasons), "; ".join(reasons))

    def reply(stored: Stored) -> Reply:
        if stored.wait:
            return _legacy_wait(stored.wait)
        if not stored.known:
            return _invalid(["Invalid service key"])
        done = {"status": "success", "message": "Event processed", "incident_key": events[0].parsed.dedup_key}
        return Reply(200, done)

    return Waiting(Batch.of(key, events), reply)


def _legacy_wait(wait: int) -> Reply:
    # Clients of v1 try again on 403, as the original answered.
    return Reply(403, _too_many(wait).body, {"Retry-After": str(wait)})


def _change(key: str, body: dict[str, Any]) -> Reply | Waiting:
    try:
        event = read_change(_without_key(body))
    except PayloadError as error:
        reasons = _reasons(error)
        return keep(key, "pagerduty", _without_key(body), _invalid(reasons), "; ".join(reasons))

    def reply(stored: Stored) -> Reply:
        if stored.wait:
            return _too_many(stored.wait)
        if not stored.known:
            return _invalid(["Invalid routing key"])
        return Reply(202, {"status": "success", "message": "Change event processed"})

    return Waiting(Batch.of(key, [event]), reply)


def _too_many(wait: int) -> Reply:
    reply = {"status": "throttle exceeded", "message": "Requests for this key are arriving too quickly"}
    return Reply(429, reply, {"Retry-After": str(wait)})


def _invalid(errors: list[str]) -> Reply:
    return Reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
