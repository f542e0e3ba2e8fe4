"""What people write: decisions, evidence, suspected causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.choices import CauseState, EntryKind

K = EntryKind
Data = dict[str, Any]


def _cause(data: Data) -> str:
    words = {"text": data.get("text", "")}
    new = data.get("new")
    if new == CauseState.CONFIRMED:
        return _("Confirmed: %(text)s") % words
    if new == CauseState.RULED_OUT:
        return _("Ruled out: %(text)s") % words
    if new == CauseState.TESTING:
        return _("Being tested: %(text)s") % words
    if new == CauseState.SUSPECTED:
        return _("Suspected again: %(text)s") % words
    if data.get("what") == "added":
        return _("Suspected: %(text)s") % words
    if data.get("owner"):
        return _("%(owner)s looks into: %(text)s") % {**words, "owner": data["owner"]}
    if "owner" in data:
        return _("Nobody looks into it any more: %(text)s") % words
    if data.get("was"):
        return _("Suspected cause reworded: %(text)s") % words
    return _("More is known about: %(text)s") % words


def _evidence(data: Data) -> str:
    files = data.get("files") or []
    if not files:
        return _("Evidence linked")
    named = ", ".join(str(file.get("name", "")) for file in files[:3])
    more = len(files) - 3
    return named + (ngettext(" and %(n)d more", " and %(n)d more", more) % {"n": more} if more > 0 else "")


RENDERERS: dict[str, Callable[[Data], str]] = {
    K.HYPOTHESIS: _cause,
    K.EVIDENCE: _evidence,
    K.DECISION: lambda data: "",
}

# A cause, a decision or evidence moves open pages and makes no row in the feed.
CHANGES: dict[str, Callable[[Data], str]] = {}
