"""Integrations: the list, choosing a source, one-screen set-up, keys, settings, what came in."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alerts import actions, selectors
from alerts.actions.integrations import checked_templates
from alerts.actions.receiving import pending_subscriptions
from alerts.choices import IntakeStatus, SourceKind
from alerts.forms.integrations import IntegrationForm, IntegrationSettingsForm
from alerts.models import IntakeItem, Integration
from alerts.sources import OFFERED, SOURCES
from alerts.trying import try_templates
from alerts.watch import selectors as watched
from core.errors import DomainError, InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of, wants_part

_GROUPS = {
    "monitoring": gettext_lazy("Monitoring"),
    "errors": gettext_lazy("Errors"),
    "uptime": gettext_lazy("Uptime"),
    "clouds": gettext_lazy("Clouds"),
    "tickets": gettext_lazy("Support tickets"),
    "changes": gettext_lazy("Changes"),
    "tools": gettext_lazy("Other tools' APIs"),
    "own": gettext_lazy("Your own"),
}


@login_required
def integration_list(request: HttpRequest) -> HttpResponse:
    """Every integration the viewer may see."""
    actor = actor_of(request)
    context = {
        "integrations": watched.by_hand(selectors.integrations(actor))[:500],
        "may_add": actor.manages_any,
    }
    return render(request, "alerts/pages/integrations.html", context)


@login_required
def integration_new(request: HttpRequest) -> HttpResponse:
    """Choose a source, then make it; the next page shows the key this once."""
    actor = actor_of(request)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    if request.method != "POST" and kind not in OFFERED:
        return render(request, "alerts/pages/integration_pick.html", {"groups": _picker()})
    initial = {"kind": kind, "name": request.GET.get("name", "")}
    form = IntegrationForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            integration, key = actions.create_integration(
                actor=actor, name=data["name"], kind=data["kind"], service_id=data["service"].pk
            )
        except InvalidInput as error:
            form.add_error(None, error.sentence)
        else:
            return _page(request, integration, key)
    context = {"form": form, "source": OFFERED.get(kind), "label": dict(SourceKind.choices).get(kind, "")}
    return render(request, "alerts/pages/integration_new.html", context, status=422 if form.errors else 200)


def _picker() -> list[dict[str, Any]]:
    labels = dict(SourceKind.choices)
    return [
        {
            "label": label,
            "sources": [(source, labels[kind]) for kind, source in OFFERED.items() if source.group == group],
        }
        for group, label in _GROUPS.items()
    ]


@login_required
def integration_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Set-up text, the last payloads and what they became."""
    if (owner := watched.owner_url(actor_of(request), pk)) is not None:
        return redirect(owner)
    return _page(request, visible(request, pk), "")


