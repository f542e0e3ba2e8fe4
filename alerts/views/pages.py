"""Alerts: list, page, panel of an incident."""

from __future__ import annotations

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from alerts import actions, selectors
from alerts.facets import facets
from alerts.filters import AlertFilter
from alerts.held import any_ahead
from alerts.models import Alert, Integration
from alerts.watch import selectors as watched
from core import clock
from core.errors import NotVisible
from core.pages import actor_of, keyset, wants_part
from incidents.forms.lifecycle import SnoozeForm
from services.models import ChangeEvent, Service
from services.selectors import RECENT, recent_changes
from teams.actor import Actor
from teams.selectors import saved_views

# Integrations shown on a service's page.
_OF_SERVICE = 10
# Changes shown on an alert's page.
_CHANGES = 8


@login_required
def alert_list(request: HttpRequest) -> HttpResponse:
    """All alerts the viewer may see, newest first; filters live in the address."""
    actor = actor_of(request)
    rows = selectors.for_list(actor)
    found = AlertFilter(request.GET, queryset=rows)
    context = {
        "page": keyset(found.qs, request.GET.get("cursor", "")),
        "facets": facets(rows),
        "holds": any_ahead(actor, clock.now()),
        "saved": saved_views(actor, "alerts", request.GET.urlencode()),
    }
    return render(request, "alerts/pages/list.html", context)


@login_required
def alert_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert: labels, payload, and why it went where it went."""
    actor = actor_of(request)
    alert = selectors.for_page(actor, pk)
    if alert is None:
        raise NotVisible
    snoozable, now = selectors.may_snooze(alert, actor), clock.now()
    payload = orjson.dumps(alert.raw, option=orjson.OPT_INDENT_2).decode() if alert.raw is not None else ""
    context = {
        "alert": alert,
        "incident": selectors.visible_incident(alert, actor),
        "upstream": selectors.visible_upstream(alert, actor),
        "payload": payload,
        "snooze_form": SnoozeForm(actor=actor) if snoozable else None,
        "items": list(alert.items.order_by("-pk")[:20]),
        "notes": list(alert.notes.select_related("author")),
        "before": selectors.fired_before(alert),
        "changes": _changes_before(alert, actor),
        "runbooks": selectors.runbooks(alert, actor, now),
        "now": now,
        "help_links": selectors.help_links(alert, actor),
        "silence_url": selectors.silence_url(alert, actor),
        "may_write": actions.may_write(actor, alert),
    }
    return render(request, "alerts/pages/detail.html", context)


def _changes_before(alert: Alert, actor: Actor) -> list[ChangeEvent]:
    """What was changed on its service, from two hours before it fired for the first time to the last."""
    if alert.service_id is None:
        return []
    since = alert.first_seen_at - RECENT
    return recent_changes([alert.service_id], actor, since=since, until=alert.last_seen_at, limit=_CHANGES)


@login_required
@require_POST
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write something on an alert."""
    note = actions.add_alert_note(actor=actor_of(request), alert_id=pk, text=request.POST.get("text", ""))
    return redirect(f"{note.alert.get_absolute_url()}#notes")


@login_required
@require_POST
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the paging for one alert for a while."""
    actor = actor_of(request)
    form = SnoozeForm(request.POST, actor=actor)
    minutes = form.values()["minutes"] if form.is_valid() else 0
    alert = actions.snooze_alert(actor=actor, alert_id=pk, minutes=minutes)
    return redirect(alert.get_absolute_url())


@login_required
def incident_panel(request: HttpRequest, number: int) -> HttpResponse:
    """The alerts of an incident, as a panel of its page."""
    rows = selectors.of_incident(actor_of(request), number)
    template = "panel" if wants_part(request) else "panel_page"
    return render(request, f"alerts/partials/{template}.html", {"alerts": rows, "number": number})


@login_required
def service_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """What of alerts concerns one service, for its page: open ones, who posts, where it is set."""
    actor = actor_of(request)
    service = Service.objects.visible_to(actor).filter(slug=slug).first()
    if service is None:
        raise NotVisible
    if not wants_part(request):
        return redirect("alerts:alerting", slug=slug)
    posting = watched.by_hand(Integration.objects.visible_to(actor).filter(service=service, is_active=True))
    context = {
        "service": service,
        "open": Alert.objects.visible_to(actor).open().filter(service=service).count(),
        "integrations": posting.order_by("name", "pk")[:_OF_SERVICE],
    }
    return render(request, "alerts/partials/service_panel.html", context)
