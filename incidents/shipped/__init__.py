"""What a new installation begins with: roles, types, fields, texts and playbooks, from the files here.

Written once, at the first migration; what an admin changes or deletes afterwards stays so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent


def read(name: str) -> Any:
    """The content of one of the files here."""
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def fill(apps: Any) -> None:
    """Make the rows that are missing. `apps`: a registry, also that of a migration."""
    setup = read("setup")
    _roles(apps, setup["roles"])
    types = _types(apps, setup["types"])
    _fields(apps, setup["fields"], types)
    _priority(apps, setup["priority"])


def _roles(apps: Any, rows: list[dict[str, Any]]) -> None:
    model = apps.get_model("incidents", "RoleDefinition")
    for position, row in enumerate(rows):
        values = {**row, "card": row["card"].strip(), "position": position, "shipped": True}
        model.objects.get_or_create(key=values.pop("key"), defaults=values)


def _types(apps: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    model = apps.get_model("incidents", "IncidentType")
    return {
        row["key"]: model.objects.get_or_create(key=row["key"], defaults={**row, "position": position})[0]
        for position, row in enumerate(rows)
    }


def _fields(apps: Any, rows: list[dict[str, Any]], types: dict[str, Any]) -> None:
    model = apps.get_model("incidents", "CustomField")
    made: dict[str, Any] = {}
    for position, row in enumerate(rows):
        values = {**row, "position": position}
        for_types = [types[key] for key in values.pop("types", [])]
        values["shown_field"] = made.get(values.get("shown_field", ""))
        field, new = model.objects.get_or_create(key=values.pop("key"), defaults=values)
        made[field.key] = field
        if new:
            field.types.set(for_types)


def _priority(apps: Any, squares: dict[str, dict[str, int]]) -> None:
    model = apps.get_model("incidents", "PriorityRule")
    for condition, row in squares.items():
        for reach, rank in row.items():
            model.objects.get_or_create(condition=condition, reach=reach, defaults={"rank": rank})
