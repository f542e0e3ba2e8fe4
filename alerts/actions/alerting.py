"""How alerts of a service become incidents. Managers of the owning team."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from alerts.choices import GroupBy
from alerts.models import ServiceAlerting
from core.errors import NotAllowed, NotVisible, field_error
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor

BOUNDS = {
    "window_minutes": (1, 1440),
    "flap_changes": (2, 100),
    "flap_minutes": (1, 1440),
    "storm_per_minute": (20, 5000),
}
_FLAGS = ("attach_symptoms", "page_symptoms")


def set_alerting(*, actor: Actor, service_id: int, **fields: Any) -> ServiceAlerting:
    """Change some of: group_by, window_minutes, attach_symptoms, page_symptoms, flap_changes, flap_minutes,
    storm_per_minute; what is not named stays. Audited."""
    unknown = set(fields) - {"group_by", *BOUNDS, *_FLAGS}
    if unknown:
        raise TypeError(f"set_alerting: {', '.join(sorted(unknown))}")
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise NotVisible
    if not actor.manages(service.team_id):
        raise NotAllowed("Only a manager of the owning team can change this.")
    if fields.get("group_by", GroupBy.KEY) not in GroupBy.values:
        raise field_error("group_by", f"One of {', '.join(GroupBy.values)}.")
    for name, (least, most) in BOUNDS.items():
        if name in fields and not least <= fields[name] <= most:
            raise field_error(name, f"From {least} to {most}.")
    with transaction.atomic():
        row, _made = ServiceAlerting.objects.update_or_create(service=service, defaults=fields)
        record(
            actor=actor,
            verb="changed",
            obj_type="alerting",
            obj_id=row.pk,
            label=service.name,
            team_id=service.team_id,
            data={name: getattr(row, name) for name in ("group_by", *BOUNDS, *_FLAGS)},
        )
    return row
