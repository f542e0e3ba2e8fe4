"""What an incident's fate means for its alerts."""

from __future__ import annotations

from alerts.actions.moves import merge_alerts, unmerge_alerts
from alerts.choices import AlertStatus
from alerts.live import push_of_incident
from alerts.models import Alert, FoldedKey
from core import clock
from core.events import subscribe
from incidents.actions.alerts import alerts_changed
from incidents.events import IncidentChanged


@subscribe(IncidentChanged, name="alerts.follow")
def follow_incident(event: IncidentChanged) -> None:
    """Acknowledged: firing alerts are acknowledged. Resolved or closed: open ones are resolved, so
    that a repeat opens a new incident. Merged: they move to the survivor; a merge undone brings back
    those that moved."""
    open_alerts = Alert.objects.open().filter(incident__number=event.number)
    now = clock.now()
    if event.what == "acknowledged":
        open_alerts.filter(status=AlertStatus.FIRING).update(
            status=AlertStatus.ACKNOWLEDGED, acknowledged_at=now
        )
    elif event.what == "status" and event.data.get("new") in ("resolved", "closed"):
        # An incident that has opened again since keeps its alerts.
        open_alerts = open_alerts.filter(incident__status__in=("resolved", "in_review", "closed"))
        FoldedKey.objects.filter(alert__in=open_alerts).delete()
        if open_alerts.update(status=AlertStatus.RESOLVED, resolved_at=now, place_at=None, folded=0):
            total = Alert.objects.filter(incident__number=event.number).count()
            alerts_changed(number=event.number, firing=0, total=total, now=now)
    elif event.what == "merged":
        merge_alerts(number=event.number, into=int(event.data["into"]), now=now)
    elif event.what == "unmerged":
        unmerge_alerts(number=event.number, out_of=int(event.data["came_from"]), now=now)
    else:
        return
    push_of_incident(int(event.data["into"]) if event.what == "merged" else event.number)
