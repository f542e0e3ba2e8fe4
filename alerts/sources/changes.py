"""What sources that tell of changes share: the common form of a change, and which delivery told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.choices import IntakeAction
from alerts.sources.base import MAX_LINKS, Parsed, fail, fingerprint, key, loose
from core.text import one_line

MAX_SUMMARY = 1024
# Room for what names the integration beside it.
MAX_DELIVERY = 150


def change(
    kind: str,
    summary: str,
    *,
    source: str,
    happened_at: str | None,
    links: list[dict[str, str]],
    labels: Mapping[str, str] | None = None,
    delivery: str = "",
) -> Parsed:
    """A change in the common form. `delivery` "" for senders that name none: then every one counts."""
    return Parsed(
        action=IntakeAction.CHANGE.value,
        dedup_key=delivery,
        group_key="",
        title=one_line(summary, MAX_SUMMARY),
        source=source,
        labels={name: value for name, value in (labels or {}).items() if value},
        links=links[:MAX_LINKS],
        occurred_at=happened_at,
        change=kind,
    )


def delivery_of(*named: str | None, body: Any) -> str:
    """The first name the sender gives its delivery; without any, the body stands for itself."""
    return next((key(name, MAX_DELIVERY) for name in named if name and name.strip()), fingerprint(body))


def word(of: Mapping[str, Any], name: str, field: str, limit: int = 200) -> str:
    """Text that must be there; `PayloadError` naming the field."""
    value = of.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise fail(f"{field}.{name}".strip("."), "Is required.")
    return one_line(str(value), limit)


def maybe(of: Any, name: str, limit: int = 200) -> str:
    """One line of text that may be missing, of an object that may be missing."""
    return one_line(loose(of.get(name), limit), limit) if isinstance(of, dict) else ""


def first_line(text: str, limit: int = 200) -> str:
    """The first line of a commit message."""
    return one_line(next((line for line in text.splitlines() if line.strip()), ""), limit)
