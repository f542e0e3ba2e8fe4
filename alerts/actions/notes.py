"""Notes on alerts."""

from __future__ import annotations

from django.db import transaction

from alerts.models import Alert, AlertNote
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean
from teams.actor import Actor
from teams.choices import Scope, TeamRole

LONGEST = 10_000
MOST = 500


def may_write(actor: Actor, alert: Alert) -> bool:
    """Whether the actor, who sees the alert, may write on it: responders and managers of its team, admins; of no
    team: those of any."""
    if Scope.RESPOND not in actor.scopes:
        return False
    teams = actor.teams_with(TeamRole.MANAGER, TeamRole.RESPONDER)
    return actor.is_admin or (bool(teams) if alert.team_id is None else alert.team_id in teams)


def add_alert_note(*, actor: Actor, alert_id: int, text: str) -> AlertNote:
    """Write something on an alert; up to 10,000 characters."""
    alert = Alert.objects.visible_to(actor).filter(pk=alert_id).first()
    if alert is None:
        raise NotVisible
    if not may_write(actor, alert):
        raise NotAllowed("Only responders of the alert's team can write on it.")
    return write_note(alert=alert, text=text, author_id=actor.user_id, label=actor.label)


def write_note(*, alert: Alert, text: str, author_id: int | None, label: str) -> AlertNote:
    """A note by a person, or with the name the alert's source gave; at most 500 an alert."""
    text = clean(text).strip()
    if not text:
        raise field_error("text", "Write something.")
    if len(text) > LONGEST:
        raise field_error("text", f"At most {LONGEST:,} characters.")
    with transaction.atomic():
        Alert.objects.select_for_update(no_key=True, of=("self",)).get(pk=alert.pk)
        if AlertNote.objects.filter(alert=alert).count() >= MOST:
            raise Conflict(f"At most {MOST} notes on an alert.", code="too_many_notes")
        return AlertNote.objects.create(alert=alert, text=text, author_id=author_id, author_label=label[:120])
