"""What an incident leaves behind: the hook of `incidents`."""

from __future__ import annotations

from django.db.models import Count, Q

from incidents.hooks import FollowUps
from postmortems.choices import OPEN_ITEMS, PostmortemStatus
from postmortems.models import ActionItem, Postmortem

_PUBLISHED = (PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)


def follow_ups_of(incident_id: int) -> FollowUps:
    """Counts of its action items, and whether its postmortem is published. An open item whose owner has left
    counts as one without an owner."""
    items = ActionItem.objects.filter(incident_id=incident_id).aggregate(
        total=Count("pk"), incomplete=Count("pk", filter=Q(status__in=OPEN_ITEMS, owner__is_active=False))
    )
    status = Postmortem.objects.filter(incident_id=incident_id).values_list("status", flat=True).first()
    return FollowUps(items["total"], items["incomplete"], None if status is None else status in _PUBLISHED)
