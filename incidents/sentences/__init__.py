"""What a timeline entry says in words. Each module here has `RENDERERS` (entry kind → function of its data)
and `CHANGES` (what of `IncidentChanged` → function of its data)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from incidents.choices import EntryKind
from incidents.models import TimelineEntry
from incidents.sentences import communications, lifecycle, record, roles, tasks, timeline

Data = dict[str, Any]
_PARTS = (lifecycle, record, communications, roles, tasks, timeline)
_RENDERERS: dict[str, Callable[[Data], str]] = {}
_CHANGES: dict[str, Callable[[Data], str]] = {}
for _part in _PARTS:
    _RENDERERS |= _part.RENDERERS
    _CHANGES |= _part.CHANGES


def sentence(entry: TimelineEntry) -> str:
    """The headline of the entry, plain text (callers escape it); '' when its text says it all."""
    if entry.redacted_at is not None:
        return _("This entry was redacted.")
    render = _RENDERERS.get(entry.kind)
    return render(entry.data) if render else str(EntryKind(entry.kind).label)


def change_sentence(what: str, data: Data) -> str:
    """What `IncidentChanged` means for the feed, in a few words."""
    render = _CHANGES.get(what)
    return render(data) if render else ""
