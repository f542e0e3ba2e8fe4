from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from core.errors import NotVisible, field_error
from core.text import one_line
from services.actions.services import locked_service
from services.choices import EdgeKind
from services.models import Dependency, Service
from teams.actions.audit import record
from teams.actor import Actor


def set_dependency(
    *, actor: Actor, downstream_id: int, upstream_id: int, kind: str = EdgeKind.HARD, note: str = ""
) -> tuple[Dependency, bool]:
    """Say that one service needs another; a second statement about the same pair replaces the first.

    Returns the edge, and whether it is new. Managers of the downstream service's team. Cycles are accepted,
    a service on itself is refused.
    """
    if kind not in EdgeKind.values:
        raise field_error("kind", "hard or soft.")
    with transaction.atomic():
        downstream = locked_service(actor, downstream_id)
        upstream = Service.objects.visible_to(actor).filter(pk=upstream_id).first()
        if upstream is None:
            raise field_error("upstream", "There is no such service.")
        if upstream.pk == downstream.pk:
            raise field_error("upstream", "A service cannot depend on itself.")
        edge, created = Dependency.objects.update_or_create(
            downstream=downstream, upstream=upstream, defaults={"kind": kind, "note": one_line(note, 300)}
        )
        _audit(actor, "dependency set", downstream, upstream.slug)
    return edge, created


def replace_dependencies(*, actor: Actor, downstream_id: int, edges: Sequence[tuple[int, str, str]]) -> None:
    """Make (upstream id, kind, note) all that the service needs, as far as the actor sees it."""
    with transaction.atomic():
        locked_service(actor, downstream_id)
        rows = Dependency.objects.visible_to(actor).filter(downstream_id=downstream_id)
        held = {row.upstream_id: (row.kind, row.note) for row in rows}
        wanted: dict[int, tuple[str, str]] = {}
        for position, (upstream_id, kind, note) in enumerate(edges):
            if upstream_id in wanted:
                raise field_error(f"dependencies.{position}.upstream", "Named twice.")
            wanted[upstream_id] = (kind, note)
        for upstream_id in held.keys() - wanted.keys():
            remove_dependency(actor=actor, downstream_id=downstream_id, upstream_id=upstream_id)
        for upstream_id, (kind, note) in wanted.items():
            if held.get(upstream_id) != (kind, note):
                set_dependency(
                    actor=actor, downstream_id=downstream_id, upstream_id=upstream_id, kind=kind, note=note
                )


def remove_dependency(*, actor: Actor, downstream_id: int, upstream_id: int) -> None:
    """Take an edge away."""
    with transaction.atomic():
        downstream = locked_service(actor, downstream_id)
        edge = Dependency.objects.visible_to(actor).filter(downstream=downstream, upstream_id=upstream_id)
        row = edge.select_related("upstream").first()
        if row is None:
            raise NotVisible
        _audit(actor, "dependency removed", downstream, row.upstream.slug)
        row.delete()


def _audit(actor: Actor, verb: str, service: Service, upstream: str) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="service",
        obj_id=service.pk,
        label=service.name,
        team_id=service.team_id,
        data={"upstream": upstream},
    )
