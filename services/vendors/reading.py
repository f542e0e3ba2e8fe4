"""The Statuspage v2 read shape, as a vendor's page answers `/api/v2/summary.json`. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.strict_json import loads
from core.text import one_line
from services.choices import VendorIndicator

MOST_COMPONENTS = 50
MOST_INCIDENTS = 10
_FINE = frozenset({"operational", ""})


class Unreadable(Exception):
    """What came is no such page; the message is a sentence."""


class Report(NamedTuple):
    """What the page says: `components` that are not operational `{name, status}`, unresolved `incidents`
    `{name, status, impact, url, at}`, newest first; `at` as the page writes it."""

    indicator: str
    description: str
    components: list[dict[str, str]]
    incidents: list[dict[str, str]]


def summary_url(status_url: str) -> str:
    """Where the summary is: below the page's address, whatever of it was copied."""
    base = status_url.split("#")[0].split("?")[0].rstrip("/")
    cut = base.find("/api/v2")
    return f"{base[:cut] if cut >= 0 else base}/api/v2/summary.json"


def read(content: bytes) -> Report:
    """What a summary says; raises Unreadable."""
    try:
        body = loads(content)
    except ValueError:
        raise Unreadable("The answer is no JSON: is this a page with the Statuspage v2 API?") from None
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, dict) or not isinstance(status.get("indicator"), str):
        raise Unreadable("The answer has no status: is this a page with the Statuspage v2 API?")
    indicator = status["indicator"].lower()
    if indicator not in VendorIndicator.values or indicator == VendorIndicator.UNKNOWN:
        raise Unreadable(f"The page has an unknown indicator, “{one_line(indicator, 40)}”.")
    return Report(
        indicator,
        _word(status, "description", 200),
        _components(body.get("components")),
        _incidents([*_rows(body.get("incidents")), *_running(body.get("scheduled_maintenances"))]),
    )


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _running(value: Any) -> list[dict[str, Any]]:
    """Maintenance that has begun; what is only planned is no trouble yet."""
    return [row for row in _rows(value) if row.get("status") in ("in_progress", "verifying")]


def _word(row: dict[str, Any], name: str, limit: int) -> str:
    value = row.get(name)
    return one_line(value, limit) if isinstance(value, str) else ""


def _components(value: Any) -> list[dict[str, str]]:
    rows = [row for row in _rows(value) if row.get("group") is not True]
    found = [{"name": _word(row, "name", 120), "status": _word(row, "status", 40)} for row in rows]
    return [row for row in found if row["name"] and row["status"] not in _FINE][:MOST_COMPONENTS]


def _incidents(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    found = []
    for row in rows:
        if row.get("status") in ("resolved", "postmortem", "completed") or not _word(row, "name", 200):
            continue
        found.append(
            {
                "name": _word(row, "name", 200),
                "status": _word(row, "status", 40),
                "impact": _word(row, "impact", 40),
                "url": _web(_word(row, "shortlink", 500)),
                "at": _instant(row.get("started_at") or row.get("created_at")),
            }
        )
    return sorted(found, key=lambda row: row["at"], reverse=True)[:MOST_INCIDENTS]


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def _instant(value: Any) -> str:
    """In UTC and ISO 8601, so that text sorts as time; "" when it is none."""
    try:
        at = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at and at.tzinfo else ""
    except (ValueError, OverflowError):
        return ""
