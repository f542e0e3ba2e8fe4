"""How a service came to be as it is, from the audit trail, without what the reader does not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oncall.models import EscalationPolicy
from services.choices import Lifecycle, ServiceKind, Tier
from services.models import Service, System
from teams.actor import Actor
from teams.models import AuditEntry, Team, User

MOST_HISTORY = 100
Names = dict[int, str]
# Fields that hold the key of a row of these.
_POINTING: dict[str, Any] = {"team": Team, "system": System, "escalation_policy": EscalationPolicy}
# Fields that hold one of a few values, by what people call these.
_CHOSEN: dict[str, dict[Any, Any]] = {
    "kind": dict(ServiceKind.choices),
    "tier": dict(Tier.choices),
    "lifecycle": dict(Lifecycle.choices),
}


@dataclass(frozen=True)
class HistoryRow:
    """An edit: who, when, what, and the fields that changed as (name, old, new)."""

    entry: AuditEntry
    fields: list[tuple[str, Any, Any]]


def history(service: Service, actor: Actor, *, in_words: bool = False) -> list[HistoryRow]:
    """The edits of a service, newest first. Whoever sees the service sees how it came to be as it is.

    `in_words`: by the names pages use, "Database" and "Tier 1 · critical" instead of "database" and "1".
    """
    entries = list(
        AuditEntry.objects.filter(object_type="service", object_id=str(service.pk)).order_by("-id")[
            :MOST_HISTORY
        ]
    )
    seen, names = _seen(entries, actor), _names(entries, actor)
    words = _CHOSEN if in_words else {}
    return [HistoryRow(entry, _differences(_told(entry.data, seen), names, words)) for entry in entries]


def _names(entries: list[AuditEntry], actor: Actor) -> dict[str, Names]:
    """What the fields that hold a key lead to, as far as the actor sees it: field → key → name."""
    keys: dict[str, set[int]] = {field: set() for field in _POINTING}
    people: set[int] = set()
    for entry in entries:
        for side in (entry.data.get("before"), entry.data.get("after")):
            if not isinstance(side, dict):
                continue
            for field in keys:
                if isinstance(side.get(field), int):
                    keys[field].add(side[field])
            people |= {row[1] for row in side.get("contacts") or () if row[1]}
    found = {
        field: dict(
            _POINTING[field].objects.visible_to(actor).filter(pk__in=wanted).values_list("pk", "name")
        )
        for field, wanted in keys.items()
        if wanted
    }
    if people:
        found["contacts"] = dict(User.objects.filter(pk__in=people).values_list("pk", "name"))
    return found


def _seen(entries: list[AuditEntry], actor: Actor) -> set[str]:
    """The services and teams that these entries name by their slugs and the actor sees."""
    services, teams = set(), set()
    for entry in entries:
        for part in (entry.data, entry.data.get("before"), entry.data.get("after")):
            if isinstance(part, dict):
                services |= {slug for slug in [part.get("upstream"), *(part.get("needs") or ())] if slug}
                teams |= {part["to"]} if isinstance(part.get("to"), str) else set()
    found = set(Service.objects.visible_to(actor).filter(slug__in=services).values_list("slug", flat=True))
    if teams:
        rows = Team.objects.visible_to(actor).filter(slug__in=teams)
        found |= {f"team:{slug}" for slug in rows.values_list("slug", flat=True)}
    return found


def _told(data: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    """Without the services and teams the reader does not see."""
    told = dict(data)
    for name in ("before", "after"):
        if isinstance(told.get(name), dict) and "needs" in told[name]:
            told[name] = told[name] | {"needs": [slug for slug in told[name]["needs"] or () if slug in seen]}
    if "upstream" in told and told["upstream"] not in seen:
        del told["upstream"]
    if "to" in told and f"team:{told['to']}" not in seen:
        told = {name: value for name, value in told.items() if name not in ("to", "note")}
    return told


def _differences(
    data: dict[str, Any], names: dict[str, Names], words: dict[str, dict[Any, Any]]
) -> list[tuple[str, Any, Any]]:
    before, after = data.get("before"), data.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [(name, "", value) for name, value in data.items() if isinstance(value, str) and value]
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            if name in _POINTING:
                old, new = (names.get(name, {}).get(pk, "?") if pk else None for pk in (old, new))
            elif name in words:
                old, new = (words[name].get(value, value) for value in (old, new))
            elif name == "contacts":
                old, new = ([_contact(row, names.get(name, {})) for row in side or ()] for side in (old, new))
            found.append((name.replace("_", " "), shown(old), shown(new)))
    return found


def _contact(row: list[Any], people: Names) -> list[Any]:
    part, person, value = row
    return [part, people.get(person, "?") if person else None, value]


def shown(value: Any) -> str:
    """A stored value in one line."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(each)}" if each != "" else str(key) for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(
            " ".join(str(part) for part in each if part not in (None, "", []))
            if isinstance(each, list)
            else str(each)
            for each in value
        )
    return str(value)
