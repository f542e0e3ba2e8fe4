"""Silences and maintenance windows."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts import actions
from alerts.forms import SilenceForm, WindowForm
from alerts.forms.holds import first_values
from alerts.held import overview
from core import clock
from core.pages import actor_of
from teams.views.base import applied


@login_required
def holds(request: HttpRequest) -> HttpResponse:
    """What holds alerts back now and soon, what it is holding, and who set it."""
    return render(request, "alerts/pages/holds.html", {"found": overview(actor_of(request), clock.now())})


@login_required
def new_hold(request: HttpRequest, kind: str) -> HttpResponse:
    """Set a silence or a maintenance window."""
    actor = actor_of(request)
    initial = first_values(clock.now(), request.GET.dict())
    form: SilenceForm | WindowForm
    if kind == "silence":
        form = SilenceForm(request.POST or None, actor=actor, initial=initial)
    else:
        form = WindowForm(request.POST or None, actor=actor, initial=initial)

    def save(_data: object) -> object:
        if kind == "silence":
            return actions.add_silence(actor=actor, **form.values())
        zone = timezone.get_current_timezone_name()
        return actions.add_window(actor=actor, timezone=zone, **form.values())

    if request.method == "POST" and applied(form, save) is not None:
        return redirect("alerts:holds")
    title = _("Silence alerts") if kind == "silence" else _("Announce maintenance")
    context = {"form": form, "title": title}
    return render(request, "alerts/pages/hold_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end_hold(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """End it now."""
    if kind == "silence":
        actions.end_silence(actor=actor_of(request), silence_id=int(pk))
    else:
        actions.end_window(actor=actor_of(request), window_id=int(pk))
    return redirect("alerts:holds")
