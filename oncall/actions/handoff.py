"""What goes with a shift: the note to the next person, who learns along, how one wants to be reminded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean
from oncall.actions.rotations import require_active
from oncall.actions.schedules import audit
from oncall.models import HandoffNote, Schedule, Shadow, ShiftPreference
from oncall.permissions import may_cover, may_manage
from oncall.shift_times import Served, served
from teams.actor import Actor

MAX_NOTE = 10_000
# Somebody may still write the note of a shift that ended so long ago.
WRITABLE_AFTER = dt.timedelta(hours=24)
MAX_SHADOWS = 50
MAX_REMINDERS = 5
LONGEST_REMINDER = 14 * 24 * 60


def write_note(
    *, actor: Actor, schedule_id: int, text: str, load: int | None = None, now: dt.datetime
) -> HandoffNote:
    """The note of one's running shift, or of one that ended within 24 hours; written again it is replaced.

    `load`: how heavy the shift was, 1 (quiet) to 5, or None. The next person gets it with their notice.
    """
    text = clean(text).strip()
    if not text and load is None:
        raise field_error("text", _("Write something."))
    if len(text) > MAX_NOTE:
        raise field_error("text", _("At most 10,000 characters."))
    if load is not None and not 1 <= load <= 5:
        raise field_error("load", _("From 1 to 5."))
    schedule = _visible(actor, schedule_id)
    shift = shift_to_hand_over(actor, schedule, now)
    if shift is None:
        raise Conflict(_("You have not been on call here within the last 24 hours."), code="not_on_call")
    with transaction.atomic():
        note, created = HandoffNote.objects.update_or_create(
            schedule=schedule,
            author_id=actor.user_id,
            shift_ends_at=shift.end,
            defaults={"text": text, "load": load, "updated_at": now},
            create_defaults={"text": text, "load": load, "created_at": now, "updated_at": now},
        )
        audit(actor, "handoff note written" if created else "handoff note changed", schedule, note=note.pk)
    return note


def shift_to_hand_over(actor: Actor, schedule: Schedule, now: dt.datetime) -> Served | None:
    """The actor's running shift, else the last one that ended within 24 hours."""
    rows = [
        row for row in served([schedule], now - WRITABLE_AFTER, now) if row.user_id == (actor.user_id or 0)
    ]
    return rows[-1] if rows else None


def add_shadow(
    *,
    actor: Actor,
    schedule_id: int,
    user_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    follows_id: int | None = None,
    now: dt.datetime,
) -> Shadow:
    """`user_id` learns along: gets a copy of what `follows_id` (None: whoever serves) is paged with.

    Oneself by any responder of the team; others by its managers. A copy asks for no answer.
    """
    with transaction.atomic():
        schedule = _visible(actor, schedule_id, lock=True)
        own = user_id == actor.user_id and may_cover(actor, schedule.team_id)
        if not own and not may_manage(actor, schedule.team_id):
            raise NotAllowed(_("Only a manager of the team can let somebody else shadow."))
        if ends_at <= starts_at or ends_at <= now:
            raise field_error("ends_at", _("Must be after the beginning, and in the future."))
        if follows_id == user_id:
            raise field_error("follows", _("Choose somebody else."))
        require_active("user", {user_id})
        if follows_id is not None:
            require_active("follows", {follows_id})
        if schedule.shadows.filter(ends_at__gt=now).count() >= MAX_SHADOWS:
            raise Conflict(_("A schedule has at most 50 coming shadow shifts."), code="too_many")
        row = Shadow.objects.create(
            schedule=schedule,
            user_id=user_id,
            follows_id=follows_id,
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
            created_at=now,
        )
        audit(actor, "shadow added", schedule, shadow=row.pk, user=user_id)
    return row


def remove_shadow(*, actor: Actor, shadow_id: int, now: dt.datetime) -> None:
    """End it now; one that has not begun disappears. The learner, and managers of the team."""
    with transaction.atomic():
        row = Shadow.objects.visible_to(actor).select_related("schedule").filter(pk=shadow_id).first()
        if row is None:
            raise NotVisible
        if row.user_id != actor.user_id and not may_manage(actor, row.schedule.team_id):
            raise NotAllowed(_("Only the learner and managers of the team can end this."))
        if row.ends_at <= now:
            raise Conflict(_("This is over and stays in the record."), code="in_the_past")
        audit(actor, "shadow removed", row.schedule, shadow=shadow_id)
        if row.starts_at >= now:
            row.delete()
        else:
            row.ends_at = now
            row.save(update_fields=["ends_at"])


def set_preference(*, actor: Actor, remind_minutes: Sequence[int], handoff_notices: bool) -> ShiftPreference:
    """How the actor is reminded: so many minutes before a shift (at most five times, up to 14 days)."""
    if actor.user_id is None:
        raise NotAllowed
    minutes = sorted(set(remind_minutes), reverse=True)
    if len(minutes) > MAX_REMINDERS or any(not 1 <= each <= LONGEST_REMINDER for each in minutes):
        raise field_error("remind_minutes", _("At most five, each from 1 minute to 14 days before."))
    row, _created = ShiftPreference.objects.update_or_create(
        user_id=actor.user_id,
        defaults={"remind_minutes": minutes, "handoff_notices": handoff_notices},
    )
    return row


def _visible(actor: Actor, schedule_id: int, *, lock: bool = False) -> Schedule:
    rows = Schedule.objects.visible_to(actor)
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    return schedule