@login_required
def integration_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """How it reads what comes; templates can be tried out before they are saved. Managers only."""
    actor = actor_of(request)
    integration = changeable(request, pk)
    form = IntegrationSettingsForm(request.POST or None, actor=actor, integration=integration)
    samples: list[Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") == "try":
                samples = try_templates(integration, checked_templates(form.templates()))
            else:
                actions.update_integration(actor=actor, integration_id=pk, **form.changes())
                return redirect(integration.get_absolute_url())
        except DomainError as error:
            _blame(form, error)
    context = {"integration": integration, "form": form, "samples": samples, "tried": samples is not None}
    return render(
        request, "alerts/pages/integration_settings.html", context, status=422 if form.errors else 200
    )


def _blame(form: Any, error: DomainError) -> None:
    fields = {name: reason for name, reasons in error.fields.items() for reason in reasons[:1]}
    for path, reason in fields.items():
        name = next((part for part in reversed(path.split(".")) if part in form.fields), None)
        form.add_error(name, reason)
    if not fields:
        form.add_error(None, error.sentence)


@login_required
def received(request: HttpRequest, pk: int, item: int) -> HttpResponse:
    """One payload as it came, and what became of it."""
    integration = visible(request, pk)
    rows = IntakeItem.objects.filter(integration=integration, pk=item).select_related("alert__incident")
    found = rows.first()
    if found is None:
        raise NotVisible
    context = {
        "integration": integration,
        "item": found,
        "mapping_url": f"{integration.get_absolute_url()}mapping/?payload={found.pk}",
        "payload": orjson.dumps(found.raw, option=orjson.OPT_INDENT_2).decode(),
        "may_change": actor_of(request).manages(integration.team_id),
    }
    return render(request, "alerts/pages/received.html", context)


@login_required
@require_POST
def new_key(request: HttpRequest, pk: int) -> HttpResponse:
    """A second key, shown this once."""
    integration, key = actions.add_key(actor=actor_of(request), integration_id=pk)
    return _page(request, integration, key)


@login_required
@require_POST
def change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Retire the old key, switch off or on, delete."""
    actor = actor_of(request)
    if what == "retire-key":
        actions.retire_key(actor=actor, integration_id=pk)
    elif what in ("switch-off", "switch-on"):
        actions.set_active(actor=actor, integration_id=pk, active=what == "switch-on")
    else:
        actions.delete_integration(actor=actor, integration_id=pk)
        return redirect("alerts:integrations")
    return redirect("alerts:integration", pk=pk)


@login_required
@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """A test alert through this integration, as if its source had sent it."""
    actions.send_test(actor=actor_of(request), integration_id=pk)
    return redirect("alerts:integration", pk=pk)


@login_required
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Read again what was not understood: the one named, or all."""
    item = request.POST.get("item", "")
    one = int(item) if item.isascii() and item.isdigit() and len(item) < 19 else None
    actions.replay(actor=actor_of(request), integration_id=pk, item_id=one)
    return redirect("alerts:integration", pk=pk)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that a topic of SNS may post here."""
    actor = actor_of(request)
    try:
        actions.confirm_subscription(actor=actor, integration_id=pk, topic=request.POST.get("topic", ""))
    except InvalidInput as error:
        return _page(request, visible(request, pk), "", fault=error.sentence)
    return redirect("alerts:integration", pk=pk)


def visible(request: HttpRequest, pk: int) -> Integration:
    """The integration, if the viewer may see it."""
    rows = Integration.objects.visible_to(actor_of(request)).select_related("service", "team")
    found: Integration | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible
    return found


def changeable(request: HttpRequest, pk: int) -> Integration:
    """The integration, if the viewer may change it."""
    integration = visible(request, pk)
    if not actor_of(request).manages(integration.team_id):
        raise NotAllowed("Only a manager of the owning team can change an integration.")
    return integration


def _page(request: HttpRequest, integration: Integration, key: str, fault: str = "") -> HttpResponse:
    shown = key or f"<key ending in {integration.key_hint}>"
    items = selectors.last_items(integration)
    source = SOURCES.get(integration.kind)
    unread = IntakeItem.objects.filter(integration=integration, status=IntakeStatus.UNREAD)
    context = {
        "integration": integration,
        "key": key,
        "texts": source.setup(shown, settings.BASE_URL) if source else [],
        "downloads": _downloads(integration.kind, shown),
        "items": items,
        "poll": not items or any(item.status == IntakeStatus.PENDING for item in items),
        "unread": unread.count(),
        "subscriptions": pending_subscriptions(integration),
        "fault": fault,
        "may_change": actor_of(request).manages(integration.team_id),
        "tells_changes": source is not None and source.changes,
        "is_custom": integration.kind == SourceKind.CUSTOM,
        "needs_mapping": integration.kind == SourceKind.CUSTOM and not integration.mapping,
    }
    if wants_part(request):
        return render(request, "alerts/partials/received.html", context)
    return render(request, "alerts/pages/integration.html", context, status=422 if fault else 200)


def _downloads(kind: str, key: str) -> list[dict[str, Any]]:
    """Files with the key in them, which therefore are part of the page and have no address of their own."""
    source = SOURCES.get(kind)
    return [
        {
            "name": each.name,
            "label": each.label,
            "data": base64.b64encode(each.text(key, settings.BASE_URL).encode()).decode(),
        }
        for each in (source.downloads if source else ())
    ]
