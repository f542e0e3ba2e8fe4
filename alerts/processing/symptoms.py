"""Whether something a service stands on is being worked on already."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from incidents.choices import ACTIVE, IncidentKind, Visibility
from incidents.models import Incident, IncidentService
from services import graph
from services.models import Service
from teams.choices import TeamVisibility

# Each service once, so that a circle ends.
_EDGES = """
WITH RECURSIVE up(id) AS (
    SELECT %s::bigint
    UNION
    SELECT d.upstream_id FROM services_dependency d JOIN up ON d.downstream_id = up.id WHERE d.kind = 'hard'
)
SELECT d.downstream_id, d.upstream_id, d.kind FROM services_dependency d JOIN up ON d.downstream_id = up.id
WHERE d.kind = 'hard'
"""


class Upstream(NamedTuple):
    """The incident of a service that is needed, and that service's name."""

    incident: Incident
    name: str


def affected_upstream(service: Service) -> Upstream | None:
    """The active incident of the nearest service it needs, at any depth through hard edges; of one, the newest.

    Only incidents the service's own team can see: what joins one that is hidden from it would be lost to it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EDGES, [service.pk])
        edges = cursor.fetchall()
    if not edges:
        return None
    depth = {row.node: row.depth for row in graph.suspects(edges, service.pk, {})}
    seen = Q(incident__team__isnull=True) | Q(incident__team__visibility=TeamVisibility.ORGANISATION)
    if service.team_id is not None:
        seen |= Q(incident__team=service.team_id)
    rows = (
        IncidentService.objects.filter(seen, service_id__in=depth, incident__status__in=ACTIVE)
        .filter(incident__kind=IncidentKind.REAL)
        .exclude(incident__visibility=Visibility.RESTRICTED)
        .select_related("incident", "service")
    )
    found = min(rows, key=lambda row: (depth[row.service_id], -row.incident.number), default=None)
    return Upstream(found.incident, found.service.name) if found else None
