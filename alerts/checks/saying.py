"""How what a check finds is said: the events its alerts are made of. Pure."""

from __future__ import annotations

from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.checks.deciding import Verdict
from alerts.sources.base import Parsed, link

_SHOWN = 20


class Asked(Protocol):
    """What is needed of a check."""

    pk: int
    name: str
    kind: str
    target: str
    severity: str
    needed: int


def down(check: Asked, found: Verdict, locations: int) -> Parsed:
    """Enough locations see it fail; the first of them says how."""
    first = found.failing[0].detail if found.failing else ""
    title = _("Check %(name)s is down: %(detail)s") if first else _("Check %(name)s is down")
    head = _("Seen from %(failing)d of %(locations)d locations.") % {
        "failing": len(found.failing),
        "locations": locations,
    }
    lines = [f"{each.location}: {each.detail}" for each in (*found.failing, *found.well)[:_SHOWN]]
    return _trigger(
        check,
        key=_key(check),
        title=title % {"name": check.name, "detail": first},
        description="\n".join([head, "", *lines]),
        severity=check.severity,
        reason="down",
    )


def well(check: Asked) -> Parsed:
    """It is up again, or nobody asks any more."""
    return Parsed(action="resolve", dedup_key=_key(check), group_key=_key(check), source=check.name)


def unseen(check: Asked, found: Verdict, locations: int) -> Parsed:
    """Too few locations report for a verdict."""
    if found.reporting:
        why = ngettext(
            "only %(reporting)d of %(locations)d locations reports",
            "only %(reporting)d of %(locations)d locations report",
            found.reporting,
        ) % {"reporting": found.reporting, "locations": locations}
    else:
        why = _("none of %(locations)d locations reports") % {"locations": locations}
    needed = _("It needs %(needed)d for a verdict. Look whether the check workers run.")
    return _trigger(
        check,
        key=_unseen_key(check),
        title=_("Nobody is checking %(name)s: %(why)s") % {"name": check.name, "why": why},
        description=needed % {"needed": check.needed},
        severity="warning",
        reason="unseen",
    )


def seen(check: Asked) -> Parsed:
    """There are results enough again, or nobody asks any more."""
    key = _unseen_key(check)
    return Parsed(action="resolve", dedup_key=key, group_key=key, source=check.name)


def _key(check: Asked) -> str:
    return f"check:{check.pk}"


def _unseen_key(check: Asked) -> str:
    return f"check:{check.pk}:unseen"


def _trigger(check: Asked, *, key: str, title: str, description: str, severity: str, reason: str) -> Parsed:
    return Parsed(
        action="trigger",
        dedup_key=key,
        group_key=key,
        title=title[:300],
        description=description,
        severity=severity,
        source=check.name,
        labels={"check": check.name, "kind": check.kind, "target": check.target, "reason": reason},
        links=link(check.target, check.target) if check.kind == "http" else [],
    )
