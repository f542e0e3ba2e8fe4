"""What the Opsgenie alert API does to one alert at once.

These actions answer 202 as the others do; what became of one is kept beside the events, for its request's status.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.actions.notes import write_note
from alerts.actions.snoozing import snooze_alert
from alerts.choices import AlertStatus, IntakeStatus
from alerts.intake import opsgenie_people as people
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources.base import MAX_DESCRIPTION, fail, instant, labels, loose
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
    why = "no open alert with this key"
    if alert is not None and alert.status != AlertStatus.RESOLVED:
        why = _carry_out(alert, name, work, body, integration.name)
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


def note_along(integration: Integration, identifier: str, kind: str, body: dict[str, Any]) -> None:
    """Keep the note that came with a close or acknowledge, if there is such an alert and room for it."""
    alert = find(integration, identifier, kind)
    if alert is not None and isinstance(body.get("note"), str):
        with suppress(DomainError):
            _note(alert, body, integration.name)


def _carry_out(alert: Alert, name: str, work: Change, body: dict[str, Any], label: str) -> str:
    """Do it under the alert's lock; why it was not done, "" when it was. What asks for people is noted either way."""
    try:
        with transaction.atomic():
            rows = Alert.objects.select_for_update(no_key=True, of=("self",))
            locked = rows.select_related("incident", "integration").get(pk=alert.pk)
            if locked.status == AlertStatus.RESOLVED:
                return "no open alert with this key"
            work(locked, body, label)
    except DomainError as error:
        if name in _OF_PEOPLE:
            with suppress(DomainError):
                people.note_refusal(alert, body, label, name, error.sentence)
        return error.sentence
    return ""


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
    write_note(alert=alert, text=body["note"][:10_000], author_id=None, label=people.author(body, label))


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


def _listed(name: str) -> Callable[[dict[str, Any]], None]:
    def check(body: dict[str, Any]) -> None:
        if not _words(body.get(name)):
            raise fail(name, f"{name.capitalize()} can not be empty.")

    return check


def _words(value: Any) -> list[str]:
    """Names in a query, separated by commas."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else []


def _remove_tags(alert: Alert, body: dict[str, Any], _label: str) -> None:
    gone = set(_words(body["tags"]))
    kept = [tag for tag in alert.labels.get("tags", "").split(", ") if tag and tag not in gone]
    rest = {name: value for name, value in alert.labels.items() if name != "tags"}
    alert.labels = rest | ({"tags": ", ".join(kept)} if kept else {})
    alert.save(update_fields=["labels"])


def _remove_details(alert: Alert, body: dict[str, Any], _label: str) -> None:
    gone = set(_words(body["keys"])) - {"tags", "entity"}
    alert.labels = {name: value for name, value in alert.labels.items() if name not in gone}
    alert.save(update_fields=["labels"])


def _custom_action(_alert: Alert, _body: dict[str, Any], _label: str) -> None:
    raise DomainError("This alert has no such action")


def _anything(_body: dict[str, Any]) -> None:
    pass


_OF_PEOPLE = frozenset({"AssignOwnership", "AddResponder", "AddTeam", "Escalate", "UnAcknowledge"})
# Method and last part of the address → what the original calls it, the work, the check of the body. A DELETE has its
# query for a body.
CHANGES: dict[str, tuple[str, Change, Callable[[dict[str, Any]], None]]] = {
    "POST notes": ("AddNote", _note, _need("note", 25_000)),
    "POST snooze": ("Snooze", _snooze, _check_end),
    "POST assign": ("AssignOwnership", people.assign, people.named("owner", "id", "username")),
    "POST responders": ("AddResponder", people.add_responder, people.check_responder),
    "POST teams": ("AddTeam", people.add_team, people.named("team", "id", "name")),
    "POST escalate": ("Escalate", people.escalate, people.named("escalation", "id", "name")),
    "POST unacknowledge": ("UnAcknowledge", people.unacknowledge, _anything),
    "POST actions": ("ExecuteCustomAction", _custom_action, _anything),
    "POST tags": ("AddTags", _tags, _check_tags),
    "POST details": ("AddDetails", _details, _check_details),
    "DELETE tags": ("RemoveTags", _remove_tags, _listed("tags")),
    "DELETE details": ("RemoveDetails", _remove_details, _listed("keys")),
    "PUT message": ("UpdateMessage", _message, _need("message", MAX_MESSAGE)),
    "PUT description": ("UpdateDescription", _description, _need("description", MAX_DESCRIPTION)),
    "PUT priority": ("UpdatePriority", _priority, _check_priority),
}
