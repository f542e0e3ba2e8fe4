"""The Opsgenie Alert API, compatible: alerts with their actions, request status, heartbeat pings.

`Authorization: GenieKey <integration key>`. Actions answer 202 and are carried out after; what
became of one is asked at `/v2/alerts/requests/<requestId>`.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import unquote

from django.db.models import Q

from alerts.actions.heartbeats import ping_by_name
from alerts.choices import IntakeStatus
from alerts.intake import limits, opsgenie_alerts, opsgenie_reads
from alerts.intake.messages import IntakeRequest, Refused, Reply, Waiting, plain_body
from alerts.intake.store import Batch, Stored
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources.base import Event, PayloadError, require_object
from alerts.sources.opsgenie import parse, verb
from core.crypto import digest
from core.strict_json import BadJSON, loads
from core.text import clean, clean_json

PREFIX = "/compat/opsgenie/"
_ALERTS = re.compile(r"^/compat/opsgenie/v2/alerts/?$")
_REQUEST = re.compile(
    r"^/compat/opsgenie/v2/alerts/requests/(?P<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$"
)
_COUNT = re.compile(r"^/compat/opsgenie/v2/alerts/count/?$")
_VERB = re.compile(
    r"^/compat/opsgenie/v2/alerts/(?P<id>[^/]{1,600})/(?:(?P<verb>[a-z]{1,20})|(?P<own>actions)/[^/]{1,300})/?$"
)
_ALERT = re.compile(r"^/compat/opsgenie/v2/alerts/(?P<id>[^/]{1,600})/?$")
_HEARTBEAT = re.compile(r"^/compat/opsgenie/v2/heartbeats/(?P<name>[^/]{1,200})/ping/?$")
_ACTIONS = {"close": "resolve", "acknowledge": "acknowledge"}
_NAMES = {"trigger": "Create", "resolve": "Close", "acknowledge": "Acknowledge"}
_PINGS = ("GET", "PUT", "POST", "PATCH")


def prepare(request: IntakeRequest) -> Reply | Waiting:
    """Read an action, or answer what became of one."""
    key = _key(request)
    if _ALERTS.match(request.path) and request.method == "POST":
        return _create(key, _json(request))
    if (match := _REQUEST.match(request.path)) and request.method == "GET":
        return _status(key, uuid.UUID(match["id"]))
    if (match := _HEARTBEAT.match(request.path)) and request.method in _PINGS:
        return _ping(key, unquote(match["name"]))
    if _ALERTS.match(request.path) and request.method == "GET":
        return _list(key, request)
    if _COUNT.match(request.path) and request.method == "GET":
        return _count(key, request)
    if (match := _ALERT.match(request.path)) and request.method in ("GET", "DELETE"):
        return _one(key, unquote(match["id"]), request)
    if (match := _VERB.match(request.path)) and match["verb"] in _ACTIONS and request.method == "POST":
        return _verb(key, match["verb"], unquote(match["id"]), request)
    if match and match["verb"] == "notes" and request.method == "GET":
        return _notes(key, unquote(match["id"]), request)
    if match and (asked := f"{request.method} {match['verb'] or match['own']}") in opsgenie_alerts.CHANGES:
        return _change(key, asked, unquote(match["id"]), request)
    return _answer(404, message="There is no such resource.")


def _answer(status: int, request_id: uuid.UUID | None = None, **body: Any) -> Reply:
    return Reply(status, {**body, "took": 0.0, "requestId": str(request_id or uuid.uuid4())})


def _key(request: IntakeRequest) -> str:
    scheme, _space, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "geniekey" or not key.strip():
        raise Refused(_answer(401, message="Authorization: GenieKey <key> is missing."))
    key = key.strip()
    wait = limits.wait_for(key)
    if wait:
        reply = _answer(429, message="You are making too many requests!")
        raise Refused(Reply(429, reply.body, {"Retry-After": str(wait)}))
    return key


def _json(request: IntakeRequest) -> Any:
    body = plain_body(request)
    if not body.strip():
        return {}
    try:
        return loads(body)
    except BadJSON as error:
        raise Refused(_answer(400, message=str(error))) from None


def _create(key: str, body: Any) -> Reply | Waiting:
    try:
        return _store(key, parse(body))
    except PayloadError as error:
        return _unprocessable(error)


def _identifier_type(request: IntakeRequest) -> str:
    kind = request.query.get("identifierType", "id")
    if kind not in ("id", "tiny", "alias"):
        raise Refused(_answer(422, message="identifierType must be id, tiny or alias."))
    return kind


def _known(key: str) -> Integration:
    integration = opsgenie_alerts.integration_of(key)
    if integration is None:
        raise Refused(_answer(403, message="Could not authenticate"))
    return integration


def _unprocessable(error: PayloadError) -> Reply:
    named = {name: reasons[0] for name, reasons in error.errors.items()}
    return _answer(422, message="Request body is not processable. Please check the errors.", errors=named)


def _list(key: str, request: IntakeRequest) -> Reply:
    try:
        return _answer(200, **opsgenie_reads.listed(_known(key), dict(request.query)))
    except PayloadError as error:
        return _unprocessable(error)


def _count(key: str, request: IntakeRequest) -> Reply:
    try:
        return _answer(200, data=opsgenie_reads.counted(_known(key), dict(request.query)))
    except PayloadError as error:
        return _unprocessable(error)


def _one(key: str, identifier: str, request: IntakeRequest) -> Reply | Waiting:
    if request.method == "DELETE":
        return _verb(key, "close", identifier, request)
    return _answer(200, data=opsgenie_reads.detailed(_found(key, identifier, request)))


def _notes(key: str, identifier: str, request: IntakeRequest) -> Reply:
    try:
        return _answer(200, data=opsgenie_reads.notes(_found(key, identifier, request), dict(request.query)))
    except PayloadError as error:
        return _unprocessable(error)


def _found(key: str, identifier: str, request: IntakeRequest) -> Alert:
    kind = _identifier_type(request)
    alert = opsgenie_alerts.find(_known(key), clean(identifier), kind)
    if alert is None:
        raise Refused(_answer(404, message=f"No alert exists with {kind}: [{identifier[:200]}]"))
    return alert


def _change(key: str, verb_name: str, identifier: str, request: IntakeRequest) -> Reply:
    kind = _identifier_type(request)
    try:
        body = (
            clean_json(dict(request.query)) if request.method == "DELETE" else require_object(_json(request))
        )
    except PayloadError as error:
        return _answer(400, message=str(error))
    try:
        request_id = opsgenie_alerts.change(_known(key), verb_name, clean(identifier), kind, body)
    except PayloadError as error:
        return _unprocessable(error)
    return _answer(202, request_id, result="Request will be processed")


def _ping(key: str, name: str) -> Reply:
    _known(key)
    if not ping_by_name(key, clean(name)):
        return _answer(404, message=f"No heartbeat found with name: [{name[:200]}]")
    return _answer(202, result="PONG - Heartbeat received")


def _verb(key: str, name: str, identifier: str, request: IntakeRequest) -> Reply | Waiting:
    kind = _identifier_type(request)
    alias = identifier if kind == "alias" else _alias_of(key, identifier)
    body = _json(request)
    try:
        event = verb(_ACTIONS[name], alias or f"unknown:{identifier}", body)
    except PayloadError as error:
        return _answer(400, message=str(error))
    if body.get("note"):
        opsgenie_alerts.note_along(_known(key), clean(identifier), kind, body)
    return _store(key, [event])


def _alias_of(key: str, identifier: str) -> str | None:
    """Our alert id stands for both id and tiny id."""
    if not identifier.isdecimal() or len(identifier) > 18:
        return None
    hashed = digest(key)
    rows = Alert.objects.filter(
        Q(integration__key_digest=hashed) | Q(integration__next_key_digest=hashed), pk=int(identifier)
    )
    return rows.values_list("dedup_key", flat=True).first()


def _store(key: str, events: list[Event]) -> Waiting:
    def reply(stored: Stored) -> Reply:
        if not stored.known:
            return _answer(403, message="Could not authenticate")
        return _answer(202, stored.request_id, result="Request will be processed")

    return Waiting(Batch.of(key, events, limited=False), reply)


def _status(key: str, request_id: uuid.UUID) -> Reply:
    hashed = digest(key)
    integrations = Integration.objects.filter(Q(key_digest=hashed) | Q(next_key_digest=hashed))
    if not integrations.exists():
        return _answer(403, message="Could not authenticate")
    item = IntakeItem.objects.filter(request_id=request_id, integration__in=integrations).first()
    if item is None or item.status == IntakeStatus.PENDING:
        return _answer(404, message="Request not found. It might not be processed, yet.")
    done = item.status == IntakeStatus.DONE
    data = {
        "success": done,
        "isSuccess": done,
        "action": _NAMES.get(item.action) or str(item.parsed.get("verb", "Create")),
        "processedAt": item.processed_at.isoformat() if item.processed_at else None,
        "integrationId": str(item.integration_id),
        "status": item.outcome,
        "alertId": str(item.alert_id) if item.alert_id else "",
        "alias": item.dedup_key,
    }
    return _answer(200, request_id, data=data)
