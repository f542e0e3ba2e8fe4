"""The admin index: is the product well, and what is missing in its set-up."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from notifications.models import ContactMethod
from oncall.models import EscalationPolicy
from services.models import Service
from teams.models import Team, User
from web import health


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Context of `admin/index.html` (unfold's DASHBOARD_CALLBACK)."""
    policies = EscalationPolicy.objects.filter(team=OuterRef("pk"), is_default=True)
    methods = ContactMethod.objects.filter(
        user=OuterRef("pk"), verified_at__isnull=False, disabled_at__isnull=True
    )
    people = User.objects.filter(is_active=True)
    context["health_checks"] = health.checks()
    context["backlog"] = health.backlog()
    context["gaps"] = [
        ("Teams without a default policy", list(Team.objects.exclude(Exists(policies))[:20])),
        ("Services without an owning team", list(Service.objects.filter(team__isnull=True)[:20])),
        ("People without a verified contact method", list(people.exclude(Exists(methods))[:20])),
    ]
    return context
