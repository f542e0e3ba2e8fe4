"""Where checks are made from: list, form, token. For administrators; for others there is nothing here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts.actions import check_locations as actions
from alerts.checks import selectors
from alerts.forms.checks import LocationForm, state_of
from core import clock
from core.errors import Conflict, InvalidInput, NotVisible
from core.pages import actor_of


@login_required
def location_list(request: HttpRequest) -> HttpResponse:
    """Every location, and the form for a further one; the next page shows its token once."""
    _admin(request)
    form = LocationForm(request.POST or None, initial={"is_active": True})
    if request.method == "POST" and form.is_valid():
        try:
            made, token = actions.save_location(
                actor=actor_of(request), name=form.cleaned_data["name"], with_token=True
            )
        except InvalidInput as error:
            form.refuse(error.fields, error.sentence)
        else:
            return _page(request, made.pk, token)
    now = clock.now()
    context = {
        "form": form,
        "rows": [(row, state_of(row, now)) for row in selectors.locations()],
    }
    return render(request, "alerts/pages/check_locations.html", context, status=422 if form.errors else 200)


@login_required
def location_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename it, switch it off or on; how its worker is started."""
    _admin(request)
    found = _one(pk)
    if request.method != "POST":
        return _page(request, pk, "")
    form = LocationForm(request.POST)
    if form.is_valid():
        try:
            actions.save_location(actor=actor_of(request), location_id=found.pk, **form.cleaned_data)
        except (InvalidInput, Conflict) as error:
            form.refuse(error.fields, error.sentence)
        else:
            return redirect("alerts:check_locations")
    return _page(request, pk, "", form)


@login_required
@require_POST
def location_change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """A new token in place of the old, shown this once; or an end of it."""
    _admin(request)
    actor = actor_of(request)
    if what == "new-token":
        _location, token = actions.renew_location_token(actor=actor, location_id=pk)
        return _page(request, pk, token)
    actions.delete_location(actor=actor, location_id=pk)
    return redirect("alerts:check_locations")


def _admin(request: HttpRequest) -> None:
    if not actions.may_change_locations(actor_of(request)):
        raise NotVisible


def _one(pk: int) -> Any:
    found = selectors.locations().filter(pk=pk).first()
    if found is None:
        raise NotVisible
    return found


def _page(request: HttpRequest, pk: int, token: str, form: LocationForm | None = None) -> HttpResponse:
    location = _one(pk)
    initial = {"name": location.name, "is_active": location.is_active}
    context = {
        "location": location,
        "state": state_of(location, clock.now()),
        "form": form or LocationForm(initial=initial),
        "token": token,
        "keep": f"umask 077 && printf '%s' '{token or _('TOKEN')}' > check-worker.token",
        "run": f"python manage.py check_worker --url {settings.BASE_URL} --token-file check-worker.token",
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "alerts/pages/check_location.html", context, status=status)
