"""Integrations: list, one-screen set-up, keys."""

from __future__ import annotations

import uuid

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts import actions, selectors
from alerts.actions.integrations import locked_integration
from alerts.forms import IntegrationForm
from alerts.models import IntakeItem, Integration
from alerts.setup_texts import setup_texts
from alerts.sources.base import Parsed
from core import clock
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of
from core.wakeup import wake


@login_required
def integration_list(request: HttpRequest) -> HttpResponse:
    """Every integration the viewer may see."""
    actor = actor_of(request)
    context = {"integrations": selectors.integrations(actor)[:500], "may_add": actor.manages_any}
    return render(request, "alerts/pages/integrations.html", context)


@login_required
def integration_new(request: HttpRequest) -> HttpResponse:
    """Make one; the next page shows the key this once."""
    actor = actor_of(request)
    initial = {"kind": request.GET.get("kind", "alertmanager"), "name": request.GET.get("name", "")}
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
    status = 422 if form.errors else 200
    return render(request, "alerts/pages/integration_new.html", {"form": form}, status=status)


@login_required
def integration_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Set-up text, the last payloads and what they became."""
    return _page(request, _visible(request, pk), "")


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
    with transaction.atomic():
        integration = locked_integration(actor_of(request), pk)
        parsed = Parsed(
            action="trigger",
            dedup_key=f"test:{integration.pk}",
            group_key=f"test:{integration.pk}",
            title=_("Test alert from %(name)s") % {"name": integration.name},
            description=_("Sent by hand from the integration's page."),
            severity="info",
            source=integration.name,
            labels={"test": "yes"},
        )
        IntakeItem.objects.create(
            integration=integration,
            service=integration.service,
            action="trigger",
            dedup_key=parsed.dedup_key,
            parsed=msgspec.to_builtins(parsed),
            request_id=uuid.uuid4(),
            received_at=clock.now(),
        )
        wake("alerts.process_intake")
    return redirect("alerts:integration", pk=pk)


def _visible(request: HttpRequest, pk: int) -> Integration:
    integration = (
        Integration.objects.visible_to(actor_of(request)).select_related("service", "team").filter(pk=pk)
    )
    found: Integration | None = integration.first()
    if found is None:
        raise NotVisible
    return found


def _page(request: HttpRequest, integration: Integration, key: str) -> HttpResponse:
    shown = key or f"<key ending in {integration.key_hint}>"
    context = {
        "integration": integration,
        "key": key,
        "texts": setup_texts(integration.kind, shown, settings.BASE_URL),
        "items": selectors.last_items(integration),
        "may_change": actor_of(request).manages(integration.team_id),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "alerts/partials/received.html", context)
    return render(request, "alerts/pages/integration.html", context)
