"""What the settings pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import View

from core.crypto import seal, unseal
from core.errors import DomainError, NotVisible
from core.pages import wants_part
from teams.actor import Actor
from teams.settings_nav import Need

T = TypeVar("T")


class SettingsView(LoginRequiredMixin, View):
    """A page under /settings/. Whoever lacks `needs` is told that there is nothing here."""

    needs: Need = "any"

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request.actor  # type: ignore[attr-defined]
        return actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and self.needs == "admin" and not self.actor.is_admin:
            raise NotVisible
        return super().dispatch(request, *args, **kwargs)

    def page(self, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """`teams/pages/<name>.html`; `crumbs` are (label, url) pairs below Settings."""
        crumbs = [(_("Settings"), "/settings/"), *context.pop("crumbs", [])]
        shown = [{"label": label, "url": url} for label, url in crumbs]
        return render(self.request, f"teams/pages/{name}.html", {"crumbs": shown, **context}, status=status)

    def confirm(self, *, status: int = 200, **context: Any) -> HttpResponse:
        """A question before something that cannot be undone: a dialog for htmx, else a page.

        Context: title, text, action (button label), back (address), and optionally form, danger.
        """
        whole = not wants_part(self.request)
        name = "teams/pages/confirm.html" if whole else "teams/partials/confirm_dialog.html"
        crumbs = [{"label": _("Settings"), "url": "/settings/"}, {"label": context["title"], "url": ""}]
        values = {"danger": True, "crumbs": crumbs, "address": self.request.get_full_path(), **context}
        return render(self.request, name, values, status=status)


def applied(form: forms.Form, call: Callable[[dict[str, Any]], T]) -> T | None:
    """Run `call` with the cleaned data; None when form or action refuse, with the reasons in the form."""
    if not form.is_valid():
        return None
    try:
        return call(form.cleaned_data)
    except NotVisible:
        raise
    except DomainError as error:
        attach(form, error)
        return None


def attach(form: forms.Form, error: DomainError) -> None:
    """Put a refusal beside the fields it is about, or above the form."""
    known = {name: reasons for name, reasons in error.fields.items() if name in form.fields}
    for name, reasons in known.items():
        for reason in reasons:
            form.add_error(name, reason)
    if not known:
        for reason in [reason for reasons in error.fields.values() for reason in reasons] or [error.sentence]:
            form.add_error(None, reason)


def keep_secret(request: HttpRequest, key: str, value: str) -> None:
    """Keep something for the next page view alone, sealed in the session."""
    request.session[f"once:{key}"] = seal(value)


def take_secret(request: HttpRequest, key: str) -> str:
    """What was kept for this page view, and forget it; "" when nothing."""
    sealed = request.session.pop(f"once:{key}", "")
    return unseal(sealed) if sealed else ""
