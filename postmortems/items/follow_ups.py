"""What an incident leaves behind: the hook of `incidents`."""

from __future__ import annotations

from django.db.models import Count

from incidents.hooks import FollowUps
from postmortems.choices import PostmortemStatus
from postmortems.models import ActionItem, Postmortem
from postmortems.selectors.items import INCOMPLETE

_PUBLISHED = (PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)


def follow_ups_of(incident_id: int) -> FollowUps:
    """Counts of its action items, and whether its postmortem is published. Incomplete are open items without owner
    or date, or whose owner has left."""
    items = ActionItem.objects.filter(incident_id=incident_id).aggregate(
        total=Count("pk"), incomplete=Count("pk", filter=INCOMPLETE)
    )
    status = Postmortem.objects.filter(incident_id=incident_id).values_list("status", flat=True).first()
    return FollowUps(items["total"], items["incomplete"], None if status is None else status in _PUBLISHED)
