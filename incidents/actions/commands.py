"""What slash commands do: each is one of the other actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from core.errors import InvalidInput, field_error
from incidents.commands import Command, parse
from incidents.models import Incident, TimelineEntry
from teams.actor import Actor
from teams.models import User

_MOST_NAMES = 8


@dataclass(frozen=True)
class Outcome:
    """What is said back; `help` asks for the list of commands."""

    sentence: str
    help: bool = False


def run_command(*, actor: Actor, number: int, text: str, now: dt.datetime | None = None) -> Outcome:
    """Carry out the command in `text`. Every refusal is an error about `text`, or that of the action."""
    command = parse(text)
    try:
        return _RUNS[command.name](_Call(actor, number, now), command)
    except InvalidInput as error:
        raise field_error("text", error.sentence) from None


@dataclass(frozen=True)
class _Call:
    actor: Actor
    number: int
    now: dt.datetime | None

    def __call__(self, name: str, **values: Any) -> Any:
        """The action of that name, for this actor and incident."""
        from incidents import actions

        if self.now is not None:
            values["now"] = self.now
        return getattr(actions, name)(actor=self.actor, number=self.number, **values)


def find_person(name: str, actor: Actor) -> User:
    """The one active person whose name, one of its words, or address begins so; "me" is the actor."""
    if name.lower() == "me" and actor.user_id is not None:
        return User.objects.get(pk=actor.user_id)
    words = name.replace("_", " ").replace(".", " ")
    people = User.objects.filter(is_active=True)
    matching = Q(name__istartswith=words) | Q(name__icontains=f" {words}") | Q(email__istartswith=name)
    found = list(people.filter(matching).order_by("name", "pk")[: _MOST_NAMES + 1])
    exact = [user for user in found if words.lower() in (user.name.lower(), user.email.lower())]
    if len(exact) == 1:
        return exact[0]
    if not found:
        raise field_error(
            "text", _("There is nobody whose name begins with “%(name)s”.") % {"name": name[:60]}
        )
    if len(found) > 1:
        names = ", ".join(f"@{user.name.replace(' ', '_')}" for user in found[:_MOST_NAMES])
        more = "…" if len(found) > _MOST_NAMES else ""
        raise field_error("text", _("Which one? %(names)s") % {"names": names + more})
    return found[0]


def _sev(call: _Call, command: Command) -> Outcome:
    call("set_severity", **command.parts)
    return Outcome(_("Severity set"))


def _status(call: _Call, command: Command) -> Outcome:
    call("set_status", **command.parts)
    return Outcome(_("State changed"))


def _role(call: _Call, command: Command) -> Outcome:
    user = find_person(command.person, call.actor)
    call("assign_role", user_id=user.pk, **command.parts)
    return Outcome(_("%(name)s has the role") % {"name": user.name})


def _page(call: _Call, command: Command) -> Outcome:
    user = find_person(command.person, call.actor)
    call("page", user_ids=[user.pk], **command.parts)
    return Outcome(_("%(name)s is paged") % {"name": user.name})


def _task(call: _Call, command: Command) -> Outcome:
    call("add_task", title=command.parts["text"])
    return Outcome(_("Task added"))


def _cause(call: _Call, command: Command) -> Outcome:
    call("add_cause", **command.parts)
    return Outcome(_("Suspected cause written down"))


def _decision(call: _Call, command: Command) -> Outcome:
    call("add_decision", choice=command.parts["text"])
    return Outcome(_("Decision recorded"))


def _update(call: _Call, command: Command) -> Outcome:
    call("post_update", **command.parts)
    return Outcome(_("Update sent"))


def _impact(call: _Call, command: Command) -> Outcome:
    call("set_impact", impact=command.parts["text"])
    return Outcome(_("Impact described"))


def _resolve(call: _Call, command: Command) -> Outcome:
    call("resolve")
    return Outcome(_("Resolved"))


def _note(call: _Call, command: Command) -> Outcome:
    call("add_note", **command.parts)
    return Outcome(_("Note added"))


def _star(call: _Call, command: Command) -> Outcome:
    """The newest entry the actor sees."""
    newest = TimelineEntry.objects.filter(
        incident__in=Incident.objects.visible_to(call.actor).filter(number=call.number)
    )
    seq = newest.order_by("-happened_at", "-seq").values_list("seq", flat=True).first()
    from incidents import actions

    actions.star_entry(actor=call.actor, number=call.number, seq=seq or 0, starred=True)
    return Outcome(_("Starred"))


def _help(call: _Call, command: Command) -> Outcome:
    return Outcome("", help=True)


_RUNS: dict[str, Callable[[_Call, Command], Outcome]] = {
    "sev": _sev,
    "status": _status,
    "role": _role,
    "page": _page,
    "task": _task,
    "cause": _cause,
    "decision": _decision,
    "update": _update,
    "impact": _impact,
    "resolve": _resolve,
    "note": _note,
    "star": _star,
    "help": _help,
}
