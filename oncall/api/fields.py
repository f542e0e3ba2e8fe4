"""Serializer fields that take exactly what the API promises, and refuse the rest by field."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.clock import UTC
from core.errors import field_error

MAX_ID = 2**63 - 1
FIRST_YEAR, LAST_YEAR = 1970, 2200
# A plus sign that was not escaped in a query arrives as a space.
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


def instant(text: str) -> dt.datetime | None:
    """An ISO 8601 time (or date: its midnight) as an aware UTC instant; without an offset it is UTC.

    None when it cannot be read or lies outside the years served.
    """
    try:
        value = parse_datetime(_LOST_PLUS.sub(r"+\1", text)) if len(text) <= 40 else None
        if value is None and (day := parse_date(text) if len(text) <= 10 else None) is not None:
            value = dt.datetime.combine(day, dt.time(), UTC)
        if value is None:
            return None
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return value if FIRST_YEAR <= value.year <= LAST_YEAR else None


def query_instant(query: Any, name: str, default: dt.datetime) -> dt.datetime:
    """`?name=` as an instant, `default` when absent or empty; `InvalidInput` for anything else."""
    text = str(query.get(name, ""))
    if not text:
        return default
    value = instant(text)
    if value is None:
        raise field_error(name, "An ISO 8601 time such as 2026-11-01T09:00:00Z.")
    return value


def query_id(query: Any, name: str) -> int | None:
    """`?name=` as an id; None when absent."""
    text = str(query.get(name, ""))
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise field_error(name, "A whole number.")
    return int(text)


@extend_schema_field(OpenApiTypes.INT)
class WholeField(serializers.Field):
    """A JSON whole number within bounds; no text, no boolean, no fraction."""

    def __init__(self, *, minimum: int = 0, maximum: int = MAX_ID, **options: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("A whole number.")
        if not self.minimum <= data <= self.maximum:
            raise serializers.ValidationError(f"From {self.minimum} to {self.maximum}.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field):
    """ISO 8601 in, UTC out."""

    def to_internal_value(self, data: Any) -> dt.datetime:
        value = instant(data) if isinstance(data, str) else None
        if value is None:
            raise serializers.ValidationError("An ISO 8601 time such as 2026-11-01T09:00:00Z.")
        return value

    def to_representation(self, value: dt.datetime) -> dt.datetime:
        return value.astimezone(UTC)


@extend_schema_field(OpenApiTypes.STR)
class WordField(serializers.Field):
    """A JSON text of at most `limit` characters."""

    def __init__(self, *, limit: int, blank: bool = False, **options: Any) -> None:
        self.limit, self.blank = limit, blank
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("A text.")
        if not self.blank and not data.strip():
            raise serializers.ValidationError("This may not be empty.")
        if len(data) > self.limit:
            raise serializers.ValidationError(f"At most {self.limit} characters.")
        return data

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class ReferenceField(serializers.Field):
    """Another object by slug or id, which must be visible to the request's actor; becomes its id.

    `model` has `objects.visible_to`. `slug`: shown and found by slug (ids accepted too), else by id.
    """

    def __init__(self, model: Any, *, slug: bool = False, **options: Any) -> None:
        self.model, self.slug = model, slug
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        rows = self.model.objects.visible_to(self.context["request"].actor)
        if isinstance(data, int) and not isinstance(data, bool) and 0 <= data <= MAX_ID:
            found = rows.filter(pk=data)
        elif self.slug and isinstance(data, str) and len(data) <= 100:
            numeric = data.isascii() and data.isdigit() and len(data) <= 18
            found = rows.filter(slug=data)
            if numeric and not found.exists():
                found = rows.filter(pk=int(data))
        else:
            raise serializers.ValidationError("A slug." if self.slug else "An id.")
        pk: int | None = found.values_list("pk", flat=True).first()
        if pk is None:
            raise serializers.ValidationError(f"There is no such {self.model._meta.verbose_name}.")
        return pk

    def to_representation(self, value: Any) -> Any:
        return getattr(value, "slug", None) if self.slug else value
