"""Runbooks: the list, one with its versions, the editor with its preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.differences import compare
from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of, keyset, wants_part
from incidents import actions, shipped
from incidents.actions.runbooks import may_review
from incidents.forms.runbooks import RunbookForm, initial_of
from incidents.models import Incident, Runbook, RunbookRun, RunbookVersion
from incidents.runbooks import selectors, variables
from incidents.runbooks.document import MAX_BODY, to_html
from incidents.runbooks.looks import Reading
from services.models import Service
from teams.actor import Actor
from teams.models import Team
from teams.views.base import attach

LIST_ROWS = 25
VERSIONS_SHOWN = 20
_FILTERS = ("team", "service", "stale", "active", "q")


@login_required
def runbook_list(request: HttpRequest) -> HttpResponse:
    """All the viewer may see; filters live in the address."""
    actor, now = actor_of(request), clock.now()
    query = request.GET.dict()
    rows = selectors.filtered(selectors.for_list(actor), actor, query, now)
    page = keyset(rows.prefetch_related("types"), request.GET.get("cursor", ""), size=LIST_ROWS)
    used = Runbook.objects.visible_to(actor).filter(service_rows__isnull=False)
    services = Service.objects.visible_to(actor).filter(runbooks__in=used).order_by("name").distinct()
    teams = Team.objects.visible_to(actor).filter(runbooks__isnull=False).order_by("name").distinct()
    context = {
        "page": page,
        "now": now,
        "rows": [(row, row.is_stale(now)) for row in page.rows],
        "services": selectors.services_of(actor, page.rows),
        "team_choices": [("organisation", _("Organisation")), *teams.values_list("slug", "name")[:50]],
        "service_choices": list(services.values_list("slug", "name")[:50]),
        "stale_choices": [("1", _("Due"))],
        "active_choices": [("0", _("Out of use as well"))],
        "may_create": actor.manages_any,
        "filtering": any(query.get(name) for name in _FILTERS),
        "kept": [(name, query[name]) for name in _FILTERS if name != "q" and query.get(name)],
    }
    return render(request, "incidents/pages/runbooks.html", context)


@login_required
def runbook_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Its text, what it is for, how it did, and its versions; `?version=` shows an earlier one."""
    actor, now = actor_of(request), clock.now()
    runbook = _visible(request, pk)
    versions = list(runbook.versions.defer("body").order_by("-number")[:VERSIONS_SHOWN])
    shown = _version(runbook, request.GET.get("version", "")) or selectors.newest(runbook.pk)
    visible = Incident.objects.visible_to(actor)
    runs = RunbookRun.objects.filter(runbook=runbook, incident__in=visible).select_related("incident")
    context = {
        "runbook": runbook,
        "shown": shown,
        "html": to_html(shown.body, look=Reading()) if shown else "",
        "versions": versions,
        "runs": list(runs.order_by("-started_at", "-pk")[:10]),
        "services": selectors.services_of(actor, [runbook]).get(runbook.pk, []),
        "types": list(runbook.types.all()),
        "stale": runbook.is_stale(now),
        "may_manage": actor.manages(runbook.team_id),
        "may_review": may_review(actor, runbook) and bool(runbook.version),
    }
    return render(request, "incidents/pages/runbook.html", context)


