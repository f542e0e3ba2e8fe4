"""What the Opsgenie alert API does to one alert at once, and what it tells about alerts.

These actions answer 202 as the others do; what became of one is kept beside the events, for its request's status.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.actions.notes import write_note
from alerts.actions.snoozing import snooze_alert
from alerts.choices import AlertStatus, IntakeStatus
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources.base import MAX_DESCRIPTION, PayloadError, fail, instant, labels, loose
from alerts.sources.opsgenie import MAX_MESSAGE, PRIORITIES
from core import clock
from core.crypto import digest
from core.errors import DomainError
from core.text import one_line
from teams.actor import system_actor

Change = Callable[[Alert, dict[str, Any], str], None]


def integration_of(key: str) -> Integration | None:
    """The active integration of this key."""
    hashed = digest(key)
    rows = Integration.objects.filter(Q(key_digest=hashed) | Q(next_key_digest=hashed), is_active=True)
    found: Integration | None = rows.first()
    return found


def find(integration: Integration, identifier: str, kind: str) -> Alert | None:
    """The alert an identifier names: our id for both id and tiny id, else the newest with this alias."""
    rows = Alert.objects.filter(integration=integration)
    if kind == "alias":
        return rows.filter(dedup_key=identifier[:512]).order_by("-pk").first()
    if not (identifier.isascii() and identifier.isdigit()) or len(identifier) > 18:
        return None
    return rows.filter(pk=int(identifier)).first()


def change(
    integration: Integration, verb: str, identifier: str, kind: str, body: dict[str, Any]
) -> uuid.UUID:
    """Carry out one of `CHANGES`; the id under which its outcome can be asked for. `PayloadError` for a bad body."""
    name, work, check = CHANGES[verb]
    check(body)
    alert = find(integration, identifier, kind)
    why = ""
    if alert is None or alert.status == AlertStatus.RESOLVED:
        why = "no open alert with this key"
    else:
        try:
            with transaction.atomic():
                locked = Alert.objects.select_for_update(no_key=True, of=("self",)).get(pk=alert.pk)
                work(locked, body, integration.name)
        except DomainError as error:
            why = error.sentence
    now = clock.now()
    item = IntakeItem.objects.create(
        integration=integration,
        service_id=integration.service_id,
        action="read",
        dedup_key=alert.dedup_key if alert else "",
        parsed={"kind": "opsgenie", "verb": name},
        raw=body,
        request_id=uuid.uuid4(),
        alert=alert,
        status=IntakeStatus.DROPPED if why else IntakeStatus.DONE,
        outcome=(why or f"{name} done")[:300],
        received_at=now,
        processed_at=now,
    )
    return item.request_id


def _need(name: str, limit: int) -> Callable[[dict[str, Any]], None]:
    def check(body: dict[str, Any]) -> None:
        value = body.get(name)
        if not isinstance(value, str) or not value.strip():
            raise fail(name, f"{name.capitalize()} can not be empty.")
        if len(value) > limit:
            raise fail(name, f"{name.capitalize()} can not be longer than {limit} characters.")

    return check


def _check_priority(body: dict[str, Any]) -> None:
    if body.get("priority") not in PRIORITIES:
        raise fail("priority", "Priority should be one of [ P1, P2, P3, P4, P5 ].")


def _check_tags(body: dict[str, Any]) -> None:
    if not isinstance(body.get("tags"), list) or not body["tags"]:
        raise fail("tags", "Tags can not be empty.")


def _check_details(body: dict[str, Any]) -> None:
    if not isinstance(body.get("details"), dict) or not body["details"]:
        raise fail("details", "Details can not be empty.")


def _check_end(body: dict[str, Any]) -> None:
    if instant(body.get("endTime"), "endTime") is None:
        raise fail("endTime", "EndTime can not be empty.")


def _note(alert: Alert, body: dict[str, Any], label: str) -> None:
    user = one_line(loose(body.get("user"), 100), 100)
    write_note(alert=alert, text=body["note"][:10_000], author_id=None, label=user or label)


def _snooze(alert: Alert, body: dict[str, Any], label: str) -> None:
    until = dt.datetime.fromisoformat(instant(body["endTime"], "endTime") or "")
    minutes = math.ceil((until - clock.now()).total_seconds() / 60)
    snooze_alert(actor=system_actor(label=label), alert_id=alert.pk, minutes=minutes)


def _message(alert: Alert, body: dict[str, Any], _label: str) -> None:
    alert.title = one_line(body["message"], 300)
    alert.save(update_fields=["title"])


def _description(alert: Alert, body: dict[str, Any], _label: str) -> None:
    alert.description = loose(body["description"], MAX_DESCRIPTION)
    alert.save(update_fields=["description"])


def _priority(alert: Alert, body: dict[str, Any], _label: str) -> None:
    alert.severity = body["priority"]
    alert.save(update_fields=["severity"])


def _tags(alert: Alert, body: dict[str, Any], _label: str) -> None:
    known = [tag for tag in alert.labels.get("tags", "").split(", ") if tag]
    new = [one_line(loose(tag, 50), 50) for tag in body["tags"][:20]]
    alert.labels = {**alert.labels, "tags": ", ".join(dict.fromkeys([*known, *new]))[:1000]}
    alert.save(update_fields=["labels"])


def _details(alert: Alert, body: dict[str, Any], _label: str) -> None:
    alert.labels = dict(list({**alert.labels, **labels(body["details"])}.items())[:64])
    alert.save(update_fields=["labels"])


def _unacknowledge(_alert: Alert, _body: dict[str, Any], _label: str) -> None:
    raise DomainError("An acknowledgement is not taken back: page again from the incident")


def _anything(_body: dict[str, Any]) -> None:
    pass


# Method and last part of the address → what the original calls it, the work, the check of the body.
CHANGES: dict[str, tuple[str, Change, Callable[[dict[str, Any]], None]]] = {
    "POST notes": ("AddNote", _note, _need("note", 25_000)),
    "POST snooze": ("Snooze", _snooze, _check_end),
    "POST unacknowledge": ("UnAcknowledge", _unacknowledge, _anything),
    "POST tags": ("AddTags", _tags, _check_tags),
    "POST details": ("AddDetails", _details, _check_details),
    "PUT message": ("UpdateMessage", _message, _need("message", MAX_MESSAGE)),
    "PUT description": ("UpdateDescription", _description, _need("description", MAX_DESCRIPTION)),
    "PUT priority": ("UpdatePriority", _priority, _check_priority),
}


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


def listed(integration: Integration, query: dict[str, str]) -> list[dict[str, Any]]:
    """Alerts of this integration, newest first: `limit` up to 100, `offset` up to 20,000, `query` status:open|closed.

    `PayloadError` for other numbers.
    """
    limit, offset = _number(query, "limit", 20, 1, 100), _number(query, "offset", 0, 0, 20_000)
    rows = Alert.objects.filter(integration=integration).defer("raw", "description").order_by("-pk")
    asked = query.get("query", "").replace(" ", "").lower()
    if "status:open" in asked or "status=open" in asked:
        rows = rows.exclude(status=AlertStatus.RESOLVED)
    elif "status:closed" in asked or "status=closed" in asked:
        rows = rows.filter(status=AlertStatus.RESOLVED)
    return [shown(alert) for alert in rows[offset : offset + limit]]


def _number(query: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 7) or not low <= int(text) <= high:
        raise PayloadError({name: [f"{name} should be between {low} and {high}."]})
    return int(text)
