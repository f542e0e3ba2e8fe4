"""What the settings pages of this room share."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from teams.views.base import SettingsView


class Page(SettingsView):
    """A settings page with templates of this app."""

    def page(self, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """`notifications/pages/<name>.html`; `crumbs` are (label, url) pairs below Settings."""
        crumbs = [(_("Settings"), "/settings/"), *context.pop("crumbs", [])]
        shown = [{"label": label, "url": url} for label, url in crumbs]
        return render(
            self.request, f"notifications/pages/{name}.html", {"crumbs": shown, **context}, status=status
        )
