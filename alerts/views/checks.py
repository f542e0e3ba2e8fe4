"""Checks: list, form, page, and the part of a service's page that shows them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts.actions import checks as actions
from alerts.actions.check_locations import may_change_locations
from alerts.checks import selectors, uptime
from alerts.checks import settings as kinds
from alerts.choices import AlertStatus, CheckKind, CheckStatus
from alerts.forms.checks import CheckForm, began
from alerts.models import Check, CheckLocation
from alerts.views import check_figures as figures
from alerts.views import check_words as words
from alerts.watch import selectors as watched
from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of, keyset, wants_part
from services.models import Service

# Days of the bar in a list and on the page, and the lengths uptime is told of.
_LISTED, _SHOWN, _UPTIMES = 30, 90, (1, 7, 30, 90)
_SPANS, _RESULTS, _OF_SERVICE = 20, 15, 20
_MANAGERS_ONLY = "Only a manager of its team can change a check."


@login_required
def check_list(request: HttpRequest) -> HttpResponse:
    """Every check the viewer may see, newest first."""
    actor = actor_of(request)
    q = request.GET.get("q", "")
    rows = selectors.checks(actor, q=q, status=request.GET.getlist("status"))
    page = keyset(rows, request.GET.get("cursor", ""))
    _with_figures(page.rows, clock.now())
    context = {
        "page": page,
        "counts": _counts(actor),
        "chosen": request.GET.getlist("status"),
        "asked": bool(q or request.GET.getlist("status")),
        "may_add": actor.manages_any,
        "may_place": may_change_locations(actor),
    }
    return render(request, "alerts/pages/checks.html", context)


def _counts(actor: Any) -> list[tuple[str, str, int]]:
    """What needs somebody first; what would leave nothing is not offered."""
    rows = [row for row in selectors.counts_of(actor) if row[2]]
    return sorted(rows, key=lambda row: row[0] not in (CheckStatus.DOWN, CheckStatus.UNKNOWN))


def _with_figures(rows: list[Check], now: dt.datetime) -> None:
    """Give each row what its line shows: `places`, `uptime`, `bar`. One statement for all."""
    days = figures.last_days(_LISTED, now)
    whole = (now - _LISTED * figures.DAY, now)
    found = uptime.lengths([check.pk for check in rows], [whole, *days], now)
    shown: list[Any] = rows
    for check in shown:
        check.places = words.seen(check, check.runs.all(), now)
        over_all, *by_day = found[check.pk]
        check.uptime = figures.percent(over_all.uptime)
        check.bar = figures.bar(days, by_day)


@login_required
def check_new(request: HttpRequest) -> HttpResponse:
    """Make one."""
    if not actor_of(request).manages_any:
        raise NotAllowed("Only a manager of a team can set up checks.")
    return _form(request, None)


@login_required
def check_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    check = _visible(request, pk)
    if not actor_of(request).manages(check.team_id):
        raise NotAllowed(_MANAGERS_ONLY)
    return _form(request, check)


def _form(request: HttpRequest, check: Check | None) -> HttpResponse:
    """GET the form, POST it; POST with `do=fields` gives it back with the fields of the kind that was chosen."""
    actor = actor_of(request)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    if kind not in CheckKind.values:
        kind = check.kind if check else CheckKind.HTTP
    saving = request.method == "POST" and request.POST.get("do") != "fields"
    initial = CheckForm.of(check, kind)
    if request.method == "POST":
        initial |= began(request.POST, kind)
    elif check is None:
        initial["service"] = request.GET.get("service")
    form = CheckForm(request.POST if saving else None, actor=actor, kind=kind, check=check, initial=initial)
    if saving and form.is_valid():
        try:
            saved = actions.save_check(
                actor=actor, check_id=check.pk if check else None, **form.fields_of_action()
            )
        except InvalidInput as error:
            form.refuse(error.fields, error.sentence)
        else:
            return redirect(saved.get_absolute_url())
    context = {
        "form": form,
        "check": check,
        "places": CheckLocation.objects.filter(is_active=True).count(),
        "may_place": may_change_locations(actor),
    }
    return render(request, "alerts/pages/check_form.html", context, status=422 if form.errors else 200)


@login_required
def check_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How it is, how it was, and what it opened. htmx gets the present state alone."""
    check = _visible(request, pk)
    now = clock.now()
    context = _state(check, now)
    if wants_part(request):
        return render(request, "alerts/partials/check_now.html", context)
    days = figures.last_days(_SHOWN, now)
    context |= {
        "uptimes": _uptimes(check, now),
        "bar": figures.bar(days, uptime.lengths([check.pk], days, now)[check.pk]),
        "bar_days": _SHOWN,
        "spans": selectors.spans_of(check.pk, _SPANS),
        "results": selectors.results_of(check.pk, _RESULTS),
        "every": words.every(check),
        "settings": _settings(check),
        "may_change": actor_of(request).manages(check.team_id),
    }
    return render(request, "alerts/pages/check.html", context)


