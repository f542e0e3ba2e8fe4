"""What changed of an action item, in words and as data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from postmortems.choices import ItemClass, ItemPriority, ItemStatus
from postmortems.models import ActionItem

_NAMES = {
    "title": "Title",
    "detail": "Details",
    "item_class": "Class",
    "priority": "Priority",
    "status": "State",
    "owner": "Owner",
    "backup": "Backup",
    "due_on": "Due",
    "proof": "Proof of effect",
    "proof_link": "Link to the proof",
    "target_label": "Thing it changes",
    "reason": "Reason",
}
_LONG = ("detail", "proof")
_CHOICES = {"item_class": ItemClass, "priority": ItemPriority, "status": ItemStatus}


def facts(item: ActionItem) -> dict[str, str]:
    """Field → value as people read it; people by name, so that what is written down outlives them."""
    return {name: _word(name, getattr(item, name)) for name in _NAMES}


def differences(before: dict[str, str], after: dict[str, str]) -> dict[str, dict[str, str]]:
    """Field → {from, to} of what is not the same."""
    return {name: {"from": before[name], "to": after[name]} for name in _NAMES if before[name] != after[name]}


def sentence(changes: dict[str, dict[str, str]]) -> str:
    """One line for each change."""
    return "\n".join(_line(name, change["from"], change["to"]) for name, change in changes.items())


def _line(name: str, old: str, new: str) -> str:
    label = _NAMES[name]
    if name in _LONG:
        return f"{label} changed." if new else f"{label} removed."
    if not old:
        return f"{label}: {new}."
    return f"{label}: {old} → {new}." if new else f"{label} removed (was {old})."


def _word(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name in _CHOICES:
        return str(_CHOICES[name](value).label)
    return f"{value:%-d %B %Y}" if isinstance(value, dt.date) else str(value)
