"""Entries about who does what: given, offered, joined, left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from incidents.choices import EntryKind
from incidents.sentences import lifecycle

Data = dict[str, Any]


def _role(data: Data) -> str:
    words = {"name": data.get("name", ""), "role": data.get("label", ""), "backup": data.get("backup", "")}
    if data.get("what") == "backup":
        if not data.get("backup"):
            return _("%(name)s has no backup as %(role)s any more") % words
        return _("%(backup)s is backup of %(name)s as %(role)s") % words
    return lifecycle.RENDERERS[EntryKind.ROLE](data)


def _handover(data: Data) -> str:
    words = {"name": data.get("name", ""), "role": data.get("label", ""), "before": data.get("replaced", "")}
    match data.get("what"):
        case "offered":
            return _("%(role)s offered to %(name)s") % words
        case "declined":
            return _("%(name)s declined to be %(role)s") % words
        case "withdrawn":
            return _("%(role)s is no longer offered to %(name)s") % words
        case "accepted":
            return _("%(role)s handed over from %(before)s to %(name)s") % words
    return _("Handover")


def _joined(data: Data) -> str:
    return _("%(name)s joined: %(roles)s") % {
        "name": data.get("name", ""),
        "roles": ", ".join(data.get("roles") or []),
    }


def _left(data: Data) -> str:
    return _("%(name)s left: %(roles)s") % {
        "name": data.get("name", ""),
        "roles": ", ".join(data.get("roles") or []),
    }


RENDERERS: dict[str, Callable[[Data], str]] = {
    EntryKind.ROLE: _role,
    EntryKind.HANDOVER: _handover,
    EntryKind.JOINED: _joined,
    EntryKind.LEFT: _left,
}
CHANGES: dict[str, Callable[[Data], str]] = {}
