"""What every action on a document shares: the row, locked with the access check, and the audit log."""

from __future__ import annotations

from typing import Any

from core.errors import Conflict, NotAllowed, NotVisible
from postmortems.choices import PostmortemStatus
from postmortems.models import Postmortem
from teams.actions.audit import record
from teams.actor import Actor


def locked(actor: Actor, postmortem_id: int) -> Postmortem:
    """The postmortem, locked, if the actor may write it; NotVisible or NotAllowed otherwise."""
    rows = Postmortem.objects.allowing(actor).select_for_update(of=("self",), no_key=True)
    postmortem: Postmortem | None = rows.select_related("incident").filter(pk=postmortem_id).first()
    if postmortem is None:
        if Postmortem.objects.visible_to(actor).filter(pk=postmortem_id).exists():
            raise NotAllowed("Only those who respond to the incident can write its postmortem.")
        raise NotVisible
    return postmortem


def writable(actor: Actor, postmortem_id: int) -> Postmortem:
    """As `locked`; `Conflict` when the document is closed and takes no more words."""
    postmortem = locked(actor, postmortem_id)
    if postmortem.status == PostmortemStatus.CLOSED:
        raise Conflict("This postmortem is closed.", code="closed")
    return postmortem


def touch(postmortem: Postmortem) -> None:
    """Something in the document changed: its next version, under its row lock."""
    postmortem.version += 1
    postmortem.save(update_fields=["version"])


def audit(actor: Actor, verb: str, postmortem: Postmortem, data: dict[str, Any] | None = None) -> None:
    """One line in the audit log."""
    record(
        actor=actor,
        verb=verb,
        obj_type="postmortem",
        obj_id=postmortem.pk,
        label=str(postmortem),
        team_id=postmortem.incident.team_id,
        data=data or {},
    )
