"""Entries about updates, promises, customers and support."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.choices import EntryKind, UpdateAudience

K = EntryKind
Data = dict[str, Any]


def _audience(data: Data) -> str:
    value = data.get("audience")
    return str(UpdateAudience(value).label).lower() if value in UpdateAudience.values else ""


def _update(data: Data) -> str:
    words = {"audience": _audience(data), "author": data.get("written_by", "")}
    if data.get("no_change"):
        return _("No change, said to: %(audience)s") % words
    if words["author"]:
        return _("Update sent: %(audience)s, written by %(author)s") % words
    return _("Update sent: %(audience)s") % words


def _proposed(data: Data) -> str:
    if data.get("rejected"):
        return _("Update of %(author)s sent back: %(audience)s") % {
            "author": data.get("author", ""),
            "audience": _audience(data),
        }
    return _("Waits for approval: %(audience)s update") % {"audience": _audience(data)}


def _missed(data: Data) -> str:
    words = {"audience": _audience(data), "time": ""}
    if data.get("due_at"):
        words["time"] = f"{dt.datetime.fromisoformat(data['due_at']).astimezone(dt.UTC):%H:%M} UTC"
    return _("The %(audience)s update promised for %(time)s has not come") % words


def _customers(data: Data) -> str:
    count = int(data.get("count") or 0)
    if data.get("withdrawn"):
        return ngettext(
            "A message to %(count)s customer was taken back",
            "Messages to %(count)s customers were taken back",
            count,
        ) % {"count": count}
    return ngettext("Written to %(count)s named customer", "Written to %(count)s named customers", count) % {
        "count": count
    }


def _report(data: Data) -> str:
    words = {"customer": data.get("customer") or _("A customer"), "ticket": data.get("ticket", "")}
    if words["ticket"]:
        return _("%(customer)s reported it: %(ticket)s") % words
    return _("%(customer)s reported it") % words


def _question(data: Data) -> str:
    if data.get("answered"):
        return _("Answered to support: %(question)s") % {"question": data.get("question", "")}
    return _("Support asks")


RENDERERS: dict[str, Callable[[Data], str]] = {
    K.UPDATE_SENT: _update,
    K.UPDATE_PROPOSED: _proposed,
    K.PROMISE_MISSED: _missed,
    K.CUSTOMERS_TOLD: _customers,
    K.CUSTOMER_REPORT: _report,
    K.QUESTION: _question,
}


def _reported(data: Data) -> str:
    return "" if data.get("quiet") else _report(data)


# What has no words here is told to open pages alone, without a row in the feed.
CHANGES: dict[str, Callable[[Data], str]] = {
    "update": _update,
    "report": _reported,
    "question": lambda data: _("Question answered") if data.get("answered") else _("Support asks"),
    "customers": _customers,
}
