"""Entries about an incident's states, people, pages and alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.choices import EntryKind, IncidentStatus, Role, Visibility

K = EntryKind
Data = dict[str, Any]


def _declared(data: Data) -> str:
    services = ", ".join(data.get("services") or [])
    if data.get("by_alert"):
        return _("An alert opened this incident on %(services)s") % {"services": services or _("no service")}
    return _("Declared on %(services)s") % {"services": services} if services else _("Declared")


def _status_label(value: object) -> str:
    return str(IncidentStatus(value).label) if value in IncidentStatus.values else str(value or "")


def _state(data: Data) -> str:
    if data.get("rule") == "quiet":
        return _("Resolved by itself: all alerts stayed clear for five minutes")
    if data.get("rule") == "refired":
        return _("Opened again: an alert fired once more")
    return _("%(old)s → %(new)s") % {
        "old": _status_label(data.get("old")),
        "new": _status_label(data.get("new")),
    }


def _severity(data: Data) -> str:
    if data.get("new") is None:
        return _("Severity taken back")
    if data.get("old") is None:
        return _("Severity set to %(label)s") % {"label": data.get("label", "")}
    return _("Severity changed from Sev-%(old)s to %(label)s") % {
        "old": data.get("old"),
        "label": data.get("label", ""),
    }


def _role_name(data: Data) -> str:
    key = data.get("role")
    return str(Role(key).label) if key in Role.values else str(data.get("label") or key or "")


def _role(data: Data) -> str:
    role = _role_name(data)
    if not data.get("name"):
        return _("%(role)s is free (was %(before)s)") % {"role": role, "before": data.get("replaced") or "—"}
    if data.get("replaced"):
        return _("%(name)s is %(role)s now, after %(before)s") % {
            "name": data["name"],
            "role": role.lower(),
            "before": data["replaced"],
        }
    return _("%(name)s is %(role)s") % {"name": data["name"], "role": role.lower()}


def _page_sent(data: Data) -> str:
    people = ", ".join(data.get("people") or [])
    where = data.get("step")
    if data.get("backup"):
        return _("Paged %(people)s as backup, nobody of step %(step)s has answered") % {
            "people": people,
            "step": where,
        }
    if where is None:
        return _("Paged %(people)s") % {"people": people}
    return _("Paged %(people)s (step %(step)s, round %(round)s)") % {
        "people": people,
        "step": where,
        "round": data.get("round", 1),
    }


def _page_failed(data: Data) -> str:
    return str(data.get("sentence") or _("A page could not be delivered"))


def _escalated(data: Data) -> str:
    if data.get("alert_joined"):
        return _("An alert joined that is not snoozed: paging again")
    if data.get("snooze_over"):
        return _("The snooze is over: paging again")
    if data.get("declined"):
        words = {"person": data["declined"]}
        if data.get("left"):
            return _("%(person)s's account was deactivated: nobody waits for them any more") % words
        if data.get("moved_on"):
            return _("%(person)s cannot take it: the next step is paged now") % words
        return _("%(person)s cannot take it; the others paged have not answered yet") % words
    if data.get("acknowledge_expired"):
        return _("Acknowledged and still open after %(minutes)s minutes: paging again") % {
            "minutes": data["acknowledge_expired"]
        }
    if data.get("webhooks"):
        return _("Called %(webhooks)s") % {"webhooks": ", ".join(data["webhooks"])}
    if data.get("held_until"):
        return _("Nobody is on duty and it can wait: paging begins with the next shift, %(time)s UTC") % {
            "time": dt.datetime.fromisoformat(data["held_until"]).astimezone(dt.UTC).strftime("%a %H:%M")
        }
    if data.get("exhausted"):
        return _("The escalation policy has come to its end and nobody has acknowledged")
    people = ", ".join(data.get("people") or [])
    return _("Called for %(people)s") % {"people": people} if people else _("Started an escalation policy")


def _alerts(data: Data) -> str:
    count = int(data.get("count") or 1)
    return ngettext("An alert joined", "%(count)s alerts joined", count) % {"count": count}


def _clear(data: Data) -> str:
    return _("All alerts are clear")


def _merged(data: Data) -> str:
    if "into" in data:
        return _("Merged into #%(number)s") % {"number": data["into"]}
    if "undone_from" in data:
        return _("The merge into #%(number)s was undone") % {"number": data["undone_from"]}
    if "undone" in data:
        return _("#%(number)s %(title)s is an incident of its own again") % {
            "number": data["undone"],
            "title": data.get("title", ""),
        }
    return _("#%(number)s %(title)s became part of this incident") % {
        "number": data.get("merged"),
        "title": data.get("title", ""),
    }


def _snoozed(data: Data) -> str:
    if "alert" not in data:
        return _("Snoozed for %(minutes)s minutes") % {"minutes": data.get("minutes")}
    if data.get("waits_until"):
        return _("An alert was snoozed for %(minutes)s minutes; all that fire are, so paging waits") % {
            "minutes": data.get("minutes")
        }
    return _("An alert was snoozed for %(minutes)s minutes") % {"minutes": data.get("minutes")}


def _visibility(data: Data) -> str:
    if data.get("new") == Visibility.RESTRICTED:
        return _("Restricted: only people who were invited see this incident")
    return _("No longer restricted: seen as its team allows")


RENDERERS: dict[str, Callable[[Data], str]] = {
    K.DECLARED: _declared,
    K.STATE: _state,
    K.SEVERITY: _severity,
    K.ROLE: _role,
    K.PAGE_SENT: _page_sent,
    K.PAGE_FAILED: _page_failed,
    K.ACKNOWLEDGED: lambda data: _("Acknowledged"),
    K.ESCALATED: _escalated,
    K.SNOOZED: _snoozed,
    K.VISIBILITY: _visibility,
    K.ALERT_ATTACHED: _alerts,
    K.ALERTS_CLEAR: _clear,
    K.MERGED: _merged,
    K.NOTE: lambda data: "",
    K.DECISION: lambda data: _("Decision"),
}


def _changed_role(data: Data) -> str:
    role = _role_name(data)
    if data.get("user") is None:
        return _("%(role)s is free") % {"role": role}
    return _("%(role)s assigned") % {"role": role}


CHANGES: dict[str, Callable[[Data], str]] = {
    "declared": lambda data: _("Declared"),
    "acknowledged": lambda data: _("Acknowledged"),
    "status": lambda data: _status_label(data.get("new")),
    "severity": lambda data: _("Severity set") if data.get("new") is not None else _("Severity taken back"),
    "role": _changed_role,
    "merged": lambda data: _merged(data),
    "unmerged": lambda data: _("Merge into #%(number)s undone") % {"number": data.get("came_from")},
    "paged": lambda data: _("More people called"),
    "snoozed": lambda data: _("Snoozed"),
    "alerts_clear": lambda data: _("All alerts are clear"),
    "details": lambda data: _("Details changed"),
}
