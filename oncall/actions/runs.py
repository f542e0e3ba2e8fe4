"""Starting and stopping escalations. What the subject is stays unknown here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from core.events import publish
from core.text import one_line
from core.wakeup import wake
from notifications.actions.pages import withdraw
from oncall.choices import Pick, RunStatus
from oncall.escalation.planner import first_state
from oncall.escalation.snapshot import PolicySnapshot, Step, Target
from oncall.events import AcknowledgeExpired, PageDeclined
from oncall.models import EscalationRun, PolicyStep, RunPage
from oncall.selectors.basics import policy_snapshot
from teams.models import User

# Paging people by hand: three tries, five minutes apart.
_BY_HAND_DELAY = 5
_BY_HAND_REPEAT = 2
# Wraps far beyond any number of targets, and is divisible by all of 1 to 20.
_TURNS = 232792560
_REARM_LIMIT = 100


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
    severity: int | None = None,
    now: dt.datetime,
) -> EscalationRun:
    """Start working through a policy, or through `user_ids` alone; the first step is due at once.

    Steps that page one of their targets in turn take the next one. A policy already running for this
    subject is left as it is and returned. The run keeps a snapshot: later edits of the policy do not change it.
    """
    if user_ids:
        targets = tuple(Target("user", user_id) for user_id in dict.fromkeys(user_ids))
        snapshot = PolicySnapshot("By hand", (Step(_BY_HAND_DELAY, targets),), _BY_HAND_REPEAT)
        policy_id = None
    else:
        snapshot = policy_snapshot(policy_id)
    state = first_state(now)
    with transaction.atomic():
        active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
        if policy_id is not None and (found := active.filter(policy_id=policy_id).first()):
            return found
        _take_turns(snapshot, policy_id)
        run = EscalationRun.objects.create(
            subject_key=subject_key,
            title=one_line(title, 300),
            body=body,
            url_path=url_path,
            urgency=urgency,
            team_id=team_id,
            policy_id=policy_id,
            snapshot=snapshot.to_json(),
            severity=severity,
            lane=lane,
            round=state.round,
            step=state.step,
            next_at=state.next_at,
            started_at=now,
        )
        wake("oncall.tick")
    return run


def _take_turns(snapshot: PolicySnapshot, policy_id: int | None) -> None:
    """The next run of the policy picks the next target."""
    if any(step.pick == Pick.ROUND_ROBIN.value for step in snapshot.steps):
        steps = PolicyStep.objects.filter(policy_id=policy_id, pick=Pick.ROUND_ROBIN)
        steps.update(turn=(F("turn") + 1) % _TURNS)


def stop_escalation(
    *, subject_key: str, status: str, user_id: int | None, reason: str, now: dt.datetime
) -> StopResult:
    """End every active run of the subject and withdraw its pages that have not left.

    `status` is acknowledged or stopped. A step that committed before this one stays in the record;
    its unsent pages are withdrawn here. After an acknowledge a policy with a timeout pages again unless
    the subject is stopped before.
    """
    with transaction.atomic():
        active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
        runs = list(active.order_by("pk").select_for_update(no_key=True))
        for run in runs:
            run.status, run.next_at, run.ended_at, run.ended_by_id = status, None, now, user_id
            run.held_until = None
            minutes = run.snapshot.get("acknowledge_timeout_minutes")
            if status == RunStatus.ACKNOWLEDGED and minutes:
                run.rearm_at = now + dt.timedelta(minutes=minutes)
        EscalationRun.objects.bulk_update(
            runs, ["status", "next_at", "ended_at", "ended_by", "held_until", "rearm_at"]
        )
        if status != RunStatus.ACKNOWLEDGED:
            waiting = EscalationRun.objects.filter(subject_key=subject_key, rearm_at__isnull=False)
            waiting.update(rearm_at=None)
        withdrawn = withdraw(subject_key=subject_key, reason=reason, now=now)
    return StopResult(len(runs), withdrawn)


def decline_pages(*, subject_key: str, user_id: int, now: dt.datetime, left: bool = False) -> bool | None:
    """The person cannot take it: their unsent pages are withdrawn, and nobody waits for them.

    When everybody whom a run's last step paged has declined, its next step is due at once. Returns whether
    that is so for any run; None when no active run has paged the person. `left`: their account is deactivated.
    """
    with transaction.atomic():
        active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
        runs = list(active.order_by("pk").select_for_update(no_key=True))
        pages = RunPage.objects.filter(run__in=runs, reached=True, user_id__isnull=False)
        mine = pages.filter(user_id=user_id)
        if not mine.exists():
            return None
        mine.filter(declined_at=None).update(declined_at=now)
        open_runs = set(pages.filter(declined_at=None).values_list("run_id", flat=True))
        moved = [run.pk for run in runs if run.pk not in open_runs]
        EscalationRun.objects.filter(pk__in=moved, next_at__gt=now).update(next_at=now)
        for run in runs:
            withdraw(source=f"run:{run.pk}", user_id=user_id, reason="declined", now=now)
        label = User.objects.filter(pk=user_id).values_list("name", flat=True).first() or ""
        publish(
            PageDeclined(
                subject_key=subject_key, user_id=user_id, user_label=label, moved_on=bool(moved), left=left
            )
        )
        wake("oncall.tick")
    return bool(moved)


def set_run_severity(*, subject_key: str, severity: int | None) -> int:
    """Steps that fire from now on look at this severity; returns how many escalations run. One statement."""
    active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
    return active.update(severity=severity)


def rearm_due(now: dt.datetime) -> int:
    """Page again what was acknowledged too long ago and is still open; returns how many. Each once."""
    done = 0
    while done < _REARM_LIMIT:
        with transaction.atomic():
            due = EscalationRun.objects.filter(rearm_at__lte=now).order_by("rearm_at", "pk")
            run = due.select_for_update(skip_locked=True, no_key=True).first()
            if run is None:
                return done
            EscalationRun.objects.filter(pk=run.pk).update(rearm_at=None)
            again = start_escalation(
                subject_key=run.subject_key,
                title=run.title,
                body=run.body,
                url_path=run.url_path,
                urgency=run.urgency,
                policy_id=run.policy_id,
                team_id=run.team_id,
                lane=run.lane,
                severity=run.severity,
                now=now,
            )
            minutes = int(run.snapshot.get("acknowledge_timeout_minutes") or 0)
            publish(AcknowledgeExpired(subject_key=run.subject_key, run_id=again.pk, minutes=minutes))
            done += 1
    return done
