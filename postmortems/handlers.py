"""What facts from below do to postmortems."""

from __future__ import annotations

from core.events import subscribe
from incidents.choices import IncidentStatus
from incidents.events import IncidentChanged
from postmortems import library
from postmortems.actions.starting import start_if_due
from postmortems.choices import PostmortemStatus
from postmortems.events import ActionItemChanged
from postmortems.models import Postmortem


@subscribe(IncidentChanged, name="postmortems.start")
def start_by_itself(event: IncidentChanged) -> None:
    """A resolved incident that needs a postmortem gets one; also when the severity is raised afterwards."""
    resolved = event.what == "status" and event.data.get("new") == IncidentStatus.RESOLVED
    if resolved or event.what == "severity":
        start_if_due(number=event.number)


@subscribe(ActionItemChanged, name="postmortems.library")
def index_anew(event: ActionItemChanged) -> None:
    """The words of its items are among those a published postmortem is found by."""
    found = Postmortem.objects.filter(
        action_items=event.item_id, status__in=(PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)
    )
    for pk in found.values_list("pk", flat=True):
        library.index(pk)
