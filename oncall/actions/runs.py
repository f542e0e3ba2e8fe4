"""Starting and stopping escalations. What the subject is stays unknown here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from core.text import one_line
from core.wakeup import wake
from notifications.actions.pages import withdraw
from oncall.choices import RunStatus
from oncall.escalation.planner import first_state
from oncall.escalation.snapshot import PolicySnapshot, Step, Target
from oncall.models import EscalationRun
from oncall.selectors import policy_snapshot

# Paging people by hand: three tries, five minutes apart.
_BY_HAND_DELAY = 5
_BY_HAND_REPEAT = 2


@dataclass(frozen=True)
class StopResult:
    """How many runs were stopped and how many unsent pages were withdrawn."""

    runs: int
    withdrawn: int


def start_escalation(
    *,
    subject_key: str,
    title: str,
    body: str,
    url_path: str,
    urgency: str,
    policy_id: int | None,
    team_id: int | None,
    lane: str = "",
    user_ids: Sequence[int] = (),
    now: dt.datetime,
) -> EscalationRun:
    """Start working through a policy, or through `user_ids` alone; the first step is due at once.

    A policy already running for this subject is left as it is and returned. The run keeps a
    snapshot: later edits of the policy do not change it.
    """
    if user_ids:
        targets = tuple(Target("user", user_id) for user_id in dict.fromkeys(user_ids))
        snapshot = PolicySnapshot("By hand", (Step(_BY_HAND_DELAY, targets),), _BY_HAND_REPEAT)
        policy_id = None
    else:
        snapshot = policy_snapshot(policy_id)
    state = first_state(now)
    with transaction.atomic():
        running = EscalationRun.objects.filter(
            subject_key=subject_key, policy_id=policy_id, status=RunStatus.ACTIVE
        )
        if policy_id is not None and (found := running.first()):
            return found
        run = EscalationRun.objects.create(
            subject_key=subject_key,
            title=one_line(title, 300),
            body=body,
            url_path=url_path,
            urgency=urgency,
            team_id=team_id,
            policy_id=policy_id,
            snapshot=snapshot.to_json(),
            lane=lane,
            round=state.round,
            step=state.step,
            next_at=state.next_at,
            started_at=now,
        )
        wake("oncall.tick")
    return run


def stop_escalation(
    *, subject_key: str, status: str, user_id: int | None, reason: str, now: dt.datetime
) -> StopResult:
    """End every active run of the subject and withdraw its pages that have not left.

    `status` is acknowledged or stopped. A step that committed before this one stays in the record;
    its unsent pages are withdrawn here.
    """
    with transaction.atomic():
        active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
        ids = list(active.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        EscalationRun.objects.filter(pk__in=ids).update(
            status=status, next_at=None, ended_at=now, ended_by_id=user_id
        )
        withdrawn = withdraw(subject_key=subject_key, reason=reason, now=now)
    return StopResult(len(ids), withdrawn)
