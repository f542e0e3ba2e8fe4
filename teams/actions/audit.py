from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

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


class Line(NamedTuple):
    """One line of the audit trail among several; see `record`."""

    verb: str
    obj_type: str
    obj_id: object
    label: str
    team_id: int | None
    data: dict[str, Any]


def record_many(*, actor: Actor, lines: Iterable[Line]) -> None:
    """Write many lines of one actor at once, in the caller's transaction. No `data` may hold a secret."""
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                actor_id=actor.user_id,
                actor_label=actor.label[:200],
                via=actor.via,
                verb=line.verb,
                object_type=line.obj_type,
                object_id=str(line.obj_id),
                object_label=line.label[:200],
                team_id=line.team_id,
                data=line.data,
            )
            for line in lines
        ],
        batch_size=2_000,
    )
