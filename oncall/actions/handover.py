"""Giving somebody's shifts and steps to somebody else, from now on. What was before stays."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db.models import F, Q, QuerySet

from oncall.actions.overrides import end_now
from oncall.actions.requests import close_for_leaver
from oncall.actions.rotations import update_rotation
from oncall.actions.runs import decline_pages
from oncall.actions.schedules import audit
from oncall.choices import CalendarPurpose, OverrideKind, RunStatus
from oncall.models import (
    ExternalCalendar,
    ImportedShift,
    Override,
    PolicyStep,
    PolicyTarget,
    Rotation,
    RunPage,
    Shadow,
)
from teams.actions.audit import record
from teams.actor import Actor, system_actor
from teams.models import User


def rotations_naming(user_id: int) -> QuerySet[Rotation]:
    """Living rotations in whose turns the person is."""
    named = Rotation.objects.living().extra(
        where=[
            "jsonb_path_exists(oncall_rotation.members, '$[*][*] ? (@ == $id)',"
            " jsonb_build_object('id', %s::bigint))"
        ],
        params=[user_id],
    )
    return named.select_related("schedule").order_by("schedule_id", "pk")  # type: ignore[no-any-return]


def overrides_naming(user_id: int, now: dt.datetime) -> QuerySet[Override]:
    """Overrides not over in which the person serves."""
    rows = Override.objects.filter(user_id=user_id, ends_at__gt=now)
    return rows.select_related("schedule").order_by("schedule_id", "pk")


def imported_naming(user_id: int, now: dt.datetime) -> QuerySet[ImportedShift]:
    """Stretches of foreign calendars, not over, in which the person serves."""
    rows = ImportedShift.objects.filter(user_id=user_id, ends_at__gt=now, calendar__removed_at__isnull=True)
    return rows.select_related("calendar__schedule").order_by("calendar_id", "pk")


def hand_over_shifts(*, actor: Actor, user_id: int, successor_id: int, now: dt.datetime) -> None:
    """The successor takes the person's place in rotations, calendars and overrides. Audited by schedule.

    Whoever learns along with the person learns along with the successor.
    """
    for rotation in rotations_naming(user_id):
        members = [turn and _replaced(turn, user_id, successor_id) for turn in rotation.members]
        update_rotation(actor=actor, rotation_id=rotation.public_id, values={"members": members}, now=now)
    about = Override.objects.filter(ends_at__gt=now)
    for override in overrides_naming(user_id, now):
        if override.replaces_id == successor_id:
            end_now(override, now)
        else:
            _moved(actor, override, now, user_id=successor_id)
    for override in about.filter(replaces_id=user_id).select_related("schedule").order_by("pk"):
        if override.kind == OverrideKind.REMOVE or override.user_id == successor_id:
            end_now(override, now)
        else:
            _moved(actor, override, now, replaces_id=successor_id)
    _hand_over_imported(actor, user_id, successor_id, now)
    following = Shadow.objects.filter(follows_id=user_id, ends_at__gt=now).exclude(user_id=successor_id)
    following.update(follows_id=successor_id)


def hand_over_steps(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor is paged where policies named the person, also as a backup. Audited by policy."""
    rows = PolicyTarget.objects.filter(user_id=user_id).select_related("step__policy").order_by("pk")
    for target in rows:
        if PolicyTarget.objects.filter(step=target.step, user_id=successor_id).exists():
            target.delete()
        else:
            target.user_id = successor_id
            target.save(update_fields=["user"])
        _record_step(actor, target.step, user_id, successor_id)
    for step in PolicyStep.objects.filter(backup_id=user_id).select_related("policy").order_by("pk"):
        step.backup_id = successor_id
        step.save(update_fields=["backup"])
        _record_step(actor, step, user_id, successor_id)


def policies_naming(user_id: int) -> list[tuple[str, int]]:
    """(policy name, how often) of the policies that page the person by name, as a target or a backup."""
    targets = PolicyTarget.objects.filter(user_id=user_id).values_list(
        "step__policy__name", "step__policy_id", named=False
    )
    backups = PolicyStep.objects.filter(backup_id=user_id).values_list(
        "policy__name", "policy_id", named=False
    )
    counts = Counter([*targets.order_by(F("pk")), *backups.order_by(F("pk"))])
    return [(name, count) for (name, _pk), count in sorted(counts.items())]


