"""What templates and mappings would make of the payloads that came in last; nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts import templating
from alerts.models import IntakeItem, Integration

SAMPLES = 3
MOST_PATHS = 150
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


@dataclass(frozen=True)
class Sample:
    """One payload with what each template made of it: name → (text, reason why it failed)."""

    item: IntakeItem
    title: str
    results: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class PathTo:
    """How a template names a value, with the value as a short text."""

    expression: str
    value: str


def try_templates(integration: Integration, templates: Mapping[str, str]) -> list[Sample]:
    """Against the last payloads that opened or repeated an alert, newest first."""
    rows = IntakeItem.objects.filter(integration=integration, action="trigger").order_by("-pk")[:SAMPLES]
    return [_sample(integration, row, templates) for row in rows]


def _sample(integration: Integration, item: IntakeItem, templates: Mapping[str, str]) -> Sample:
    parsed = item.parsed
    values = {
        "payload": item.raw,
        "labels": parsed.get("labels", {}),
        "title": parsed.get("title", ""),
        "description": parsed.get("description", ""),
        "severity": parsed.get("severity", ""),
        "source": parsed.get("source", ""),
        "integration": integration.name,
        "service": integration.service.name,
    }
    results = {}
    for name, source in templates.items():
        if not source:
            continue
        try:
            results[name] = (templating.render(source, values, limit=1000), "")
        except templating.TemplateFailed as error:
            results[name] = ("", str(error))
    return Sample(item, str(parsed.get("title", "")), results)


def paths(value: Any, name: str = "item") -> list[PathTo]:
    """Every value inside, as templates name it; at most 150."""
    found: list[PathTo] = []
    _walk(value, name, found, 0)
    return found


def _walk(value: Any, name: str, found: list[PathTo], depth: int) -> None:
    if len(found) >= MOST_PATHS or depth > 12:
        return
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            quoted = key.replace("\\", "\\\\").replace("'", "\\'")
            _walk(inner, f"{name}.{key}" if _PLAIN.match(key) else f"{name}['{quoted}']", found, depth + 1)
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value[:3]):
            _walk(inner, f"{name}[{place}]", found, depth + 1)
    else:
        text = "" if value is None else str(value)
        found.append(PathTo(f"{{{{ {name} }}}}", text[:80]))
