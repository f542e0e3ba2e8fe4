"""The accounts behind channels, for admins: set up, try, switch off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotVisible
from notifications import links
from notifications.actions import providers
from notifications.forms import PROVIDER_FORMS
from notifications.models import ProviderAccount
from notifications.views.base import Page
from teams.views.base import applied

HOME = "notifications:channels"


class ChannelsPage(Page):
    """One card for each provider."""

    needs = "admin"

    def home(self, *, status: int = 200, bound: Any = None) -> HttpResponse:
        rows = {row.provider: row for row in ProviderAccount.objects.select_related("updated_by")}
        cards = [
            _card(name, form, rows.get(name), bound if bound is not None and bound.provider == name else None)
            for name, form in PROVIDER_FORMS.items()
        ]
        context = {
            "cards": cards,
            "crumbs": [(_("Channels"), "")],
        }
        return self.page("channels", status=status, **context)


def _card(name: str, form: Any, row: ProviderAccount | None, bound: Any) -> dict[str, Any]:
    return {
        "provider": name,
        "title": form.title,
        "text": form.text,
        "limits": form.limits,
        "row": row,
        "form": bound or form(row=row),
        "addresses": [(label, links.absolute(reverse(address))) for label, address in form.addresses],
    }


class ChannelsView(ChannelsPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.home()


class ChannelView(ChannelsPage):
    """Saving the settings of one provider."""

    def get(self, request: HttpRequest, provider: str) -> HttpResponse:
        return redirect(HOME)

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        if provider not in PROVIDER_FORMS:
            raise NotVisible
        row = ProviderAccount.objects.filter(provider=provider).first()
        form = PROVIDER_FORMS[provider](request.POST, row=row)
        actor = self.actor
        saved = applied(
            form,
            lambda data: providers.save_provider(
                actor=actor, provider=provider, values=data, now=clock.now()
            ),
        )
        if saved is None:
            return self.home(status=422, bound=form)
        messages.success(request, _("%(provider)s is set up. Test it next.") % {"provider": saved})
        return redirect(HOME)


class ChannelActionView(Page):
    """Test, switch off, switch on, remove."""

    needs = "admin"

    def get(self, request: HttpRequest, provider: str, verb: str) -> HttpResponse:
        if verb != "remove":
            return redirect(HOME)
        title = _("Remove these settings?")
        text = _("The secrets are deleted. Nobody is reached by this provider until it is set up again.")
        return self.confirm(title=title, text=text, action=_("Remove"), back=reverse(HOME))

    def post(self, request: HttpRequest, provider: str, verb: str) -> HttpResponse:
        actor, now = self.actor, clock.now()
        if verb == "test":
            row = providers.test_provider(actor=actor, provider=provider, now=now)
            if row.failure:
                messages.error(request, row.failure)
            else:
                messages.success(request, _("%(provider)s accepts these settings.") % {"provider": row})
        elif verb == "remove":
            providers.remove_provider(actor=actor, provider=provider)
            messages.success(request, _("Removed."))
        else:
            providers.set_provider_enabled(actor=actor, provider=provider, enabled=verb == "enable", now=now)
            messages.success(request, _("Switched on.") if verb == "enable" else _("Switched off."))
        return redirect(HOME)
