"""Texts with variables: `{{ impact }}` and the like. Nothing else is understood, so nobody can reach further.

Pure: no Django, no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLES: tuple[str, ...] = (
    "title",
    "number",
    "severity",
    "impact",
    "services",
    "doing",
    "needs",
    "workaround",
    "next_update",
    "status",
    "started",
    "duration",
    "commander",
)
# Those of a message to a named customer, beside the above.
CUSTOMER_VARIABLES: tuple[str, ...] = ("name", "company", "segment")

_BRACES = re.compile(r"\{\{(.*?)\}\}|\{\{|\}\}|\{%|%\}", re.DOTALL)
_BLANK_LINES = re.compile(r"\n{3,}")


def variables_in(text: str) -> set[str]:
    """The names that stand between braces, known or not."""
    return {match.group(1).strip() for match in _BRACES.finditer(text) if match.group(1) is not None}


def faults(text: str, *, customers: bool = False, more: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a text as a template, one sentence each; empty when it can be used. `more`: names that may
    stand there beside the usual ones."""
    known = (*known_variables(customers=customers), *more)
    found: list[str] = []
    for match in _BRACES.finditer(text):
        name = match.group(1)
        if name is None:
            found.append(f"“{match.group(0)}” stands alone; a variable is written {{{{ impact }}}}.")
        elif name.strip() not in known:
            found.append(f"There is no variable “{name.strip()[:40]}”. Known: {', '.join(known)}.")
    return list(dict.fromkeys(found))


def known_variables(*, customers: bool = False) -> tuple[str, ...]:
    """The names that may stand between the braces."""
    return (*VARIABLES, *CUSTOMER_VARIABLES) if customers else VARIABLES


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; values are put in as they are, never read as templates.

    A line whose variables are all empty is left out, so that `Workaround: {{ workaround }}` vanishes where there
    is none; runs of blank lines shrink to one.
    """
    kept: list[str] = []
    for line in text.splitlines():
        names = [match.group(1).strip() for match in _BRACES.finditer(line) if match.group(1) is not None]
        if names and not any(values.get(name, "").strip() for name in names):
            continue
        kept.append(_BRACES.sub(lambda match: _value(match, values), line).rstrip())
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = match.group(1)
    return match.group(0) if name is None else values.get(name.strip(), "").strip()
