"""What a new installation begins with: severities, roles, types, fields, texts, playbooks and runbooks,
from the files here.

Written once, at the first migration; what an admin changes or deletes afterwards stays so.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core import clock
from incidents.playbooks import parse
from incidents.runbooks.document import steps_of

# As `Runbook.review_every_days` begins; this file is read before there are models.
REVIEW_DAYS = 180
_FOLDER = Path(__file__).parent


def read(name: str) -> Any:
    """The content of one of the files here."""
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def fill(apps: Any) -> None:
    """Make the rows that are missing. `apps`: a registry, also that of a migration."""
    for row in read("levels"):
        apps.get_model("incidents", "SeverityLevel").objects.get_or_create(rank=row["rank"], defaults=row)
    apps.get_model("incidents", "IncidentCounter").objects.get_or_create(id=1)
    setup = read("setup")
    _roles(apps, setup["roles"])
    types = _types(apps, setup["types"])
    _fields(apps, setup["fields"], types)
    _priority(apps, setup["priority"])
    _wording(apps, read("wording")["templates"])
    _playbooks(apps, types)
    _runbooks(apps, types)


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


def _playbooks(apps: Any, types: dict[str, Any]) -> None:
    """The organisation's playbooks with their first version; none when there is one already, whoever
    wrote it."""
    model = apps.get_model("incidents", "Playbook")
    if model.objects.exists():
        return
    version = apps.get_model("incidents", "PlaybookVersion")
    rows = plans()
    made = [
        model(**{**row, "type": types.get(row.get("type", ""))})
        for row in ({name: row[name] for name in row if name != "tasks"} for row in rows)
    ]
    model.objects.bulk_create(made)
    version.objects.bulk_create(
        version(playbook=playbook, number=1, tasks=row["tasks"], author_label="Watchbill")
        for playbook, row in zip(made, rows, strict=True)
    )


@cache
def plans() -> list[dict[str, Any]]:
    """The playbooks that come with the product, their tasks checked and in the shape they are stored in."""
    return [{**row, "tasks": [plan.as_row() for plan in parse(row["tasks"])]} for row in read("playbooks")]


def _runbooks(apps: Any, types: dict[str, Any]) -> None:
    """The organisation's runbooks with their first version; none when there is one already, whoever wrote it."""
    model = apps.get_model("incidents", "Runbook")
    if model.objects.exists():
        return
    version = apps.get_model("incidents", "RunbookVersion")
    now = clock.now()
    # The newest stands first in lists.
    for row in reversed(runbooks()):
        runbook = model.objects.create(
            name=row["name"],
            purpose=row["purpose"],
            matchers=row.get("matchers", []),
            version=1,
            created_at=now,
            published_at=now,
            review_due_at=now + dt.timedelta(days=REVIEW_DAYS),
        )
        runbook.types.set([types[key] for key in row.get("types", [])])
        steps = [{"key": step.key, "text": step.text} for step in steps_of(row["body"])]
        version.objects.create(
            runbook=runbook,
            number=1,
            body=row["body"],
            steps=steps,
            author_label="Watchbill",
            published_at=now,
        )


@cache
def runbooks() -> list[dict[str, Any]]:
    """The runbooks that come with the product: key, name, purpose, types, matchers, body; examples to start from."""
    return [{**row, "body": row["body"].strip()} for row in read("runbooks")]


def _wording(apps: Any, rows: list[dict[str, Any]]) -> None:
    """Templates for updates; none is added where there are some already."""
    model = apps.get_model("incidents", "UpdateTemplate")
    if model.objects.exists():
        return
    model.objects.bulk_create(
        [model(**{**row, "body": row["body"].strip(), "position": n}) for n, row in enumerate(rows)]
    )
