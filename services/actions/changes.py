from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from core import clock
from core.errors import NotAllowed, field_error
from core.text import one_line
from services.choices import ChangeKind
from services.models import ChangeEvent, Service
from teams.actor import Actor


def record_change(
    *,
    actor: Actor,
    service_id: int,
    summary: str,
    kind: str = ChangeKind.DEPLOY,
    source: str = "",
    happened_at: dt.datetime | None = None,
    links: Sequence[dict[str, str]] = (),
    now: dt.datetime | None = None,
) -> ChangeEvent:
    """Note that something was changed on a service. Members of its team and admins; pages nobody."""
    now = now or clock.now()
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    if not actor.is_admin and service.team_id not in actor.roles:
        raise NotAllowed("Only members of the owning team can record a change.")
    summary = one_line(summary, 1024)
    if not summary:
        raise field_error("summary", "Say what was changed.")
    if kind not in ChangeKind.values:
        raise field_error("kind", f"One of {', '.join(ChangeKind.values)}.")
    if happened_at is not None and happened_at > now + dt.timedelta(minutes=5):
        raise field_error("happened_at", "That is in the future.")
    return ChangeEvent.objects.create(
        service=service,
        kind=kind,
        summary=summary,
        source=one_line(source, 200),
        happened_at=happened_at or now,
        links=[dict(item) for item in links][:20],
    )


def receive_change(
    *,
    service_id: int,
    kind: str,
    summary: str,
    source: str,
    happened_at: dt.datetime,
    links: Sequence[dict[str, str]],
    delivery: str = "",
) -> ChangeEvent | None:
    """A change a tool told of over its own key; None when this `delivery` has told of it before.

    What it says was checked where it came in; pages nobody.
    """
    change = ChangeEvent(
        service_id=service_id,
        kind=kind,
        summary=one_line(summary, 1024),
        source=one_line(source, 200),
        happened_at=happened_at,
        links=[dict(item) for item in links][:20],
        delivery=delivery,
    )
    if delivery and ChangeEvent.objects.filter(delivery=delivery).exists():
        return None
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError:
        # The same delivery in two requests at once, over two services.
        if ChangeEvent.objects.filter(delivery=delivery).exists():
            return None
        raise
    return change
