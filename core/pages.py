"""Helpers every room's pages share: the acting person, keyset pages, answers to htmx."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

M = TypeVar("M", bound=Model)
PAGE_SIZE = 50


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """Rows of one page, newest first; `older` and `newer` are cursors or ''."""

    rows: list[M]
    older: str
    newer: str


def keyset(queryset: QuerySet[M], cursor: str, *, field: str = "pk", size: int = PAGE_SIZE) -> KeysetPage[M]:
    """A page by key, descending by `field` (unique, whole numbers). A cursor is `b<key>` for rows before
    (older than) the key or `a<key>` for rows after it; anything else is the first page."""
    way, key = cursor[:1], cursor[1:]
    known = way in ("a", "b") and key.isdigit() and len(key) < 19
    if known and way == "a":
        rows = list(queryset.filter(**{f"{field}__gt": int(key)}).order_by(field)[: size + 1])
        more = len(rows) > size
        rows = rows[:size][::-1]
        return KeysetPage(rows, _cursor("b", rows[-1:], field), _cursor("a", rows[:1], field) if more else "")
    if known:
        queryset = queryset.filter(**{f"{field}__lt": int(key)})
    rows = list(queryset.order_by(f"-{field}")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    newer = _cursor("a", rows[:1], field) if known else ""
    return KeysetPage(rows, _cursor("b", rows[-1:], field) if more else "", newer)


def _cursor(way: str, rows: list[M], field: str) -> str:
    return f"{way}{getattr(rows[0], field)}" if rows else ""


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, which puts the answer in a place of the page that is open."""
    return bool(getattr(request, "htmx", False))


def done(request: HttpRequest, url: str, text: str = "", undo: str = "") -> HttpResponse:
    """After a change: closes the dialog and shows a toast for htmx, else goes to `url`."""
    if not wants_part(request):
        return redirect(url)
    response = HttpResponse(status=204)
    events: dict[str, Any] = {"wb:close-dialog": True}
    if text:
        events["wb:toast"] = {"text": text, "tone": "ok", **({"undo": undo} if undo else {})}
    response["HX-Trigger"] = json.dumps(events)
    return response


def actor_of(request: HttpRequest) -> Any:
    """The `Actor` of a signed-in request (set by the viewer middleware)."""
    return request.actor  # type: ignore[attr-defined]
