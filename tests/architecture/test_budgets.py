"""Sizes that keep the house easy to change. What is over its budget today is listed; the lists only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from config.env import ROOT

FLOORS = (
    "core",
    "teams",
    "notifications",
    "oncall",
    "services",
    "incidents",
    "alerts",
    "postmortems",
    "statuspage",
)
HOMES = (*FLOORS, "web", "config")
FILE, FUNCTION, TEMPLATE, TEST = 400, 50, 150, 500

LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {
    "core/templatetags/ui_samples.py:_timeline": 64,
    "core/templatetags/ui_samples.py:samples": 61,
    "teams/actions/invitations.py:create_invitation": 51,
}
LONG_TEMPLATES: dict[str, int] = {}
LONG_TESTS: dict[str, int] = {}


def files(pattern: str, *homes: str) -> Iterator[Path]:
    for home in homes:
        for path in sorted((ROOT / home).rglob(pattern)):
            if not {"migrations", "node_modules", "dist", "__pycache__"} & set(path.parts):
                yield path


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def over(pattern: str, budget: int, *homes: str) -> dict[str, int]:
    sizes = {str(path.relative_to(ROOT)): lines(path) for path in files(pattern, *homes)}
    return {name: size for name, size in sizes.items() if size > budget}


def long_functions() -> dict[str, int]:
    found = {}
    for path in files("*.py", *HOMES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                size = node.end_lineno - node.lineno + 1
                if size > FUNCTION:
                    found[f"{path.relative_to(ROOT)}:{node.name}"] = size
    return found


def check(found: dict[str, int], listed: dict[str, int]) -> None:
    grown = {name: size for name, size in found.items() if size > listed.get(name, 0)}
    assert grown == {}, f"over the budget, split by meaning: {grown}"
    assert {name: listed[name] for name in listed if found.get(name, 0) < listed[name]} == {}, (
        "tighten the list"
    )


def test_source_files() -> None:
    check(
        over("*.py", FILE, *HOMES) | over("*.ts", FILE, "frontend/src") | over("*.css", FILE, "frontend/src"),
        LONG_FILES,
    )


def test_functions() -> None:
    check(long_functions(), LONG_FUNCTIONS)


def test_templates() -> None:
    check(over("*.html", TEMPLATE, *HOMES), LONG_TEMPLATES)


def test_tests() -> None:
    check(over("*.py", TEST, "tests"), LONG_TESTS)


def test_foreign_keys_point_down_the_floors() -> None:
    floor = {name: number for number, name in enumerate(FLOORS)}
    # Rooms of one floor do not know each other either.
    floor["postmortems"] = floor["alerts"]
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in floor
        for field in model._meta.get_fields(include_hidden=True)
        if field.concrete and field.is_relation and field.related_model._meta.app_label in floor
        if field.related_model._meta.app_label != model._meta.app_label
        and floor[field.related_model._meta.app_label] >= floor[model._meta.app_label]
    ]
    assert upward == []
