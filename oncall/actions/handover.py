"""Giving somebody's shifts and steps to somebody else, from now on. What was before stays."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, QuerySet

from oncall.actions.overrides import end_now
from oncall.actions.rotations import update_rotation
from oncall.actions.schedules import audit
from oncall.choices import OverrideKind
from oncall.models import Override, PolicyTarget, Rotation
from teams.actions.audit import record
from teams.actor import Actor


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


def hand_over_shifts(*, actor: Actor, user_id: int, successor_id: int, now: dt.datetime) -> None:
    """The successor takes the person's place in rotations and overrides. Audited by schedule."""
    for rotation in rotations_naming(user_id):
        members = [_replaced(turn, user_id, successor_id) for turn in rotation.members]
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


def hand_over_steps(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor is paged where policies named the person. Audited by policy."""
    rows = PolicyTarget.objects.filter(user_id=user_id).select_related("step__policy").order_by("pk")
    for target in rows:
        policy = target.step.policy
        if PolicyTarget.objects.filter(step=target.step, user_id=successor_id).exists():
            target.delete()
        else:
            target.user_id = successor_id
            target.save(update_fields=["user"])
        record(
            actor=actor,
            verb="changed",
            obj_type="policy",
            obj_id=policy.pk,
            label=policy.name,
            team_id=policy.team_id,
            data={"handed over": {"from": user_id, "to": successor_id}},
        )


def policies_naming(user_id: int) -> list[tuple[str, int]]:
    """(policy name, how many steps) of the policies that page the person by name."""
    names = PolicyTarget.objects.filter(user_id=user_id).values_list(
        "step__policy_id", "step__policy__name", named=False
    )
    counts: dict[tuple[int, str], int] = {}
    for policy_id, name in names.order_by(F("step__policy__name"), "step__policy_id"):
        counts[policy_id, name] = counts.get((policy_id, name), 0) + 1
    return [(name, count) for (_pk, name), count in counts.items()]


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
