"""Silences and maintenance windows."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts import actions, selectors
from alerts.forms import HoldForm, SilenceForm
from core import clock
from core.errors import InvalidInput
from core.pages import actor_of


@login_required
def holds(request: HttpRequest) -> HttpResponse:
    """What holds alerts back now and soon, and who set it."""
    return render(request, "alerts/pages/holds.html", selectors.holds(actor_of(request)))


@login_required
def new_hold(request: HttpRequest, kind: str) -> HttpResponse:
    """Set a silence or a maintenance window."""
    actor = actor_of(request)
    form_class = SilenceForm if kind == "silence" else HoldForm
    now = clock.now().replace(second=0, microsecond=0)
    initial = {
        "starts_at": now,
        "ends_at": now + dt.timedelta(hours=2),
        "service": request.GET.get("service"),
    }
    form = form_class(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data["service_id"] = data.pop("service").pk
        try:
            if kind == "silence":
                actions.add_silence(actor=actor, **data)
            else:
                actions.add_window(actor=actor, **data)
        except InvalidInput as error:
            form.add_error(None, error.sentence)
        else:
            return redirect("alerts:holds")
    title = _("Silence alerts") if kind == "silence" else _("Announce maintenance")
    context = {"form": form, "title": title}
    return render(request, "alerts/pages/hold_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end_hold(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """End it now."""
    if kind == "silence":
        actions.end_silence(actor=actor_of(request), silence_id=pk)
    else:
        actions.end_window(actor=actor_of(request), window_id=pk)
    return redirect("alerts:holds")
