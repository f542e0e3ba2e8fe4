"""The variables of a runbook: `{{ service }}`, `{{ alert.instance }}`, `{{ link.dashboard }}`. No database.

A backslash before the braces leaves them as they stand; other things in braces (`{{ .Values.x }}`) are no variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from services.choices import LinkKind

PATTERN = re.compile(r"(\\?)\{\{[ \t]*([A-Za-z][\w.:/-]{0,119})[ \t]*\}\}")
ALERT, LINK = "alert.", "link."
KNOWN: dict[str, Promise | str] = {
    "incident": _("number of the incident, such as #42"),
    "incident.title": _("its title"),
    "incident.url": _("its address"),
    "severity": _("its severity, such as Sev-1"),
    "status": _("its status"),
    "type": _("its type"),
    "team": _("the team that owns it"),
    "commander": _("who leads it"),
    "started": _("when it began (UTC)"),
    "service": _("the affected service"),
    "service.slug": _("its short name"),
    "service.team": _("the team that owns it"),
    f"{ALERT}<label>": _("a label of the alert, such as alert.instance"),
    f"{LINK}<kind>": _("a link of the service: runbook, dashboard, logs, repository, chat or other"),
}


class Value(NamedTuple):
    """What stands in a variable's place; with `url` it is a link."""

    text: str
    url: str = ""


Resolve = Callable[[str], Value | None]


def is_known(name: str) -> bool:
    """Whether there is such a variable; an alert may have any label."""
    if name.startswith(ALERT):
        return len(name) > len(ALERT)
    if name.startswith(LINK):
        return name.removeprefix(LINK) in LinkKind.values
    return name in KNOWN


def used(body: str) -> list[str]:
    """The variables a text names, each once, in their order."""
    return list(dict.fromkeys(name for escape, name in PATTERN.findall(body) if not escape))


def unknown(names: Iterable[str]) -> list[str]:
    """Those that no incident could fill."""
    return [name for name in names if not is_known(name)]


def nothing(name: str) -> Value | None:
    """For a runbook that is read without an incident: every variable stays open."""
    return None
