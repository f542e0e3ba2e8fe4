"""GitHub's JSON as ours and back. What does not have the documented shape is a `ValueError`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from core.text import clean, one_line
from incidents.trackers.base import DONE, DROPPED, OPEN, RemoteIssue

TITLE_LIMIT = 256
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}")
_REASONS = {DONE: "completed", DROPPED: "not_planned"}


def is_project(text: str) -> bool:
    """Whether it is `owner/repository`."""
    return bool(_PROJECT.fullmatch(text)) and text.rpartition("/")[2] not in (".", "..")


def issue_of(value: Any) -> RemoteIssue:
    """An issue of the API or of a webhook."""
    if not isinstance(value, dict):
        raise ValueError("no issue")
    number, external_id = value.get("number"), value.get("id")
    if not isinstance(number, int) or not isinstance(external_id, int) or number < 1:
        raise ValueError("no number")
    title, body = value.get("title"), value.get("body")
    if not isinstance(title, str) or not isinstance(body, str | None):
        raise ValueError("no title")
    return RemoteIssue(
        external_id=str(external_id)[:100],
        number=str(number)[:40],
        url=_url(value.get("html_url")),
        title=one_line(title, TITLE_LIMIT),
        state=_state(value.get("state"), value.get("state_reason")),
        updated_at=instant(value.get("updated_at")),
        body=clean(body or ""),
    )


def changes_for(changes: dict[str, str]) -> dict[str, Any]:
    """The body of a PATCH for title, body and state."""
    told: dict[str, Any] = {name: changes[name] for name in ("title", "body") if name in changes}
    if "state" in changes:
        reason = _REASONS.get(changes["state"])
        told |= {"state": "closed", "state_reason": reason} if reason else {"state": "open"}
    return told


def instant(value: Any) -> dt.datetime:
    """An ISO 8601 instant with zone, in UTC."""
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("no time")
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("no zone")
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("no time") from None


def _state(state: Any, reason: Any) -> str:
    """Closed without a reason, as before 2022, counts as completed."""
    if state == "open":
        return OPEN
    if state != "closed":
        raise ValueError("no state")
    return DROPPED if reason in ("not_planned", "duplicate") else DONE


def _url(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if text.startswith(("https://", "http://")) and len(text) <= 500 and text.isascii() else ""
