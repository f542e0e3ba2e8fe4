"""Requests and replies of the intake, free of any web framework, so that every mount shares one handler."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from alerts.intake.store import Batch, Stored

MAX_BODY = 512 * 1024
MAX_WIRE = MAX_BODY + 1024


@dataclass(frozen=True)
class IntakeRequest:
    """A request as the handler sees it. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """Status, JSON body and extra headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    problem: bool = False

    @property
    def content_type(self) -> str:
        return "application/problem+json" if self.problem else "application/json"

    def encode(self) -> bytes:
        return orjson.dumps(self.body)


@dataclass(frozen=True)
class Waiting:
    """A request that was understood and waits for its events to be durable; `then` words the reply.

    With `refusal`, the request was refused and its body is kept only so that somebody may look at it: that is the
    reply, also when it cannot be stored.
    """

    batch: Batch
    then: Callable[[Stored], Reply]
    refusal: Reply | None = None


class Refused(Exception):
    """Stops handling with this reply."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(str(reply.status))


_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def problem(
    status: int,
    code: str,
    detail: str,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """A refusal as problem JSON (RFC 9457)."""
    body = {
        "type": f"/api/docs/#{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or {},
    }
    return Reply(status, body, headers or {}, problem=True)


def plain_body(request: IntakeRequest) -> bytes:
    """The body with gzip or deflate undone, never more than 512 KB; `Refused` 413, 415 or 400."""
    if len(request.body) > MAX_BODY:
        raise Refused(problem(413, "too_large", f"A body may hold at most {MAX_BODY} bytes."))
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return request.body
    if encoding not in ("gzip", "deflate"):
        raise Refused(problem(415, "content_encoding", "Use gzip, deflate or no content encoding."))
    machine = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = machine.decompress(request.body, MAX_BODY + 1)
    except zlib.error:
        raise Refused(problem(400, "bad_compression", f"The body is not valid {encoding}.")) from None
    if len(plain) > MAX_BODY or machine.unconsumed_tail:
        raise Refused(problem(413, "too_large", f"Unpacked, a body may hold at most {MAX_BODY} bytes."))
    if not machine.eof:
        raise Refused(problem(400, "bad_compression", f"The {encoding} body is cut short."))
    return plain