def settle_leaver(*, user_id: int, by: str, now: dt.datetime) -> None:
    """Nothing waits any longer for somebody who was deactivated; `by` did that.

    Escalations that paged the person move on, their requests are closed, they learn along no more and are
    nobody's mentor, and their calendars are neither fetched nor do calendars map names to them.
    """
    if User.objects.filter(pk=user_id, is_active=True).exists():
        return
    actor = system_actor(by, via="rule")
    waiting = RunPage.objects.filter(
        user_id=user_id, reached=True, declined_at=None, run__status=RunStatus.ACTIVE
    )
    for subject_key in sorted(set(waiting.values_list("run__subject_key", flat=True))):
        decline_pages(subject_key=subject_key, user_id=user_id, now=now, left=True)
    close_for_leaver(actor=actor, user_id=user_id, now=now)
    for shadow in Shadow.objects.filter(ends_at__gt=now).filter(_either(user_id)).order_by("pk"):
        if shadow.starts_at >= now:
            shadow.delete()
        else:
            shadow.ends_at = now
            shadow.save(update_fields=["ends_at"])
    ExternalCalendar.objects.filter(user_id=user_id).update(next_fetch_at=None)
    for calendar in _calendars(user_id):
        calendar.people = {text: user for text, user in calendar.people.items() if user != user_id}
        calendar.save(update_fields=["people"])


def resume_returner(*, user_id: int, now: dt.datetime) -> None:
    """Somebody is back: their calendars of leave are read again."""
    if User.objects.filter(pk=user_id, is_active=True).exists():
        ExternalCalendar.objects.filter(user_id=user_id, next_fetch_at=None).update(next_fetch_at=now)


def _either(user_id: int) -> Q:
    return Q(user_id=user_id) | Q(follows_id=user_id)


def _calendars(user_id: int) -> list[ExternalCalendar]:
    """Calendars of shifts whose names mean the person, locked."""
    rows = ExternalCalendar.objects.filter(purpose=CalendarPurpose.SHIFTS, removed_at__isnull=True)
    locked = rows.exclude(people={}).select_for_update(of=("self",), no_key=True).order_by("pk")
    return [row for row in locked if user_id in row.people.values()]


def _hand_over_imported(actor: Actor, user_id: int, successor_id: int, now: dt.datetime) -> None:
    """Coming stretches of calendars, and the names by which the next reading finds the successor again."""
    now = now.replace(microsecond=0)
    leaver = User.objects.get(pk=user_id)
    ids = set(imported_naming(user_id, now).values_list("calendar_id", flat=True))
    named = {row.pk for row in _calendars(user_id)}
    rows = ExternalCalendar.objects.select_for_update(of=("self",), no_key=True).select_related("schedule")
    for calendar in rows.filter(pk__in=ids | named).order_by("pk"):
        names = [text for text, user in calendar.people.items() if user == user_id]
        names += [leaver.name, leaver.email] if calendar.pk in ids else []
        calendar.people = {**calendar.people, **dict.fromkeys(names, successor_id)}
        calendar.save(update_fields=["people"])
        _move_stretches(calendar, user_id, successor_id, now)
        if calendar.schedule is not None:
            audit(actor, "calendar handed over", calendar.schedule, calendar=calendar.pk, user=successor_id)


def _move_stretches(calendar: ExternalCalendar, user_id: int, successor_id: int, now: dt.datetime) -> None:
    coming = ImportedShift.objects.filter(calendar=calendar, ends_at__gt=now)
    theirs = {(row.uid, row.starts_at, row.ends_at) for row in coming.filter(user_id=successor_id)}
    rest = []
    for row in coming.filter(user_id=user_id).order_by("pk"):
        if (row.uid, row.starts_at, row.ends_at) not in theirs:
            start = max(row.starts_at, now)
            rest.append(
                ImportedShift(
                    calendar=calendar, user_id=successor_id, uid=row.uid, starts_at=start, ends_at=row.ends_at
                )
            )
    coming.filter(user_id=user_id, starts_at__gte=now).delete()
    coming.filter(user_id=user_id).update(ends_at=now)
    ImportedShift.objects.bulk_create(rest, batch_size=2000)


def _record_step(actor: Actor, step: PolicyStep, user_id: int, successor_id: int) -> None:
    record(
        actor=actor,
        verb="changed",
        obj_type="policy",
        obj_id=step.policy_id,
        label=step.policy.name,
        team_id=step.policy.team_id,
        data={"handed over": {"from": user_id, "to": successor_id}},
    )


def _replaced(turn: list[int], user_id: int, successor_id: int) -> list[int]:
    return list(dict.fromkeys(successor_id if user == user_id else user for user in turn))


def _moved(actor: Actor, override: Override, now: dt.datetime, **changes: int) -> None:
    """Apply the change to what is left of an override, as a row of its own when it has begun."""
    audit(actor, "override handed over", override.schedule, override=override.pk, **changes)
    if override.starts_at < now:
        rest = Override(
            schedule_id=override.schedule_id,
            kind=override.kind,
            user_id=override.user_id,
            replaces_id=override.replaces_id,
            starts_at=now,
            ends_at=override.ends_at,
            created_by_id=override.created_by_id,
        )
        end_now(override, now)
        override = rest
    for name, value in changes.items():
        setattr(override, name, value)
    override.save()
