"""The entries of the settings pages. Every app adds its own from `AppConfig.ready()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from teams.actor import Actor

Section = Literal["me", "team", "organisation"]
Need = Literal["any", "manager", "admin"]

SECTION_LABELS: dict[Section, Promise] = {
    "me": _("Me"),
    "team": _("Team"),
    "organisation": _("Organisation"),
}


@dataclass(frozen=True)
class Entry:
    """One link. `needs`: any, manager (of a team, or admin), admin. `text` says what it is for."""

    section: Section
    label: str | Promise
    url: str
    icon: str
    needs: Need = "any"
    text: str | Promise = ""

    def open_to(self, actor: Actor) -> bool:
        if self.needs == "admin":
            return actor.is_admin
        return self.needs == "any" or actor.manages_any


_entries: dict[str, Entry] = {}


def register(
    section: Section,
    label: str | Promise,
    url: str,
    icon: str,
    needs: Need = "any",
    text: str | Promise = "",
) -> None:
    """Add a link below what is there; the same address again replaces it."""
    _entries[url] = Entry(section, label, url, icon, needs, text)


def sections_for(actor: Actor, path: str = "") -> list[dict[str, object]]:
    """What this actor may open: `{key, label, entries: [{label, url, icon, text, active}]}`.

    `path` is the present page, whose entry becomes active.
    """
    found: list[dict[str, object]] = []
    for key, label in SECTION_LABELS.items():
        entries = [entry for entry in _entries.values() if entry.section == key and entry.open_to(actor)]
        if entries:
            shown = [
                {
                    "label": entry.label,
                    "url": entry.url,
                    "icon": entry.icon,
                    "text": entry.text,
                    "active": path.startswith(entry.url),
                }
                for entry in entries
            ]
            found.append({"key": key, "label": label, "entries": shown})
    return found


def register_own() -> None:
    """The entries of this app, above those that higher apps have registered before."""
    others = dict(_entries)
    _entries.clear()
    base = "/settings/"
    register(
        "me", _("Profile"), f"{base}profile/", "user", text=_("Name, time zone, colour scheme and shortcuts.")
    )
    register(
        "me",
        _("Security"),
        f"{base}security/",
        "shield-check",
        text=_("Password, second factor and where you are signed in."),
    )
    register(
        "me", _("API tokens"), f"{base}tokens/", "key-round", text=_("For scripts and tools that act as you.")
    )
    register(
        "team",
        _("Teams"),
        f"{base}teams/",
        "users",
        text=_("Who belongs to which team, and who sees its work."),
    )
    register(
        "organisation",
        _("People"),
        f"{base}people/",
        "user-round-cog",
        "admin",
        _("Everybody's account, instance roles, inviting and leaving."),
    )
    register(
        "organisation", _("Audit log"), f"{base}audit/", "history", text=_("Who changed what, and when.")
    )
    _entries.update(others)
