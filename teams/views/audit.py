"""The audit log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from teams.forms import AuditFilterForm
from teams.models import AuditEntry, User
from teams.selectors import audit_choices, audit_entries
from teams.views.base import SettingsView

PAGE = 50


class AuditView(SettingsView):
    """Newest first, by key. Days in the filters are days in the person's zone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AuditFilterForm(request.GET)
        form.is_valid()
        chosen = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        cursor = chosen.pop("cursor", None)
        rows = audit_entries(self.actor, **_instants(chosen))
        page = list(rows.filter(pk__lt=cursor)[: PAGE + 1] if cursor else rows[: PAGE + 1])
        verbs, kinds = audit_choices(self.actor)
        return self.page(
            "audit",
            entries=[(entry, _changes(entry)) for entry in page[:PAGE]],
            next_cursor=page[PAGE - 1].pk if len(page) > PAGE else None,
            first=cursor is None,
            form=form,
            chosen=chosen,
            filtered=bool(chosen),
            verbs=verbs,
            kinds=kinds,
            people=User.objects.visible_to(self.actor).order_by("name", "id"),
            crumbs=[(_("Audit log"), "")],
        )


def _instants(chosen: dict[str, Any]) -> dict[str, Any]:
    """Dates as instants: from the day's start, to the end of the day."""
    zone = timezone.get_current_timezone()
    found = dict(chosen)
    if "since" in found:
        found["since"] = dt.datetime.combine(found["since"], dt.time(), zone)
    if "until" in found:
        day = min(found["until"], dt.date(9998, 12, 31)) + dt.timedelta(days=1)
        found["until"] = dt.datetime.combine(day, dt.time(), zone)
    return found


def _changes(entry: AuditEntry) -> list[tuple[str, str]]:
    """The entry's data as (word, text) pairs; before and after of one value as `old → new`."""
    before, after = entry.data.get("before"), entry.data.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            (key, f"{_text(before.get(key))} → {_text(value)}")
            for key, value in after.items()
            if before.get(key) != value
        ]
    # A name beside an id says the same to people.
    hidden = {"user"} if "name" in entry.data else set()
    return [
        (key, _text(value))
        for key, value in entry.data.items()
        if key not in hidden and value not in (None, "", {}, [])
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)[:200]
    return str(value)[:200]