@login_required
def compare_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What changed from one version (`?from=`) to another (`?to=`, else the newest)."""
    runbook = _visible(request, pk)
    later = _version(runbook, request.GET.get("to", "")) or selectors.newest(runbook.pk)
    if later is None:
        raise NotVisible
    earlier = _version(runbook, request.GET.get("from", ""))
    if earlier is None:
        earlier = runbook.versions.filter(number__lt=later.number).order_by("-number").first()
    context = {
        "runbook": runbook,
        "earlier": earlier,
        "later": later,
        "pieces": compare(earlier.body if earlier else "", later.body),
        "may_manage": actor_of(request).manages(runbook.team_id),
    }
    return render(request, "incidents/pages/runbook_versions.html", context)


@login_required
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a runbook, or its next version. `op=preview` shows the text without saving."""
    actor = actor_of(request)
    runbook = _manageable(request, pk) if pk is not None else None
    if runbook is None and not actor.manages_any:
        raise NotAllowed("Managers write their team's runbooks, admins the organisation's.")
    posted = request.method == "POST"
    preview = posted and request.POST.get("op") == "preview"
    last = selectors.newest(runbook.pk) if runbook else None
    initial = initial_of(runbook, last) if runbook else _example(request.GET.get("example", ""))
    form = RunbookForm(request.POST if posted else None, initial=initial, actor=actor, runbook=runbook)
    if posted and not preview and form.is_valid():
        try:
            saved = _save(actor, runbook, form, base=_number(request.POST.get("base", "")) or None)
        except NotVisible:
            raise
        except DomainError as error:
            attach(form, error)
        else:
            messages.success(request, _("Saved. What has been started keeps its version."))
            return redirect("incidents:runbook", pk=saved.pk)
    text = request.POST.get("body", "") if posted else initial.get("body", "")
    context = {
        "runbook": runbook,
        "form": form,
        "base": last.number if last else "",
        "examples": [] if runbook else shipped.runbooks(),
        "known": [(f"{{{{ {name} }}}}", about) for name, about in variables.KNOWN.items()],
        **_previewed(text),
    }
    status = 422 if posted and not preview and form.errors else 200
    return render(request, "incidents/pages/runbook_form.html", context, status=status)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text being written as it will look; for htmx."""
    context = _previewed(request.POST.get("body", ""))
    return render(request, "incidents/partials/runbook_preview.html", context)


@login_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has read it today and it is right."""
    actions.review_runbook(actor=actor_of(request), runbook_id=pk)
    messages.success(request, _("Marked as reviewed."))
    return redirect("incidents:runbook", pk=pk)


@login_required
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it out of use, or into use again."""
    runbook = _visible(request, pk)
    actions.edit_runbook(actor=actor_of(request), runbook_id=pk, active=not runbook.active)
    messages.success(request, _("Out of use.") if runbook.active else _("In use again."))
    return redirect("incidents:runbook", pk=pk)


@login_required
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish an earlier text anew."""
    number = _number(request.POST.get("version", ""))
    version = actions.restore_runbook(actor=actor_of(request), runbook_id=pk, number=number)
    messages.success(request, _("Published as version %(number)s.") % {"number": version.number})
    return redirect("incidents:runbook", pk=pk)


@login_required
def service_panel(request: HttpRequest, service_id: int) -> HttpResponse:
    """The runbooks of a service, for its page; those kept elsewhere beside."""
    actor = actor_of(request)
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise NotVisible
    if not wants_part(request):
        return redirect(f"/runbooks/?service={service.slug}")
    now = clock.now()
    context = {
        "service": service,
        "rows": [(row, row.is_stale(now)) for row in selectors.of_service(actor, service.pk)],
        "external": selectors.external(actor, [service.pk]),
        "may_create": actor.manages_any,
    }
    return render(request, "incidents/partials/runbook_service_panel.html", context)


def _save(actor: Actor, runbook: Runbook | None, form: RunbookForm, *, base: int | None) -> Runbook:
    body, note = form.cleaned_data["body"], form.cleaned_data["note"]
    with transaction.atomic():
        if runbook is None:
            return actions.create_runbook(actor=actor, body=body, note=note, **form.values())
        saved = actions.edit_runbook(actor=actor, runbook_id=runbook.pk, **form.values())
        actions.publish_runbook(actor=actor, runbook_id=runbook.pk, body=body, note=note, base=base)
    return saved


def _previewed(text: str) -> dict[str, Any]:
    text = text[:MAX_BODY]
    return {
        "preview": to_html(text, look=Reading()) if text.strip() else "",
        "unknown": variables.unknown(variables.used(text)),
    }


def _example(key: str) -> dict[str, Any]:
    """The values of a runbook that comes with the product, to start from; {} for none."""
    found = next((row for row in shipped.runbooks() if row["key"] == key), None)
    return {name: found[name] for name in ("name", "purpose", "body")} if found else {}


def _version(runbook: Runbook, number: str) -> RunbookVersion | None:
    found: RunbookVersion | None = runbook.versions.filter(number=_number(number)).first()
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _visible(request: HttpRequest, pk: int) -> Runbook:
    runbook: Runbook | None = selectors.for_list(actor_of(request)).filter(pk=pk).first()
    if runbook is None:
        raise NotVisible
    return runbook


def _manageable(request: HttpRequest, pk: int) -> Runbook:
    runbook = _visible(request, pk)
    if not actor_of(request).manages(runbook.team_id):
        raise NotAllowed("Managers write their team's runbooks, admins the organisation's.")
    return runbook
