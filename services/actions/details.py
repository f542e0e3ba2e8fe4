"""What a service says beside its name: labels, custom fields, contacts, environments; checked and written."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from core.errors import field_error
from core.text import one_line
from services.choices import FieldKind
from services.models import Environment, Service, ServiceContact, ServiceEnvironment, ServiceField
from teams.actor import Actor
from teams.models import User

MOST_LABELS = 50
MOST_CONTACTS = 20
MOST_ENVIRONMENTS = 20
MOST_REGIONS = 30
_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?")
_web = URLValidator(schemes=["http", "https"])


def web_address(field: str, value: Any) -> str:
    """An http or https address of at most 500 characters, or "" for nothing."""
    url = str(value or "").strip()
    if not url:
        return ""
    try:
        _web(url)
    except ValidationError:
        raise field_error(field, "Must be an http or https address.") from None
    if len(url) > 500:
        raise field_error(field, "At most 500 characters.")
    return url


def labels(value: Mapping[str, Any] | None) -> dict[str, str]:
    """`{key: value}` as Kubernetes and Backstage spell keys: letters, digits, `-_./`, at most 63; values one line of
    at most 200 characters, "" for a tag."""
    found: dict[str, str] = {}
    for key, text in (value or {}).items():
        key = str(key).strip()
        if not _KEY.fullmatch(key):
            raise field_error("labels", f"“{key[:63]}”: letters, digits and - _ . / only, at most 63.")
        found[key] = one_line(str(text if text is not None else ""), 200)
    if len(found) > MOST_LABELS:
        raise field_error("labels", f"At most {MOST_LABELS} labels.")
    return dict(sorted(found.items()))


def custom(service: Service, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values of the custom fields in use, each as its kind stores it. Values of fields that are out of use stay.

    None and "" take a value away; `InvalidInput` names the field as `custom.<key>`.
    """
    fields = {row.key: row for row in ServiceField.objects.filter(active=True)}
    found = dict(service.custom)
    for key, given in (value or {}).items():
        if key not in fields:
            raise field_error(f"custom.{key}"[:80], "There is no such field.")
        if given is None or given == "":
            found.pop(key, None)
        else:
            found[key] = _CLEAN[FieldKind(fields[key].kind)](fields[key], given)
    for key, row in fields.items():
        asked = not row.kinds or service.kind in row.kinds
        if row.required and asked and key not in found:
            raise field_error(f"custom.{key}", "Must be filled in.")
    return found


def write_contacts(actor: Actor, service: Service, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make these `{part, user_id?, value?}` all contacts of the service, in this order."""
    if len(rows) > MOST_CONTACTS:
        raise field_error("contacts", f"At most {MOST_CONTACTS} contacts.")
    made = []
    for position, row in enumerate(rows):
        part = one_line(str(row.get("part") or ""), 80)
        if not part:
            raise field_error(f"contacts.{position}.part", "Say what to ask them about.")
        user_id, value = row.get("user_id"), one_line(str(row.get("value") or ""), 200)
        if user_id is not None and not User.objects.filter(pk=user_id, is_active=True).exists():
            raise field_error(f"contacts.{position}.user", "There is no such person.")
        if user_id is None and not value:
            raise field_error(f"contacts.{position}.value", "Name a person, or give an address.")
        made.append(
            ServiceContact(service=service, part=part, user_id=user_id, value=value, position=position)
        )
    held = list(service.contacts.values_list("part", "user_id", "value"))
    if held != [(row.part, row.user_id, row.value) for row in made]:
        service.contacts.all().delete()
        ServiceContact.objects.bulk_create(made)


def write_environments(service: Service, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make these `{environment_id, regions, url}` all environments the service runs in."""
    if len(rows) > MOST_ENVIRONMENTS:
        raise field_error("environments", f"At most {MOST_ENVIRONMENTS} environments.")
    known = set(Environment.objects.values_list("pk", flat=True)) if rows else set()
    made: dict[int, ServiceEnvironment] = {}
    for position, row in enumerate(rows):
        pk = row.get("environment_id")
        if pk not in known:
            raise field_error(f"environments.{position}.environment", "There is no such environment.")
        if pk in made:
            raise field_error(f"environments.{position}.environment", "Named twice.")
        regions = list(dict.fromkeys(filter(None, (one_line(str(r), 60) for r in row.get("regions") or []))))
        if len(regions) > MOST_REGIONS:
            raise field_error(f"environments.{position}.regions", f"At most {MOST_REGIONS} regions.")
        url = web_address(f"environments.{position}.url", row.get("url"))
        made[pk] = ServiceEnvironment(service=service, environment_id=pk, regions=regions, url=url)
    wanted = {pk: (row.regions, row.url) for pk, row in made.items()}
    if wanted != {row.environment_id: (row.regions, row.url) for row in service.environment_rows.all()}:
        service.environment_rows.all().delete()
        ServiceEnvironment.objects.bulk_create(made.values())


def _text(row: ServiceField, value: Any) -> str:
    return one_line(str(value), 500)


def _number(row: ServiceField, value: Any) -> float | int:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e15:
        raise field_error(f"custom.{row.key}", "Must be a number.")
    return int(number) if number == int(number) else number


def _boolean(row: ServiceField, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "yes", "1", "on"):
        return True
    if str(value).lower() in ("false", "no", "0", "off"):
        return False
    raise field_error(f"custom.{row.key}", "true or false.")


def _date(row: ServiceField, value: Any) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise field_error(f"custom.{row.key}", "A date such as 2026-11-30.") from None


def _address(row: ServiceField, value: Any) -> str:
    return web_address(f"custom.{row.key}", value)


def _choice(row: ServiceField, value: Any) -> str:
    if value not in row.choices:
        raise field_error(f"custom.{row.key}", f"One of {', '.join(row.choices)}.")
    return str(value)


_CLEAN: dict[FieldKind, Any] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.DATE: _date,
    FieldKind.URL: _address,
    FieldKind.CHOICE: _choice,
}