def _state(check: Check, now: dt.datetime) -> dict[str, Any]:
    places = words.seen(check, check.runs.all(), now)
    answers = figures.answers(check, now)
    speeds = answers.by_location if answers else {}
    alerts = watched.alerts_over(check.integration_id)
    awaited = words.awaited(check, now)
    return {
        "check": check,
        "headline": words.headline(check, places, now),
        "places": [(place, speeds.get(place.run.location_id)) for place in places],
        "answers": answers,
        "awaited": awaited,
        "poll_seconds": 3 if awaited else 30,
        "open_alerts": [alert for alert in alerts if alert.status != AlertStatus.RESOLVED],
        "alerts": alerts,
    }


def _uptimes(check: Check, now: dt.datetime) -> list[tuple[str, str]]:
    return [
        (_("24 hours") if days == 1 else _("%(count)d days") % {"count": days}, figures.percent(found))
        for days, found in uptime.uptimes_of_check(check.pk, _UPTIMES, now).items()
    ]


def _settings(check: Check) -> list[tuple[Any, str]]:
    """What the check is told beyond its target, as (label, value); what is empty is left out."""
    found = []
    for each in kinds.fields_of(check.kind):
        value = check.settings.get(each.name, each.default)
        if isinstance(value, bool):
            value = _("yes") if value else _("no")
        if value != "":
            found.append((each.label, str(value)))
    return found


@login_required
@require_POST
def check_change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Pause, resume, check now, delete."""
    actor = actor_of(request)
    if what == "delete":
        actions.delete_check(actor=actor, check_id=pk)
        return redirect("alerts:checks")
    if what == "check-now":
        actions.check_now(actor=actor, check_id=pk)
        messages.success(request, _("Asked for. The results appear on this page as they come."))
    elif what == "pause":
        actions.pause_check(actor=actor, check_id=pk)
    else:
        actions.resume_check(actor=actor, check_id=pk)
    return redirect("alerts:check", pk=pk)


@login_required
def service_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """The checks of one service, for its page: those that are not well first."""
    actor = actor_of(request)
    service = Service.objects.visible_to(actor).filter(slug=slug).first()
    if service is None:
        raise NotVisible
    now = clock.now()
    rows = list(selectors.checks(actor).filter(service=service).order_by("name", "pk")[: 5 * _OF_SERVICE])
    rows.sort(key=lambda check: check.status in (CheckStatus.UP, CheckStatus.PAUSED))
    rows = rows[:_OF_SERVICE]
    uptimes = uptime.uptime_of_checks([check.pk for check in rows], now - 30 * figures.DAY, now)
    context = {
        "service": service,
        "checks": [(check, figures.percent(uptimes[check.pk])) for check in rows],
        "may_add": actor.manages(service.team_id),
    }
    return render(request, "alerts/partials/check_panel.html", context)


def _visible(request: HttpRequest, pk: int) -> Check:
    found = selectors.checks(actor_of(request)).filter(pk=pk).first()
    if found is None:
        raise NotVisible
    return found
