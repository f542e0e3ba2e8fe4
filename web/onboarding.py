"""The checklist of a new installation on Now. Each step is judged by what is there, so it can be
left and taken up again; it ends when a test page was acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from alerts.models import Integration
from incidents.models import Incident
from oncall.models import Rotation
from services.models import Service
from teams.models import Team, User
from web.demo import empty


@dataclass(frozen=True)
class Step:
    """One thing to set up: where, and whether it is there."""

    label: str
    text: str
    url: str
    done: bool


def checklist(request: HttpRequest) -> list[Step]:
    """The steps while set-up goes on; empty for people who cannot set up, in a demo with its company, and when done."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    if not actor.is_admin or (settings.DEMO and not empty.chosen()):
        return []
    steps = [
        Step(_("A team"), _("Owns services and is paged."), "/settings/teams/", Team.objects.exists()),
        Step(
            _("People"),
            _("Invite those who will be on call."),
            "/settings/people/",
            User.objects.filter(is_active=True).count() > 1,
        ),
        Step(
            _("A rota"),
            _("Who is on call, and when."),
            "/oncall/",
            Rotation.objects.filter(retired_at__isnull=True).exists(),
        ),
        Step(
            _("A service with its policy"),
            _("What can break, and whom that wakes."),
            "/services/",
            Service.objects.exists(),
        ),
        Step(
            _("A source"),
            _("Where your monitoring posts its alerts."),
            "/integrations/",
            Integration.objects.filter(last_received_at__isnull=False).exists(),
        ),
        Step(
            _("A test page, acknowledged"),
            _("“Rehearse a page” above: a real page to yourself."),
            "/#rehearse",
            Incident.objects.filter(kind="drill", acknowledged_at__isnull=False).exists(),
        ),
    ]
    return [] if all(step.done for step in steps) else steps
