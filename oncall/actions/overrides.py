"""Changing who serves for a while."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from oncall import rota
from oncall.actions.rotations import require_active
from oncall.actions.schedules import audit
from oncall.choices import OverrideKind
from oncall.errors import refusal
from oncall.models import Override, Schedule
from oncall.permissions import may_cover
from teams.actor import Actor
from teams.models import User

MAX_UPCOMING = 500


def add_override(
    *,
    actor: Actor,
    schedule_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    kind: str = OverrideKind.TAKE_OVER,
    user_id: int | None = None,
    replaces_id: int | None = None,
) -> Override:
    """Change who serves between two instants. Responders of the team and its managers; audited.

    Anybody active may serve. It may begin in the past and counts from there.
    """
    plain = rota.Override(
        kind=kind,  # type: ignore[arg-type]
        starts_at=starts_at,
        ends_at=ends_at,
        user=user_id,
        replaces=replaces_id,
    )
    errors = rota.validate_override(plain)
    if kind in (OverrideKind.TAKE_OVER, OverrideKind.ADD) and replaces_id is not None:
        errors["replaces"] = "belongs to the kinds replace and remove"
    with transaction.atomic():
        schedule = _coverable(actor, schedule_id)
        if errors:
            raise refusal(errors)
        if schedule.overrides.filter(ends_at__gt=clock.now()).count() >= MAX_UPCOMING:
            raise field_error("starts_at", f"A schedule has at most {MAX_UPCOMING} coming overrides.")
        require_active("user", {user_id} if user_id is not None else set())
        if replaces_id is not None and not User.objects.filter(pk=replaces_id).exists():
            raise field_error("replaces", f"There is no person with the id {replaces_id}.")
        override = Override.objects.create(
            schedule=schedule,
            kind=kind,
            user_id=user_id,
            replaces_id=replaces_id,
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
        )
        audit(actor, "override added", schedule, override=override.pk, user=user_id)
    return override


def delete_override(*, actor: Actor, override_id: int, now: dt.datetime | None = None) -> None:
    """End an override now; one that has not begun disappears, one that is over is refused."""
    now = now or clock.now()
    with transaction.atomic():
        rows = Override.objects.visible_to(actor)
        schedule_id = rows.filter(pk=override_id).values_list("schedule_id", flat=True).first()
        if schedule_id is None:
            raise NotVisible
        schedule = _coverable(actor, schedule_id)
        override = rows.select_for_update(of=("self",), no_key=True).filter(pk=override_id).first()
        if override is None:
            raise NotVisible
        if override.ends_at <= now:
            raise Conflict("This override is over and stays in the record.", code="in_the_past")
        end_now(override, now)
        audit(actor, "override removed", schedule, override=override_id)


def end_now(override: Override, now: dt.datetime) -> None:
    """Cut an override at `now`, or drop it when it has not begun."""
    if override.starts_at >= now:
        override.delete()
    else:
        override.ends_at = now
        override.save(update_fields=["ends_at"])


def _coverable(actor: Actor, schedule_id: int) -> Schedule:
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    if not may_cover(actor, schedule.team_id):
        raise NotAllowed("Only responders and managers of the team can change who covers.")
    return schedule
