"""From a page of the product to the same row in Django admin, for staff."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse

from alerts.models import Alert, Check, Heartbeat, Integration, Objective, RoutingRule
from incidents.models import Incident, Playbook, Runbook
from notifications.models import CapturedMail, Delivery, WebhookSubscription
from oncall.models import EscalationPolicy, Schedule
from postmortems.models import ActionItem, Postmortem, PostmortemTemplate
from services.models import Domain, Service, System
from statuspage.models import StatusPage
from teams.models import Team, User

# View of a page: what it shows, the column and the name in the address that tell which one.
_PAGES: dict[str, tuple[type[Model], str, str]] = {
    "incidents:detail": (Incident, "number", "number"),
    "incidents:playbook": (Playbook, "pk", "pk"),
    "incidents:runbook": (Runbook, "pk", "pk"),
    "alerts:detail": (Alert, "pk", "pk"),
    "alerts:integration": (Integration, "pk", "pk"),
    "alerts:heartbeat": (Heartbeat, "pk", "pk"),
    "alerts:check": (Check, "pk", "pk"),
    "alerts:objective": (Objective, "pk", "pk"),
    "alerts:rule": (RoutingRule, "pk", "pk"),
    "notifications:delivery": (Delivery, "pk", "delivery_id"),
    "notifications:webhook": (WebhookSubscription, "pk", "webhook_id"),
    "notifications:mail": (CapturedMail, "pk", "mail_id"),
    "oncall:policy": (EscalationPolicy, "pk", "pk"),
    "oncall:schedule": (Schedule, "pk", "pk"),
    "postmortems:document": (Postmortem, "pk", "pk"),
    "postmortems:item": (ActionItem, "pk", "pk"),
    "postmortems:template": (PostmortemTemplate, "pk", "template_id"),
    "services:detail": (Service, "slug", "slug"),
    "services:system": (System, "slug", "slug"),
    "services:domain": (Domain, "slug", "slug"),
    "statuspage:manage": (StatusPage, "slug", "slug"),
    "teams:team": (Team, "slug", "slug"),
    "teams:person": (User, "pk", "user_id"),
}


def admin_link(request: HttpRequest) -> str:
    """Address that leads to this page's row in Django admin, "" when it shows none; asks no database."""
    match = request.resolver_match
    if match is None or match.view_name not in _PAGES:
        return ""
    return reverse("web:inspect", query={"page": request.path})


@login_required
def inspect_page(request: HttpRequest) -> HttpResponse:
    """Redirect to the admin's page of what `?page=` shows; 404 for people who are not staff."""
    if not request.user.is_staff:
        raise Http404
    try:
        match = resolve(request.GET.get("page", ""))
    except Resolver404:
        raise Http404 from None
    if match.view_name not in _PAGES:
        raise Http404
    model, column, name = _PAGES[match.view_name]
    # The number in an address may be longer than any column.
    if isinstance(match.kwargs[name], int) and match.kwargs[name] >= 2**63:
        raise Http404
    newest = model._base_manager.filter(**{column: match.kwargs[name]}).order_by("-pk")
    pk = newest.values_list("pk", flat=True).first()
    if pk is None:
        raise Http404
    options = model._meta
    return redirect(f"admin:{options.app_label}_{options.model_name}_change", pk)
