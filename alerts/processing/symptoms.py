"""Whether something a service stands on is being worked on already."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from incidents.choices import ACTIVE, IncidentKind, Visibility
from incidents.models import Incident, IncidentService
from services.graph import store
from services.models import Service
from teams.choices import TeamVisibility


class Upstream(NamedTuple):
    """The incident of a service that is needed, and that service's name."""

    incident: Incident
    name: str


def affected_upstream(service: Service) -> Upstream | None:
    """The active incident of the nearest service it needs, at any depth through hard edges; of one, the newest.

    Only incidents the service's own team can see: what joins one that is hidden from it would be lost to it.
    """
    depth = store.current().upstream(service.pk, hard=True)
    if not depth:
        return None
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
