from __future__ import annotations

from typing import Any

from teams.actor import Actor
from teams.models import AuditEntry


def record(
    *,
    actor: Actor,
    verb: str,
    obj_type: str,
    obj_id: object,
    label: str,
    team_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one line of the audit trail in the caller's transaction. `data` must hold no secret."""
    return AuditEntry.objects.create(
        actor_id=actor.user_id,
        actor_label=actor.label[:200],
        via=actor.via,
        verb=verb,
        object_type=obj_type,
        object_id=str(obj_id),
        object_label=label[:200],
        team_id=team_id,
        data=data or {},
    )
