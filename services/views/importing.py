"""The import page: a file, what it would do, and doing exactly that; and the export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import InvalidInput, NotAllowed
from core.pages import actor_of
from core.text import one_line
from services.actions.importing import PlanChanged, import_catalog, plan_import, read_catalog
from services.choices import Lifecycle, ServiceKind, Tier
from services.importing.entities import Parsed
from services.importing.exporting import export
from services.importing.form import Carried, ImportForm, pack, unpack
from services.importing.plan import Plan
from teams.actor import Actor
from teams.views.base import attach

SHOWN = 200
_NAMES = {
    "name": gettext_lazy("Name"),
    "kind": gettext_lazy("Kind"),
    "description": gettext_lazy("Description"),
    "tier": gettext_lazy("Tier"),
    "lifecycle": gettext_lazy("Lifecycle"),
    "labels": gettext_lazy("Labels"),
    "annotations": gettext_lazy("Annotations"),
    "stands_alone": gettext_lazy("Needs nothing else"),
    "external_id": gettext_lazy("Known in the file as"),
    "team": gettext_lazy("Owner"),
    "system": gettext_lazy("System"),
    "domain": gettext_lazy("Domain"),
    "parent": gettext_lazy("Part of"),
    "links": gettext_lazy("Links"),
    "missing": gettext_lazy("Not in the catalog"),
}
_WORDS: dict[str, dict[Any, Any]] = {
    "kind": dict(ServiceKind.choices),
    "tier": dict(Tier.choices),
    "lifecycle": dict(Lifecycle.choices),
    "stands_alone": {True: gettext_lazy("yes"), False: gettext_lazy("no")},
}
_TYPES = {"service": "", "system": gettext_lazy("System"), "domain": gettext_lazy("Domain")}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """POST `op`: plan shows what a file would do, apply does what was shown."""
    actor = actor_of(request)
    if not actor.manages_any:
        raise NotAllowed("Only managers of a team and admins can import.")
    if request.method != "POST":
        return _start(request, ImportForm())
    if request.POST.get("op") == "apply":
        return _apply(request, actor)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _start(request, form, 422)
    content, chosen = form.cleaned_data["content"], form.cleaned_data["format"]
    try:
        parsed = read_catalog(actor=actor, content=content, form=chosen)
    except InvalidInput as error:
        attach(form, error)
        return _start(request, form, 422)
    plan = plan_import(actor=actor, parsed=parsed)
    return _plan(request, actor, Carried(content, chosen, plan.digest), plan)


def _apply(request: HttpRequest, actor: Actor) -> HttpResponse:
    carried = unpack(request.POST.get("carried", ""), actor.user_id or 0)
    if carried is None:
        form = ImportForm()
        messages.error(request, _("The file did not come back whole. Choose it again."))
        return _start(request, form, 422)
    parsed: Parsed = read_catalog(actor=actor, content=carried.content, form=carried.form)
    try:
        plan = import_catalog(actor=actor, parsed=parsed, expected=carried.digest)
    except PlanChanged as error:
        again = carried._replace(digest=error.plan.digest)
        return _plan(request, actor, again, error.plan, stale=True)
    messages.success(
        request,
        _("Imported: %(created)s new, %(updated)s changed, %(unchanged)s as before.") % plan.counts,
    )
    return redirect("services:list")


@login_required
@require_safe
def export_file(request: HttpRequest) -> HttpResponse:
    """The catalog as the person sees it, `?team=` alone, as a download."""
    text = export(actor_of(request), team=one_line(request.GET.get("team", ""), 120))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="catalog-info.yaml"'
    response["Cache-Control"] = "private, no-store"
    return response


def _start(request: HttpRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    return render(request, "services/pages/import.html", {"form": form}, status=status)


def _plan(
    request: HttpRequest, actor: Actor, carried: Carried, plan: Plan, *, stale: bool = False
) -> HttpResponse:
    counts = plan.counts
    context = {
        "counts": counts,
        "problems": plan.problems[:SHOWN],
        "problem_count": len(plan.problems),
        "more_problems": max(0, len(plan.problems) - SHOWN),
        "findings": plan.findings[:SHOWN],
        "more_findings": max(0, len(plan.findings) - SHOWN),
        "rows": [_row(change) for change in plan.changes[:SHOWN]],
        "more_rows": max(0, len(plan.changes) - SHOWN),
        "edges": plan.edge_counts,
        "changes_anything": bool(plan.changes),
        "carried": pack(carried, actor.user_id or 0),
        "stale": stale,
    }
    return render(request, "services/pages/import_plan.html", context, status=409 if stale else 200)


def _row(change: dict[str, Any]) -> dict[str, Any]:
    """One row of the plan in words."""
    created = change["action"] == "created"
    fields = [
        (_NAMES.get(name, name), "" if created else _shown(name, old), _shown(name, new))
        for name, (old, new) in change["fields"].items()
    ]
    return {
        "slug": change["slug"],
        "url": "" if created or change["type"] != "service" else f"/services/{change['slug']}/",
        "type": _TYPES[change["type"]],
        "created": created,
        "fields": fields,
        "added": [(edge["upstream"], edge["kind"] == "soft") for edge in change["edges_added"]],
        "removed": [(edge["upstream"], edge["kind"] == "soft") for edge in change["edges_removed"]],
        "changed": [(edge["upstream"], edge["kind"][1] == "soft") for edge in change["edges_changed"]],
    }


def _shown(name: str, value: Any) -> str:
    if name in _WORDS and value in _WORDS[name]:
        return str(_WORDS[name][value])
    if isinstance(value, dict):
        value = ", ".join(f"{key}={text}" if text else key for key, text in value.items())
    elif name == "links" and isinstance(value, list):
        value = ", ".join(title for _kind, title, _url in value)
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    return one_line(str(value), 160) if value not in (None, "") else "–"
