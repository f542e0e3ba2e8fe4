"""What the Opsgenie alert API tells about alerts: one, a list, a count, its notes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet

from alerts.choices import AlertStatus
from alerts.models import Alert, AlertNote, Integration
from alerts.sources.base import PayloadError, fail
from alerts.sources.opsgenie import PRIORITIES

_TERM = re.compile(r'\s*(?:(?i:and)\s+)?([A-Za-z]{1,30})\s*[:=]\s*("[^"]{0,200}"|[^\s"()]{1,200})(?=\s|$)')
_SORTS = {"createdAt": "pk", "lastOccurredAt": "last_seen_at", "count": "count", "message": "title"}
MOST_OFFSET = 20_000
Query = dict[str, str]


def shown(alert: Alert) -> dict[str, Any]:
    """An alert in the original's words."""
    is_open = alert.status != AlertStatus.RESOLVED
    tags = [tag for tag in alert.labels.get("tags", "").split(", ") if tag]
    return {
        "id": str(alert.pk),
        "tinyId": str(alert.pk),
        "alias": alert.dedup_key,
        "message": alert.title,
        "status": "open" if is_open else "closed",
        "acknowledged": alert.status == AlertStatus.ACKNOWLEDGED,
        "isSeen": alert.status != AlertStatus.FIRING,
        "tags": tags,
        "snoozed": alert.is_snoozed,
        "snoozedUntil": alert.snoozed_until.isoformat() if alert.is_snoozed and alert.snoozed_until else None,
        "count": alert.count,
        "lastOccurredAt": alert.last_seen_at.isoformat(),
        "createdAt": alert.first_seen_at.isoformat(),
        "updatedAt": (alert.resolved_at or alert.last_seen_at).isoformat(),
        "source": alert.source,
        "owner": "",
        "priority": alert.severity if alert.severity in PRIORITIES else "P3",
        "integration": {"id": str(alert.integration_id), "type": "API"},
    }


def detailed(alert: Alert) -> dict[str, Any]:
    """With what only the page of one alert holds."""
    details = {name: value for name, value in alert.labels.items() if name not in ("tags", "entity")}
    more = {"description": alert.description, "details": details, "entity": alert.labels.get("entity", "")}
    return shown(alert) | more


def listed(integration: Integration, query: Query) -> dict[str, Any]:
    """Alerts of this integration: `data` and `paging`. `limit` up to 100, `offset` up to 20,000, `order`, `sort`,
    `query` (see `_narrowed`). `PayloadError` names what cannot be asked for."""
    limit, offset = _number(query, "limit", 20, 1, 100), _number(query, "offset", 0, 0, MOST_OFFSET)
    rows = _narrowed(integration, query).defer("raw", "description")
    field = _SORTS.get(query.get("sort", "createdAt"))
    if field is None:
        raise fail("sort", f"sort should be one of [ {', '.join(_SORTS)} ].")
    sign = "" if _ascends(query) else "-"
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[offset : offset + limit + 1])
    paging = {"first": _address(query, 0, limit)}
    if len(found) > limit and offset + limit <= MOST_OFFSET:
        paging["next"] = _address(query, offset + limit, limit)
    return {"data": [shown(alert) for alert in found[:limit]], "paging": paging}


def counted(integration: Integration, query: Query) -> dict[str, int]:
    """How many alerts of this integration a `query` finds."""
    return {"count": _narrowed(integration, query).count()}


def notes(alert: Alert, query: Query) -> list[dict[str, str]]:
    """What was written on an alert; `limit` up to 100, `order` asc or desc (as it comes)."""
    limit = _number(query, "limit", 100, 1, 100)
    rows = AlertNote.objects.filter(alert=alert).order_by("pk" if _ascends(query) else "-pk")[:limit]
    return [
        {
            "note": row.text,
            "owner": row.author_label,
            "createdAt": row.created_at.isoformat(),
            "offset": str(row.pk),
        }
        for row in rows
    ]


def _narrowed(integration: Integration, query: Query) -> QuerySet[Alert]:
    """Of the original's search: `field: value` terms, all of which must hold."""
    if query.get("searchIdentifier"):
        raise fail("searchIdentifier", "There are no saved searches here; use query.")
    rows = Alert.objects.filter(integration=integration)
    text, place = query.get("query", "")[:1000].strip(), 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise fail(
                "query",
                f"Terms are field: value, joined by AND. This is not one: {text[place:][:60].strip()}",
            )
        rows, place = rows.filter(_condition(term[1].lower(), term[2].strip('"'))), term.end()
    return rows


def _condition(name: str, value: str) -> Q:
    low = value.lower()
    if name == "status" and low in ("open", "closed"):
        closed = Q(status=AlertStatus.RESOLVED)
        return closed if low == "closed" else ~closed
    if name == "acknowledged" and low in ("true", "false"):
        taken = Q(status=AlertStatus.ACKNOWLEDGED)
        return taken if low == "true" else ~taken
    if name == "alias":
        return Q(dedup_key=value)
    if name == "message":
        return Q(title__icontains=value)
    if name == "priority" and value.upper() in PRIORITIES:
        return Q(severity=value.upper())
    if name in ("tag", "tags"):
        return Q(labels__tags__iregex=rf"(^|, ){re.escape(value)}(, |$)")
    known = "status: open|closed, acknowledged: true|false, alias, message, priority: P1-P5, tag"
    raise fail("query", f"What can be asked for: {known}. Not {name[:40]}: {value[:60]}")


def _ascends(query: Query) -> bool:
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise fail("order", "order should be one of [ asc, desc ].")
    return order == "asc"


def _address(query: Query, offset: int, limit: int) -> str:
    kept = {name: query[name] for name in ("query", "sort", "order") if query.get(name)}
    asked = urlencode({**kept, "offset": offset, "limit": limit})
    return f"{settings.BASE_URL}/compat/opsgenie/v2/alerts?{asked}"


def _number(query: Query, name: str, default: int, low: int, high: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 7) or not low <= int(text) <= high:
        raise PayloadError({name: [f"{name} should be between {low} and {high}."]})
    return int(text)
