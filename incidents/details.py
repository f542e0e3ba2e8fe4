"""Custom fields: which are asked of an incident, and what counts as an answer. Pure but for `definitions`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import OuterRef
from django.utils.dateparse import parse_datetime

from core.errors import field_error
from core.text import clean, one_line
from incidents.choices import FieldKind
from incidents.models import CustomField, Incident

LONGEST = {FieldKind.TEXT: 300, FieldKind.LONG_TEXT: 10_000, FieldKind.LINK: 500}
LARGEST_NUMBER = 10**15
YES = {True: True, "true": True, "yes": True, "on": True, "1": True}
NO = {False: False, "false": False, "no": False, "0": False}
_is_link = URLValidator(schemes=["http", "https"])


def definitions() -> list[CustomField]:
    """All fields that are asked, with the ids of their types and their conditions: one statement."""
    types = ArraySubquery(
        CustomField.types.through.objects.filter(customfield=OuterRef("pk")).values("incidenttype_id")
    )
    return list(
        CustomField.objects.filter(active=True).select_related("shown_field").annotate(type_ids=types)
    )


def asked(fields: Iterable[CustomField], incident: Incident) -> list[CustomField]:
    """Those of `definitions` asked of this incident: its type, its rank and the answers it has."""
    return [field for field in fields if _is_asked(field, incident)]


def _is_asked(field: CustomField, incident: Incident) -> bool:
    types: list[int] = field.type_ids  # type: ignore[attr-defined]  # `definitions` adds it
    if types and incident.type_id not in types:
        return False
    rank = incident.severity_id
    if field.shown_to_rank is not None and (rank is None or rank > field.shown_to_rank):
        return False
    if field.shown_field is None:
        return True
    answer = incident.fields.get(field.shown_field.key)
    given = answer if isinstance(answer, list) else [_word(answer)]
    return bool(set(map(str, given)) & set(field.shown_values))


def _word(answer: Any) -> str:
    return (
        {True: "yes", False: "no", None: ""}.get(answer, str(answer)) if not isinstance(answer, list) else ""
    )


def clean_answer(field: CustomField, value: Any) -> Any:
    """The answer as it is stored; None for no answer. `InvalidInput` named `fields.<key>` when it does not fit.

    number: whole or decimal up to 10^15; yes_no: bool; moment: ISO 8601 with zone, stored in UTC; person: id;
    choices: list of options; link: http or https.
    """
    if value is None or value == "" or value == []:
        return None
    return _CLEANERS[FieldKind(field.kind)](field, value)


def _refuse(field: CustomField, reason: str) -> Exception:
    return field_error(f"fields.{field.key}", reason)


def _text(field: CustomField, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _refuse(field, "Text is expected.")
    limit = LONGEST[FieldKind(field.kind)]
    if len(value) > limit:
        raise _refuse(field, f"At most {limit:,} characters.")
    return (clean(value).strip() if field.kind == FieldKind.LONG_TEXT else one_line(value, limit)) or None


def _number(field: CustomField, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _refuse(field, "A number is expected.")
    try:
        number = float(value)
    except ValueError:
        raise _refuse(field, "A number is expected.") from None
    if not abs(number) <= LARGEST_NUMBER:
        raise _refuse(field, "That number is too large.")
    return int(number) if number.is_integer() else number


def _choice(field: CustomField, value: Any) -> str:
    if value not in field.options:
        raise _refuse(field, f"One of {', '.join(field.options)}.")
    return str(value)


def _choices(field: CustomField, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_choice(field, one) for one in dict.fromkeys(map(str, values[:100]))]


def _yes_no(field: CustomField, value: Any) -> bool:
    key = value.lower() if isinstance(value, str) else value
    if not isinstance(key, (str, bool)) or (key not in YES and key not in NO):
        raise _refuse(field, "Yes or no.")
    return key in YES


def _moment(field: CustomField, value: Any) -> str:
    try:
        moment = value if isinstance(value, dt.datetime) else parse_datetime(str(value)[:40])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refuse(field, "A date and time with its zone is expected, like 2026-11-01T09:30:00Z.")
    try:
        return moment.astimezone(dt.UTC).isoformat()
    except OverflowError:
        raise _refuse(field, "That date is out of range.") from None


def _link(field: CustomField, value: Any) -> str:
    text = str(_text(field, value) or "")
    try:
        _is_link(text)
    except ValidationError:
        raise _refuse(field, "A web address begins with http:// or https://.") from None
    return text


def _person(field: CustomField, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _refuse(field, "There is no such person.")
    return int(text)


_CLEANERS: dict[FieldKind, Callable[[CustomField, Any], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
    FieldKind.YES_NO: _yes_no,
    FieldKind.MOMENT: _moment,
    FieldKind.LINK: _link,
    FieldKind.PERSON: _person,
}


def missing_for(status: str, fields: Iterable[CustomField], incident: Incident) -> list[CustomField]:
    """What must be answered before the incident may enter `status`."""
    open_ones = asked((field for field in fields if field.required_for == status), incident)
    return [field for field in open_ones if incident.fields.get(field.key) is None]


def merged(answers: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with the changes in; those changed to None are gone."""
    return {key: value for key, value in {**answers, **changes}.items() if value is not None}
