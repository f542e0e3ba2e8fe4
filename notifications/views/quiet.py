"""A person's own quiet hours."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from notifications.actions.quiet import clear_quiet_hours, set_quiet_hours
from notifications.forms_quiet import QuietHoursForm
from notifications.views.base import Page
from teams.views.base import applied

HOME = "notifications:person"


class QuietHoursView(Page):
    """Setting them; a refused form is shown on a page of its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(HOME)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = QuietHoursForm(request.POST)
        actor, user_id = self.actor, int(request.user.pk or 0)
        row = applied(form, lambda data: set_quiet_hours(actor=actor, user_id=user_id, **data))
        if row is None:
            crumbs = [(_("Notifications"), "/settings/notifications/"), (_("Quiet hours"), "")]
            return self.page("quiet", status=422, form=form, crumbs=crumbs)
        messages.success(request, _("Your quiet hours are changed."))
        return redirect(HOME)


class NoQuietHoursView(Page):
    """Removing them."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        clear_quiet_hours(actor=self.actor, user_id=int(request.user.pk or 0))
        messages.success(request, _("You have no quiet hours any more."))
        return redirect(HOME)
