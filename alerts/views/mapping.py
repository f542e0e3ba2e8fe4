"""Writing the mapping of a custom integration against the last payload."""

from __future__ import annotations

from typing import Any

import orjson
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from alerts import actions, mapping
from alerts.choices import SourceKind
from alerts.forms.mapping import MappingForm
from alerts.mapping import Tried
from alerts.models import IntakeItem, Integration
from alerts.sources import SOURCES
from alerts.trying import PathTo, paths
from alerts.views.integrations import changeable
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of

_BEGINNING = {
    "title": "{{ item.title }}",
    "status": "{{ item.status }}",
    "resolved_values": ["resolved", "ok"],
}
_LONGEST = 60_000


@login_required
def mapping_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The last payload beside the fields; “try” shows what would come out, without saving. Managers only."""
    integration = changeable(request, pk)
    if integration.kind != SourceKind.CUSTOM:
        raise NotVisible
    payload = _payload(request, integration)
    preset = SOURCES.get(request.GET.get("preset", ""))
    start = (preset.mapping if preset else None) or integration.mapping or _BEGINNING
    form = MappingForm(request.POST or None, initial=MappingForm.initial_of(start))
    tried: Tried | None = None
    if request.method == "POST" and form.is_valid():
        found = form.mapping()
        tried = mapping.try_out(found, payload) if payload is not None else None
        if request.POST.get("do") == "save":
            try:
                actions.update_integration(actor=actor_of(request), integration_id=pk, mapping=found)
                return redirect(integration.get_absolute_url())
            except InvalidInput as error:
                form.blame({name.removeprefix("mapping."): why for name, why in error.fields.items()})
        elif tried is not None and tried.errors:
            form.blame(tried.errors)
    used = form.mapping() if form.is_bound and form.is_valid() else start
    context = {
        "integration": integration,
        "form": form,
        "tried": tried,
        "paths": _paths(used, payload),
        "payload": _shown(payload),
        "chosen": request.GET.get("payload", ""),
        "presets": _presets(),
    }
    return render(request, "alerts/pages/mapping.html", context, status=422 if form.errors else 200)


def _presets() -> list[tuple[str, Any]]:
    labels = dict(SourceKind.choices)
    return [(kind, labels[kind]) for kind, source in SOURCES.items() if source.mapping]


def _payload(request: HttpRequest, integration: Integration) -> Any:
    """The chosen payload, else the newest."""
    chosen = request.GET.get("payload", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        row = IntakeItem.objects.filter(integration=integration, pk=int(chosen)).first()
        if row is not None:
            return row.raw
    return integration.last_payload


def _paths(used: Any, payload: Any) -> list[PathTo]:
    if payload is None:
        return []
    item = mapping.first_item(used, payload)
    found = paths(item)
    return found if item is payload else [*found, *paths(payload, "payload")]


def _shown(payload: Any) -> str:
    if payload is None:
        return ""
    text = orjson.dumps(payload, option=orjson.OPT_INDENT_2).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n…"
