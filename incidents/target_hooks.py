"""Things an action item may change, told of by the rooms that keep them. They register in `AppConfig.ready()`.

Here and not with the action items, so that rooms beside them can register as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from teams.models import AuditEntry

if TYPE_CHECKING:
    from teams.actor import Actor


@dataclass(frozen=True)
class Choice:
    """A thing to choose. `key`: its id within the kind, at most 40 characters. `url`: its page."""

    key: str
    label: str
    url: str


@dataclass(frozen=True)
class Change:
    """The latest change of a thing, and the sentence that says so."""

    at: dt.datetime
    words: str


class Target(Protocol):
    """One kind of thing. `kind`: at most 15 small letters, stored. `label`: translated. `classes`: the classes of
    action items that usually change such a thing."""

    kind: str
    classes: Collection[str]

    @property
    def label(self) -> str: ...

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        """What the actor may see and the text is found in, at most 50 by name; with `key` that one alone."""

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        """Key → latest change, in one statement; things that were never changed or are gone are left out."""


_targets: dict[str, Target] = {}


def register_target(provider: Target) -> None:
    """Add a kind of thing; the same kind again replaces it."""
    _targets[provider.kind] = provider


def targets() -> dict[str, Target]:
    """Kind → provider, in the order of registration."""
    return dict(_targets)


def audited_changes(object_type: str, keys: Collection[str], what: str) -> dict[str, Change]:
    """Latest changes as the audit log has them, in one statement. `what`: begins the sentence, e.g. "Check"."""
    rows = (
        AuditEntry.objects.filter(object_type=object_type, object_id__in=keys, verb="changed")
        .order_by("object_id", "-id")
        .distinct("object_id")
    )
    return {
        row.object_id: Change(
            row.at, f"{what} {row.object_label} changed {row.at:%-d %B} by {row.actor_label}."
        )
        for row in rows
    }
