"""Being away: written down by the person, by a manager, or by the person's calendar."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.events import publish
from core.text import one_line
from oncall.events import LeaveChanged
from oncall.models import Leave
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import Membership, User

LONGEST = dt.timedelta(days=400)
MAX_COMING = 100


def add_leave(
    *,
    actor: Actor,
    user_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    note: str = "",
    now: dt.datetime,
) -> Leave:
    """The person is away in [starts_at, ends_at). By themselves, a manager of a team of theirs, or an admin.

    Nobody is taken off a rota by this: those who look after the rota are warned where leave meets a shift.
    """
    _require_change(actor, user_id)
    if ends_at <= starts_at:
        raise field_error("ends_at", _("Must be after the beginning."))
    if ends_at <= now:
        raise field_error("ends_at", _("This lies in the past."))
    if ends_at - starts_at > LONGEST:
        raise field_error("ends_at", _("At most 400 days at once."))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user_id)
        if Leave.objects.filter(user_id=user_id, ends_at__gt=now).count() >= MAX_COMING:
            raise Conflict(_("At most 100 coming absences of one person."), code="too_many")
        leave = Leave.objects.create(
            user_id=user_id,
            starts_at=starts_at,
            ends_at=ends_at,
            note=one_line(note, 200),
            created_by_id=actor.user_id,
            created_at=now,
        )
        _audit(actor, "added", leave)
        publish(LeaveChanged(user_id=user_id))
    return leave


def remove_leave(*, actor: Actor, leave_id: int) -> None:
    """Take it back. What a calendar brought goes away in that calendar."""
    with transaction.atomic():
        leave = Leave.objects.visible_to(actor).filter(pk=leave_id).first()
        if leave is None:
            raise NotVisible
        _require_change(actor, leave.user_id)
        if leave.calendar_id is not None:
            raise Conflict(_("This comes from a calendar; remove it there."), code="from_calendar")
        _audit(actor, "removed", leave)
        leave.delete()
        publish(LeaveChanged(user_id=leave.user_id))


def _require_change(actor: Actor, user_id: int) -> None:
    """The person themselves, or somebody who manages a team of theirs."""
    if user_id == actor.user_id:
        return
    managed = [team for team, role in actor.roles.items() if role == TeamRole.MANAGER]
    everybody = actor.is_admin and actor.bound_team_id is None
    if everybody or Membership.objects.filter(user_id=user_id, team_id__in=managed).exists():
        if User.objects.filter(pk=user_id, is_active=True).exists():
            return
        raise field_error("user", _("There is no such person."))
    raise NotAllowed(_("Only the person and their managers can write down leave."))


def _audit(actor: Actor, verb: str, leave: Leave) -> None:
    record(
        actor=actor,
        verb=f"leave {verb}",
        obj_type="user",
        obj_id=leave.user_id,
        label=str(leave.user),
        data={"from": leave.starts_at.isoformat(), "to": leave.ends_at.isoformat()},
    )
