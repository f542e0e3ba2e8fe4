"""Settings → Delivery limits."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core import clock
from notifications.actions.limits import BOUNDS, set_limits, stored_limits
from notifications.forms_quiet import LimitsForm
from notifications.views.base import Page
from teams.views.base import applied


class LimitsView(Page):
    """How fast pages go to one destination, for everybody."""

    needs = "admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        row = stored_limits()
        return self._shown(LimitsForm(initial={name: getattr(row, name) for name in BOUNDS}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LimitsForm(request.POST)
        actor = self.actor
        row = applied(form, lambda data: set_limits(actor=actor, now=clock.now(), **data))
        if row is None:
            return self._shown(form, 422)
        messages.success(request, _("The limits are changed; every sender follows within five seconds."))
        return redirect("notifications:limits")

    def _shown(self, form: LimitsForm, status: int = 200) -> HttpResponse:
        return self.page(
            "limits",
            status=status,
            form=form,
            row=stored_limits(),
            crumbs=[(_("Delivery limits"), "")],
        )
