"""A rehearsal: a real alert through intake that pages one person, as a drill."""

from __future__ import annotations

import datetime as dt
import uuid

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from alerts.choices import SourceKind
from alerts.models import IntakeItem, Integration
from alerts.sources.base import Parsed
from core import clock
from core.crypto import digest, new_key
from core.errors import Conflict
from core.wakeup import wake
from services.models import Service
from teams.actor import Actor


def rehearse(*, actor: Actor, now: dt.datetime | None = None) -> uuid.UUID:
    """Put a drill alert for the actor into intake; it is processed like any other.

    The incident it opens is a drill of one of the actor's services (else of any visible one), pages
    the actor alone, and stays out of metrics. Returns the intake request id. `Conflict` without any
    service to rehearse on.
    """
    now = now or clock.now()
    service = _service(actor)
    if service is None:
        raise Conflict(_("Make a service first; a rehearsal needs one."), code="no_service")
    request_id = uuid.uuid4()
    name = actor.label
    parsed = Parsed(
        action="trigger",
        dedup_key=f"rehearsal:{request_id}",
        group_key=f"rehearsal:{request_id}",
        title=_("Rehearsal for %(name)s") % {"name": name},
        description=_("Acknowledge it, set a severity, write a note and resolve it. Nothing is broken."),
        severity="critical",
        source=_("Rehearsal"),
        labels={"rehearsal": "yes"},
        drill_for=actor.user_id,
    )
    with transaction.atomic():
        integration = _integration(service)
        IntakeItem.objects.create(
            integration=integration,
            service=service,
            action="trigger",
            dedup_key=parsed.dedup_key,
            parsed=msgspec.to_builtins(parsed),
            request_id=request_id,
            received_at=now,
        )
        wake("alerts.process_intake")
    return request_id


def _service(actor: Actor) -> Service | None:
    visible = Service.objects.visible_to(actor).order_by("tier", "pk")
    mine: Service | None = visible.filter(team_id__in=list(actor.roles)).first()
    return mine or visible.first()


def _integration(service: Service) -> Integration:
    """The service's rehearsal source: inactive, so that no key opens it from outside."""
    found = Integration.objects.filter(service=service, name="Rehearsals", is_active=False).first()
    if found is not None:
        return found
    return Integration.objects.create(
        name="Rehearsals",
        kind=SourceKind.GENERIC,
        service=service,
        team_id=service.team_id,
        key_digest=digest(new_key()),
        key_hint="",
        is_active=False,
    )
