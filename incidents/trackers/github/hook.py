"""GitHub's webhooks: signature first, then what they say about issues."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.strict_json import BadJSON, loads
from core.text import clean, one_line
from incidents.trackers.base import HookNews, HookRefused, RemoteComment
from incidents.trackers.github import shapes

COMMENT_LIMIT = 4000
_DELIVERY = re.compile(r"[A-Za-z0-9-]{8,100}")
_CHANGES = {"opened", "edited", "closed", "reopened", "milestoned", "demilestoned"}
_GONE = {"deleted": "deleted", "transferred": "moved"}


def signature(secret: str, body: bytes) -> str:
    """What GitHub writes into `X-Hub-Signature-256`."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def parse(headers: Mapping[str, str], body: bytes, secret: str, project: str) -> HookNews:
    """Contract: `Tracker.parse_hook`."""
    given = headers.get("x-hub-signature-256", "")
    right = bool(secret) and hmac.compare_digest(
        given.encode(errors="replace"), signature(secret, body).encode()
    )
    if not right:
        raise HookRefused(401, "The signature does not fit the secret.")
    event, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    if not _DELIVERY.fullmatch(delivery):
        raise HookRefused(400, "X-GitHub-Delivery is missing.")
    if not headers.get("content-type", "").startswith("application/json"):
        raise HookRefused(400, "Choose application/json as the content type of the webhook.")
    try:
        value = loads(body)
    except BadJSON as error:
        raise HookRefused(400, str(error)) from None
    if not isinstance(value, dict):
        raise HookRefused(400, "A JSON object is needed.")
    _same_project(value, event, project)
    try:
        return _news(event, delivery, value)
    except ValueError:
        raise HookRefused(400, "This is not the shape GitHub documents.") from None


def _same_project(value: dict[str, Any], event: str, project: str) -> None:
    repository = value.get("repository")
    name = repository.get("full_name") if isinstance(repository, dict) else None
    if name is None and event == "ping":
        return
    if not isinstance(name, str) or name.casefold() != project.casefold():
        raise HookRefused(400, f"This is not about {project}.")


def _news(event: str, delivery: str, value: dict[str, Any]) -> HookNews:
    if event == "ping":
        return HookNews(delivery=delivery, what="ping")
    action = value.get("action")
    if event not in ("issues", "issue_comment"):
        return HookNews(delivery=delivery, what="ignored")
    issue = shapes.issue_of(value.get("issue"))
    about = HookNews(delivery=delivery, what="ignored", external_id=issue.external_id, number=issue.number)
    if event == "issue_comment":
        if action != "created":
            return about
        return replace(about, what="comment", comment=_comment(value.get("comment")))
    if action in _GONE:
        return replace(about, what="gone", gone=_GONE[action])
    return replace(about, what="changed") if action in _CHANGES else about


def _comment(value: Any) -> RemoteComment:
    user = value.get("user") if isinstance(value, dict) else None
    text = value.get("body") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise ValueError("no comment")
    login = user.get("login") if isinstance(user, dict) else None
    author = one_line(login, 80) if isinstance(login, str) else "ghost"
    text = clean(text.replace("\r\n", "\n"), COMMENT_LIMIT).strip()
    return RemoteComment(author=author, text=text, at=shapes.instant(value.get("created_at")))
