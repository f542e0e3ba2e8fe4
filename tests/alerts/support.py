"""What the tests of this room share: posting to the intake, captured payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alerts.intake.messages import IntakeRequest, Reply
from alerts.intake.receive import handle

PAYLOADS = Path(__file__).parent / "payloads"
PAGERDUTY = "/compat/pagerduty/v2/enqueue"
OPSGENIE = "/compat/opsgenie/v2/alerts"


def payload(name: str) -> Any:
    """A captured body, parsed anew for each caller."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def request(
    path: str, body: bytes = b"", *, method: str = "POST", query: dict[str, str] | None = None, **headers: str
) -> IntakeRequest:
    named = {"content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return IntakeRequest(method, path, query or {}, named, body)


def native(key: str, body: Any, kind: str = "generic") -> Reply:
    return handle(request(f"/api/v1/intake/{kind}/{key}/", json.dumps(body).encode()))


def pagerduty(key: str, action: str, dedup_key: str | None = None, **fields: Any) -> Reply:
    body: dict[str, Any] = {"routing_key": key, "event_action": action, **fields}
    if dedup_key is not None:
        body["dedup_key"] = dedup_key
    if action == "trigger":
        body.setdefault("payload", {"summary": "DB slow", "source": "db1", "severity": "critical"})
    return handle(request(PAGERDUTY, json.dumps(body).encode()))


def opsgenie(key: str, path: str, body: Any = None, *, method: str = "POST", **query: str) -> Reply:
    raw = json.dumps(body).encode() if body is not None else b""
    return handle(request(OPSGENIE + path, raw, method=method, query=query, authorization=f"GenieKey {key}"))
