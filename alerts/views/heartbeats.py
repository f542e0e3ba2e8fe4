"""Heartbeats: list, form, page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from alerts.actions import heartbeats as actions
from alerts.forms.heartbeats import HeartbeatForm
from alerts.models import Heartbeat
from alerts.watch import heartbeats as rules
from alerts.watch import selectors as watched
from alerts.watch.spans import spans_of
from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of, keyset
from teams.forms import zone_names

_SPANS = 12
_CURL = "curl -fsS -m 10 --retry 3 -o /dev/null"


@login_required
def heartbeat_list(request: HttpRequest) -> HttpResponse:
    """Every heartbeat the viewer may see, newest first."""
    actor = actor_of(request)
    page = keyset(
        watched.heartbeats_of(actor, status=request.GET.getlist("status")), request.GET.get("cursor", "")
    )
    rows: list[Any] = page.rows
    for beat in rows:
        beat.how = rules.expectation(beat)
    context = {"page": page, "counts": watched.counts_of(actor), "may_add": actor.manages_any}
    return render(request, "alerts/pages/heartbeats.html", context)


@login_required
def heartbeat_new(request: HttpRequest) -> HttpResponse:
    """Make one; the next page shows its address this once."""
    actor = actor_of(request)
    if not actor.manages_any:
        raise NotAllowed("Only a manager of a team can set up heartbeats.")
    return _form(request, None)


@login_required
def heartbeat_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    beat = _visible(request, pk)
    if not actor_of(request).manages(beat.team_id):
        raise NotAllowed("Only a manager of its team can change a heartbeat.")
    return _form(request, beat)


def _form(request: HttpRequest, beat: Heartbeat | None) -> HttpResponse:
    actor = actor_of(request)
    initial = HeartbeatForm.of(beat)
    if beat is None:
        initial["service"] = request.GET.get("service")
    form = HeartbeatForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved, key = actions.save_heartbeat(
                actor=actor, heartbeat_id=beat.pk if beat else None, **form.fields_of_action()
            )
        except InvalidInput as error:
            form.refuse(error.fields)
        else:
            return _page(request, saved, key) if key else redirect(saved.get_absolute_url())
    context = {"form": form, "beat": beat, "zones": zone_names()}
    return render(request, "alerts/pages/heartbeat_form.html", context, status=422 if form.errors else 200)


@login_required
def heartbeat_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How it is, when the next sign is due, and what to paste where the job runs."""
    return _page(request, _visible(request, pk), "")


@login_required
@require_POST
def heartbeat_key(request: HttpRequest, pk: int) -> HttpResponse:
    """A new key in place of the old, shown this once."""
    beat, key = actions.renew_heartbeat_key(actor=actor_of(request), heartbeat_id=pk)
    return _page(request, beat, key)


@login_required
@require_POST
def heartbeat_change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Pause, resume, delete."""
    actor = actor_of(request)
    if what == "delete":
        actions.delete_heartbeat(actor=actor, heartbeat_id=pk)
        return redirect("alerts:heartbeats")
    change = actions.pause_heartbeat if what == "pause" else actions.resume_heartbeat
    return redirect(change(actor=actor, heartbeat_id=pk).get_absolute_url())


def _visible(request: HttpRequest, pk: int) -> Heartbeat:
    found = watched.heartbeats_of(actor_of(request)).filter(pk=pk).first()
    if found is None:
        raise NotVisible
    return found


def _page(request: HttpRequest, beat: Heartbeat, key: str) -> HttpResponse:
    url = f"{settings.BASE_URL}/api/v1/heartbeat/{key or 'KEY'}/"
    context = {
        "beat": beat,
        "how": rules.expectation(beat),
        "grace": rules.length(beat.grace_seconds),
        "key": key,
        "url": url,
        "curl": f"{_CURL} {url}",
        "job": f"{beat.cron or '0 * * * *'} if /path/to/job; then {_CURL} {url}; else {_CURL} {url}fail/; fi",
        "mail": watched.mail_address(beat.integration),
        "alerts": watched.alerts_over(beat.integration_id),
        "spans": spans_of(beat.pk, _SPANS),
        "may_change": actor_of(request).manages(beat.team_id),
    }
    return render(request, "alerts/pages/heartbeat.html", context)
