"""Entries about tasks, playbooks and runbooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.choices import EntryKind

Data = dict[str, Any]


def _task(data: Data) -> str:
    title = data.get("title", "")
    words = {"title": title, "owner": data.get("owner", ""), "before": data.get("replaced", "")}
    count = int(data.get("count") or 0)
    match data.get("what"):
        case "created":
            text = _("New task for %(owner)s: %(title)s") if data.get("owner") else _("New task: %(title)s")
            return text % words
        case "started":
            return _("Started: %(title)s") % words
        case "done":
            if data.get("by_itself"):
                return _("Done by itself: %(title)s") % words
            return _("Done: %(title)s") % words
        case "skipped":
            return _("Skipped: %(title)s") % words
        case "blocked":
            return _("Blocked: %(title)s") % words
        case "reopened":
            return _("Open again: %(title)s") % words
        case "assigned":
            if not data.get("owner"):
                return _("Task of nobody now: %(title)s") % words
            return _("Task of %(owner)s: %(title)s") % words
        case "passed_on":
            return _("%(title)s went from %(before)s to the backup %(owner)s") % words
        case "reordered":
            return _("Tasks put in another order")
        case "handed_over":
            text = ngettext(
                "%(count)s open task went to %(owner)s", "%(count)s open tasks went to %(owner)s", count
            )
            return text % {"count": count, "owner": data.get("owner", "")}
        case "shown" | "hidden":
            return _moved(data, count)
    return _("Changed: %(title)s") % words


def _moved(data: Data, count: int) -> str:
    titles = data.get("titles") or []
    shown = ", ".join(titles) + (" …" if count > len(titles) else "")
    if data.get("what") == "hidden":
        text = ngettext("No longer needed: %(titles)s", "No longer needed: %(titles)s", count)
    else:
        text = ngettext("Now to be done as well: %(titles)s", "Now to be done as well: %(titles)s", count)
    return text % {"titles": shown}


def _playbook(data: Data) -> str:
    count = int(data.get("tasks") or 0)
    text = ngettext(
        "Playbook %(name)s started, version %(version)s: %(count)s task",
        "Playbook %(name)s started, version %(version)s: %(count)s tasks",
        count,
    )
    return text % {"name": data.get("name", ""), "version": data.get("version"), "count": count}


def _runbook(data: Data) -> str:
    words = {"name": data.get("name", ""), "version": data.get("version")}
    if data.get("what") == "done":
        count = int(data.get("steps") or 0)
        text = ngettext(
            "Runbook %(name)s done: its %(count)s step",
            "Runbook %(name)s done: all %(count)s steps",
            count,
        )
        return text % {**words, "count": count}
    return _("Runbook %(name)s started, version %(version)s") % words


RENDERERS: dict[str, Callable[[Data], str]] = {
    EntryKind.TASK: _task,
    EntryKind.PLAYBOOK: _playbook,
    EntryKind.RUNBOOK: _runbook,
}


# Tasks move open pages; they make no row of the feed.
CHANGES: dict[str, Callable[[Data], str]] = {}
