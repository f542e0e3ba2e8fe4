"""Forms with a growing number of rows that work without script.

A row's inputs share a number in their names (`target-3`). Buttons named `op` add and remove rows: the page
comes back with what was typed and nothing is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from core.errors import DomainError

MAX_ROWS = 100


def numbers(data: QueryDict, name: str) -> list[int]:
    """The row numbers in the order sent, from the hidden inputs called `name`."""
    sent = [
        text for text in data.getlist(name)[:MAX_ROWS] if text.isascii() and text.isdigit() and len(text) < 5
    ]
    return list(dict.fromkeys(int(text) for text in sent))


def operation(data: QueryDict) -> tuple[str, int]:
    """(`add`, `remove` or `up`; the row's number or -1); ("", -1) when the form is to be saved."""
    word, _dash, number = data.get("op", "").partition("-")
    return word, int(number) if number.isascii() and number.isdigit() and len(number) < 5 else -1


def rearranged(rows: list[Any], word: str, position: int) -> list[Any]:
    """The rows after `remove` or `up` at this position."""
    if not 0 <= position < len(rows):
        return rows
    if word == "remove":
        return rows[:position] + rows[position + 1 :]
    if word == "up" and position > 0:
        return [*rows[: position - 1], rows[position], rows[position - 1], *rows[position + 1 :]]
    return rows


def whole(text: str) -> int | None:
    """A whole number as typed; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def grouped(error: DomainError, prefixes: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """(reasons by field path below `prefixes`, all others as sentences)."""
    inside: dict[str, list[str]] = {}
    others: list[str] = []
    for name, reasons in error.fields.items():
        if name.split(".")[0] in prefixes:
            inside[name] = list(reasons)
        else:
            others += reasons
    if not error.fields:
        others.append(error.sentence)
    return inside, others


def row_errors(errors: Mapping[str, Sequence[str]], prefix: str, position: int) -> list[str]:
    """The reasons that belong to one row, e.g. `steps.2` and all below."""
    start = f"{prefix}.{position}"
    return [
        reason
        for name, reasons in errors.items()
        if name == start or name.startswith(f"{start}.")
        for reason in reasons
    ]
