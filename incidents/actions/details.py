"""An incident's type and the answers to what is asked of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import clock
from core.errors import field_error
from incidents import details
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.visibility import restrict
from incidents.choices import EntryKind, FieldKind, Visibility
from incidents.errors import ChangedMeanwhile
from incidents.models import CustomField, Incident, IncidentType
from teams.actor import Actor
from teams.models import User


def set_type(*, actor: Actor, number: int, type_key: str | None, now: dt.datetime | None = None) -> Incident:
    """Say what kind of trouble it is; None takes it back. A type that is restricted restricts the incident.

    Answers to fields of the former type are kept. The present type again changes nothing.
    """
    now = now or clock.now()
    kind = find_type(type_key)
    with transaction.atomic():
        incident = lock(actor, "set_fields", number)
        if incident.type_id == (kind.pk if kind else None):
            return incident
        old = incident.type.name if incident.type else ""
        incident.type = kind
        data = {"old": old, "new": kind.name if kind else "", "key": kind.key if kind else ""}
        write_entry(incident, actor=actor, kind=EntryKind.TYPE, now=now, data=data)
        if kind is not None and kind.restricted and incident.visibility == Visibility.OPEN:
            restrict(incident, actor=actor, now=now)
        save_incident(incident, now, "type", "visibility")
        announce(incident, "type", actor, new=kind.key if kind else None)
    return incident


def find_type(key: str | None) -> IncidentType | None:
    """The type by its key; `InvalidInput` when there is none that is offered."""
    if key is None or key == "":
        return None
    row = IncidentType.objects.filter(key=key, active=True).first()
    if row is None:
        known = ", ".join(IncidentType.objects.filter(active=True).values_list("key", flat=True))
        raise field_error("type", f"One of {known}.")
    return row


def set_fields(
    *,
    actor: Actor,
    number: int,
    answers: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> Incident:
    """Answer some of the fields (key → answer; None or "" takes an answer back); the others stay.

    `base`: what the writer saw before; an answer somebody else has changed since is not overwritten but
    refused (`changed_meanwhile`) with the present one. Unknown keys and answers that do not fit are refused
    by name (`fields.<key>`), and nothing is stored.
    """
    now = now or clock.now()
    fields = {field.key: field for field in details.definitions()}
    cleaned = {key: _clean(fields, key, value) for key, value in answers.items()}
    with transaction.atomic():
        incident = lock(actor, "set_fields", number)
        changes = {key: value for key, value in cleaned.items() if incident.fields.get(key) != value}
        if base is not None:
            _not_changed_meanwhile(incident, changes, base)
        if not changes:
            return incident
        incident.fields = details.merged(incident.fields, changes)
        names = [fields[key].label for key in changes]
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.FIELDS,
            now=now,
            data={"fields": list(changes), "labels": names},
        )
        save_incident(incident, now, "fields")
        announce(incident, "details", actor)
    return incident


def _clean(fields: Mapping[str, CustomField], key: str, value: Any) -> Any:
    field = fields.get(key)
    if field is None:
        raise field_error(f"fields.{key[:40]}", "There is no such field.")
    answer = details.clean_answer(field, value)
    if (
        field.kind == FieldKind.PERSON
        and answer is not None
        and not User.objects.filter(pk=answer, is_active=True).exists()
    ):
        raise field_error(f"fields.{key}", "There is no such person.")
    return answer


def _not_changed_meanwhile(incident: Incident, changes: Mapping[str, Any], base: Mapping[str, Any]) -> None:
    taken = {
        f"fields.{key}": [str(incident.fields.get(key) or "")]
        for key in changes
        if key in base and incident.fields.get(key) != (base[key] or None)
    }
    if taken:
        raise ChangedMeanwhile(fields=taken)
