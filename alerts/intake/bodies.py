"""How a request's body becomes a payload: JSON, a form or the query. What a source takes, its folder says."""

from __future__ import annotations

import email.policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from alerts.intake.messages import IntakeRequest, Refused, plain_body, problem
from alerts.sources.base import Source
from core.strict_json import BadJSON, loads
from core.text import clean_json

MAX_FIELDS = 200
_PLAIN = ("", "text/plain", "application/octet-stream")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Fields of a form that hold the whole body as JSON.
_WHOLE = ("payload", "data")


def payload_of(request: IntakeRequest, source: Source) -> Any:
    """What was sent. `BadJSON` for what is not JSON, `Refused` for other faults."""
    if request.method == "GET":
        return _query(request.query)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS and "form" in source.bodies:
        return _form(request, kind)
    if kind not in _PLAIN and "json" not in kind:
        raise Refused(problem(415, "content_type", "Send application/json."))
    return loads(plain_body(request))


def _query(query: Any) -> dict[str, Any]:
    """The query's fields; those that are JSON objects are read."""
    if len(query) > MAX_FIELDS:
        raise _too_many()
    return {name: _field(value) for name, value in clean_json(dict(query)).items()}


def _field(value: str) -> Any:
    if not value.lstrip().startswith(("{", "[")) and value != "null":
        return value
    try:
        return loads(value.encode())
    except BadJSON:
        return value


def _form(request: IntakeRequest, kind: str) -> Any:
    body = plain_body(request)
    fields = _parts(request, body) if kind.startswith("multipart") else _pairs(body)
    for name in _WHOLE:
        if fields.get(name, "").lstrip().startswith("{"):
            return loads(fields[name].encode())
    return clean_json(fields)


def _pairs(body: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        )
    except UnicodeDecodeError:
        raise BadJSON("The form is not UTF-8.") from None
    except ValueError:
        raise _too_many() from None


def _parts(request: IntakeRequest, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise BadJSON("The form cannot be read.")
    found: dict[str, str] = {}
    for part in message.iter_parts():  # type: ignore[attr-defined]  # of EmailMessage, which this policy makes
        if len(found) >= MAX_FIELDS:
            raise _too_many()
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode("utf-8", "replace").rstrip("\r\n")
    return found


def _too_many() -> Refused:
    return Refused(problem(400, "invalid", f"At most {MAX_FIELDS} fields."))
