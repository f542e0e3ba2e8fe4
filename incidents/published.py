"""What the public has been told about incidents that go on. No actor is asked for: everybody may read it."""

from __future__ import annotations

from incidents.choices import IncidentKind, UpdateAudience, UpdateState, Visibility
from incidents.models import Incident, IncidentUpdate


def told_in_public(service_id: int, limit: int = 3) -> list[IncidentUpdate]:
    """The last words sent to the public about each open incident of the service, the newest first.

    Nothing of restricted incidents and of drills. Of an update only `text` and `sent_at` are loaded: the rest of it,
    and the incident itself, are for those who may see them.
    """
    going_on = Incident.objects.active().filter(
        visibility=Visibility.OPEN, kind=IncidentKind.REAL, services=service_id
    )
    rows = IncidentUpdate.objects.filter(
        incident__in=going_on, audience=UpdateAudience.PUBLIC, state=UpdateState.SENT, no_change=False
    )
    newest = rows.order_by("incident_id", "-sent_at", "-pk").distinct("incident_id").values("pk")
    found = IncidentUpdate.objects.filter(pk__in=newest).only("text", "sent_at").order_by("-sent_at", "-pk")
    return list(found[:limit])
