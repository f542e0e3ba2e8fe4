"""The address a heartbeat's signs come to: `/api/v1/heartbeat/<key>/`, and `fail/` below it. Any usual method."""

from __future__ import annotations

import re

from alerts.actions import heartbeats
from alerts.intake.messages import MAX_BODY, IntakeRequest, Reply, problem
from core import ratelimit
from core.crypto import digest

PREFIX = "/api/v1/heartbeat/"
METHODS = ("GET", "POST", "PUT", "HEAD")
_PATH = re.compile(
    r"^/api/v1/heartbeat/(?P<key>[^/]{1,200})/(?P<fail>fail/?)?$|^/api/v1/heartbeat/(?P<bare>[^/]{1,200})$"
)
# A sign is expected every ten seconds at most.
RATE, BURST = 1, 60


def answer(request: IntakeRequest) -> Reply:
    """200 once the sign is durable, 404 for an unknown key. Raises only when the database does."""
    match = _PATH.match(request.path)
    if match is None:
        return problem(404, "not_found", "The address is /api/v1/heartbeat/<key>/.")
    if request.method not in METHODS:
        return problem(405, "method", "Use GET, POST or PUT.", headers={"Allow": ", ".join(METHODS)})
    if len(request.body) > MAX_BODY:
        return problem(413, "too_large", f"A body may hold at most {MAX_BODY} bytes.")
    key = match["key"] or match["bare"]
    wait = ratelimit.take(f"heartbeat:{digest(key)[:24]}", rate=RATE, burst=BURST)
    if wait:
        return problem(
            429, "rate_limited", "Too many requests for this key.", headers={"Retry-After": str(wait)}
        )
    by = request.headers.get("user-agent", "")
    if match["fail"]:
        text = request.body[: 4 * heartbeats.MAX_TEXT].decode("utf-8", "replace")
        known = heartbeats.report_failure(key=key, text=text, by=by)
    else:
        known = heartbeats.ping(key=key, by=by)
    return Reply(200, {"status": "ok"}) if known else problem(404, "unknown_key", "This key is not known.")
