"""Slash commands of the composer, read without a database.

`parse("/sev 1")` gives the command and its parts; what they do is in `incidents.actions.commands`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import field_error
from incidents.choices import IncidentStatus, Role, UpdateAudience

PREFIX = "/"


@dataclass(frozen=True)
class Command:
    """A command with its parts; `person` is a name as typed, "me" for the writer."""

    name: str
    parts: dict[str, Any] = field(default_factory=dict)
    person: str = ""


@dataclass(frozen=True)
class Help:
    """One line of the help: what is typed and what it does."""

    name: str
    usage: str
    what: Promise | str


HELP: tuple[Help, ...] = (
    Help("note", "/note text", gettext_lazy("Write a note")),
    Help("decision", "/decision text", gettext_lazy("Record a decision")),
    Help("cause", "/cause text", gettext_lazy("Write down a suspected cause")),
    Help("task", "/task text", gettext_lazy("Add a task")),
    Help("sev", "/sev 0–4", gettext_lazy("Set the severity")),
    Help("status", "/status monitoring", gettext_lazy("Change the state")),
    Help("role", "/role commander @name", gettext_lazy("Give a role to somebody, or to “me”")),
    Help("page", "/page @name text", gettext_lazy("Page somebody")),
    Help("update", "/update internal text", gettext_lazy("Tell an audience something")),
    Help("impact", "/impact text", gettext_lazy("Say who feels it, and how")),
    Help("resolve", "/resolve", gettext_lazy("Resolve the incident")),
    Help("star", "/star", gettext_lazy("Star the newest entry")),
    Help("help", "/help", gettext_lazy("Show the commands")),
)


def is_command(text: str) -> bool:
    """Whether the text is meant as one: a slash and a letter. "/var/log is full" is a note about a path."""
    first = text.lstrip().split(maxsplit=1)[0] if text.strip() else ""
    return first.startswith(PREFIX) and first[1:2].isalpha() and PREFIX not in first[1:]


def parse(text: str) -> Command:
    """The command in the text. `InvalidInput` about `text` when there is none of that name or it lacks a part."""
    word, _space, rest = text.strip().removeprefix(PREFIX).partition(" ")
    if "\n" in word:
        word, _line, after = word.partition("\n")
        rest = f"{after} {rest}"
    reader = _READERS.get(word.strip().lower())
    if reader is None:
        raise _wrong(_("There is no command /%(word)s. /help shows them all.") % {"word": word.strip()[:40]})
    return reader(rest.strip())


def _wrong(sentence: str) -> Exception:
    return field_error("text", sentence)


def _text(name: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if not rest:
            raise _wrong(_("Write the text behind /%(name)s.") % {"name": name})
        return Command(name, {"text": rest})

    return read


def _bare(name: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if rest:
            raise _wrong(_("/%(name)s stands alone.") % {"name": name})
        return Command(name)

    return read


def _sev(rest: str) -> Command:
    rank = rest.lower().removeprefix("sev").removeprefix("-").strip()
    if rank not in ("0", "1", "2", "3", "4"):
        raise _wrong(_("A severity is a whole number from 0 to 4: /sev 1"))
    return Command("sev", {"severity": int(rank)})


def _status(rest: str) -> Command:
    word = rest.lower().replace(" ", "_")
    found = [value for value in IncidentStatus.values if value == word] or [
        value for value in IncidentStatus.values if word and value.startswith(word)
    ]
    if len(found) != 1:
        known = ", ".join(value for value in IncidentStatus.values if value != IncidentStatus.MERGED)
        raise _wrong(_("Which state? One of %(known)s.") % {"known": known})
    return Command("status", {"status": found[0]})


def _person(word: str) -> str:
    name = word.removeprefix("@").strip()
    if not name:
        raise _wrong(_("Say whom: @name"))
    return name


def _role(rest: str) -> Command:
    word, _space, who = rest.partition(" ")
    wanted = word.lower().replace("-", "_")
    found = [value for value in Role.values if value == wanted] or [
        value for value in Role.values if wanted and value.startswith(wanted)
    ]
    if len(found) != 1:
        raise _wrong(_("Which role? One of %(known)s.") % {"known": ", ".join(Role.values)})
    return Command("role", {"role": found[0]}, person=_person(who))


def _page(rest: str) -> Command:
    if not rest.startswith("@"):
        raise _wrong(_("Say whom: /page @name text"))
    who, _space, text = rest.partition(" ")
    return Command("page", {"text": text.strip()}, person=_person(who))


def _update(rest: str) -> Command:
    word, _space, text = rest.partition(" ")
    if word.lower() not in UpdateAudience.values:
        known = ", ".join(UpdateAudience.values)
        raise _wrong(_("For whom? /update, then one of %(known)s, then the text.") % {"known": known})
    if not text.strip():
        raise _wrong(_("Write the text behind the audience."))
    return Command("update", {"audience": word.lower(), "text": text.strip()})


_READERS: dict[str, Callable[[str], Command]] = {
    "sev": _sev,
    "severity": _sev,
    "status": _status,
    "state": _status,
    "role": _role,
    "task": _text("task"),
    "cause": _text("cause"),
    "decision": _text("decision"),
    "page": _page,
    "update": _update,
    "impact": _text("impact"),
    "resolve": _bare("resolve"),
    "star": _bare("star"),
    "note": _text("note"),
    "help": _bare("help"),
}
