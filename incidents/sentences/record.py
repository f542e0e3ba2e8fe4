"""Entries about what is known of an incident: impact, criteria, times, type, holds, relations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from incidents.choices import EntryKind, ImpactCondition, Reach
from incidents.criteria import describe

K = EntryKind
Data = dict[str, Any]


def _impact(data: Data) -> str:
    if data.get("services") is not None:
        return _("Affected services: %(services)s") % {"services": ", ".join(data["services"]) or _("none")}
    if "row" not in data:
        return _("Impact described")
    words = {"where": _where(data), "how": _how(data)}
    if data.get("what") == "removed":
        return _("Impact taken back: %(where)s") % words
    if data.get("over"):
        return _("No longer felt: %(where)s") % words
    return _("%(where)s: %(how)s") % words


def _where(data: Data) -> str:
    name = data.get("service") or _("The impact")
    regions = ", ".join(data.get("regions") or [])
    return f"{name} ({regions})" if regions else str(name)


def _how(data: Data) -> str:
    condition, reach = data.get("condition"), data.get("reach")
    label = str(ImpactCondition(condition).label).lower() if condition in ImpactCondition.values else ""
    if reach not in Reach.values:
        return label
    return _("%(condition)s for %(reach)s") % {"condition": label, "reach": str(Reach(reach).label).lower()}


def _criterion(data: Data) -> str:
    what = describe(str(data.get("kind", "")), int(data.get("minutes") or 0))
    sentences = {
        "added": _("Exit criterion: %(what)s"),
        "met": _("Exit criterion holds: %(what)s"),
        "open": _("Exit criterion no longer holds: %(what)s"),
        "removed": _("Exit criterion taken away: %(what)s"),
    }
    text = (sentences.get(str(data.get("what"))) or sentences["added"]) % {"what": what}
    return text.removesuffix(": ") if not what else text


def _times(data: Data) -> str:
    names = [str(change.get("name", "")).replace("_", " ") for change in data.get("changes") or []]
    return _("Times corrected: %(names)s") % {"names": ", ".join(names)}


def _type(data: Data) -> str:
    if not data.get("new"):
        return _("Type taken back")
    return _("Type: %(type)s") % {"type": data["new"]}


def _fields(data: Data) -> str:
    if "workaround" in data:
        return _("Runs on a workaround") if data["workaround"] else _("No workaround any more")
    return _("Answered: %(names)s") % {"names": ", ".join(data.get("labels") or [])}


def _hold(data: Data) -> str:
    until = data.get("until")
    if not until:
        return _("Goes on after waiting")
    moment = dt.datetime.fromisoformat(until).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")
    return _("On hold until %(moment)s UTC") % {"moment": moment}


def _linked(data: Data) -> str:
    other = f"#{data.get('other')} {data.get('title') or ''}".strip()
    if data.get("other") is None:
        return _("No longer part of a larger incident")
    sentences = {
        "parent": _("Part of %(other)s now"),
        "child": _("%(other)s became a part of this"),
        "related": _("Related to %(other)s"),
        "related_of_it": _("Related to %(other)s"),
        "duplicate": _("Duplicate of %(other)s"),
        "duplicate_of_it": _("%(other)s is a duplicate of this"),
        "unrelated": _("No longer related to %(other)s"),
        "turned_real": _("The drill turned real: %(other)s"),
    }
    return (sentences.get(str(data.get("what"))) or sentences["related"]) % {"other": other}


RENDERERS: dict[str, Callable[[Data], str]] = {
    K.IMPACT: _impact,
    K.EXIT_CRITERION: _criterion,
    K.TIMES: _times,
    K.TYPE: _type,
    K.FIELDS: _fields,
    K.HOLD: _hold,
    K.LINKED: _linked,
}

CHANGES: dict[str, Callable[[Data], str]] = {
    "criterion": lambda data: _("Exit criteria changed"),
    "hold": lambda data: _("On hold") if data.get("until") else _("Goes on after waiting"),
    "type": lambda data: _("Type set"),
}
