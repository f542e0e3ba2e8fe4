from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

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
