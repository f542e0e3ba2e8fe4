"""Starting and stopping escalations. What the subject is stays unknown here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from core.containment import contained
from core.events import publish
from core.text import one_line
from core.wakeup import wake
from notifications.actions.pages import withdraw
from notifications.choices import Urgency
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
_PUT_OFF = dt.timedelta(seconds=30)

log = structlog.get_logger("watchbill.engine")


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
    subject goes on and is returned; asked for with high urgency it no longer waits. The run keeps a
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
        if policy_id is not None and (found := _running(subject_key, policy_id, urgency, now)):
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


def _running(subject_key: str, policy_id: int, urgency: str, now: dt.datetime) -> EscalationRun | None:
    """The policy's active run for the subject; asked for with high urgency it waits for no shift."""
    active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
    found: EscalationRun | None = active.filter(policy_id=policy_id).first()
    if found is not None and urgency == Urgency.HIGH and found.urgency != urgency:
        hurry(subject_key=subject_key, policy_id=policy_id, now=now)
        found.refresh_from_db()
    return found


def _take_turns(snapshot: PolicySnapshot, policy_id: int | None) -> None:
    """The next run of the policy picks the next target."""
    if any(step.pick == Pick.ROUND_ROBIN.value for step in snapshot.steps):
        steps = PolicyStep.objects.filter(policy_id=policy_id, pick=Pick.ROUND_ROBIN)
        steps.update(turn=(F("turn") + 1) % _TURNS)


def stop_escalation(
    *,
    subject_key: str,
    status: str,
    user_id: int | None,
    reason: str,
    now: dt.datetime,
    rearm: bool = True,
) -> StopResult:
    """End every active run of the subject and withdraw its pages that have not left.

    `status` is acknowledged or stopped. A step that committed before this one stays in the record;
    its unsent pages are withdrawn here. After an acknowledge a policy with a timeout pages again unless
    the subject is stopped before, or `rearm` is false; a later acknowledge begins that time anew.
    """
    with transaction.atomic():
        # First the waiting ones: whoever pages one of them again just now makes an active run of it.
        waiting = _waiting_again(subject_key)
        active = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
        runs = list(active.order_by("pk").select_for_update(no_key=True))
        for run in runs:
            run.status, run.next_at, run.ended_at, run.ended_by_id = status, None, now, user_id
            run.held_until = None
        again = [run for run in runs if _timeout(run)] or waiting[-1:]
        for run in waiting:
            run.rearm_at = None
        for run in again if rearm and status == RunStatus.ACKNOWLEDGED else ():
            run.rearm_at = now + dt.timedelta(minutes=_timeout(run))
        EscalationRun.objects.bulk_update(
            [*waiting, *runs], ["status", "next_at", "ended_at", "ended_by", "held_until", "rearm_at"]
        )
        withdrawn = withdraw(subject_key=subject_key, reason=reason, now=now)
    return StopResult(len(runs), withdrawn)


def _waiting_again(subject_key: str) -> list[EscalationRun]:
    """The acknowledged runs of the subject that will page again, locked, the oldest first."""
    rows = EscalationRun.objects.filter(subject_key=subject_key, rearm_at__isnull=False)
    return list(rows.order_by("pk").select_for_update(no_key=True))


def _timeout(run: EscalationRun) -> int:
    """Minutes after which an acknowledge of this run expires; 0 for never."""
    return int(run.snapshot.get("acknowledge_timeout_minutes") or 0)


def hurry(*, subject_key: str, now: dt.datetime, policy_id: int | None = None) -> int:
    """The subject is urgent now: what waits for a shift to begin pages at once. Returns how many runs changed."""
    calm = EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE)
    calm = calm.exclude(urgency=Urgency.HIGH)
    if policy_id is not None:
        calm = calm.filter(policy_id=policy_id)
    with transaction.atomic():
        runs = list(calm.order_by("pk").select_for_update(no_key=True))
        for run in runs:
            if run.held_until is not None:
                run.held_until, run.next_at = None, now
            run.urgency = Urgency.HIGH
        EscalationRun.objects.bulk_update(runs, ["urgency", "held_until", "next_at"])
        if runs:
            wake("oncall.tick")
    return len(runs)


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
        moved = [run.pk for run in runs if not _waited_for(pages.filter(run=run))]
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


def _waited_for(pages: QuerySet[RunPage]) -> bool:
    """Whether anybody of the step that paged last has not declined; earlier steps have had their time."""
    last = pages.order_by("-at", "-pk").values_list("round", "step").first()
    return last is not None and pages.filter(round=last[0], step=last[1], declined_at=None).exists()


def set_run_severity(*, subject_key: str, severity: int | None) -> int:
    """Steps that fire from now on look at this severity; returns how many runs know it. One statement."""
    living = Q(status=RunStatus.ACTIVE) | Q(rearm_at__isnull=False)
    return EscalationRun.objects.filter(living, subject_key=subject_key).update(severity=severity)


def rearm_due(now: dt.datetime) -> int:
    """Page again what was acknowledged too long ago and is still open; returns how many. Each once."""
    done = 0
    while done < _REARM_LIMIT and _rearm_one(now):
        done += 1
    return done


def _rearm_one(now: dt.datetime) -> bool:
    with transaction.atomic():
        due = EscalationRun.objects.filter(rearm_at__lte=now).order_by("rearm_at", "pk")
        run = due.select_for_update(skip_locked=True, no_key=True).first()
        if run is None:
            return False
        contained(lambda: _rearm(run, now), lambda: _put_off(run, now))
    return True


def _rearm(run: EscalationRun, now: dt.datetime) -> None:
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
    publish(AcknowledgeExpired(subject_key=run.subject_key, run_id=again.pk, minutes=_timeout(run)))


def _put_off(run: EscalationRun, now: dt.datetime) -> None:
    log.exception("an acknowledge that expired could not page again", run=run.pk, subject=run.subject_key)
    EscalationRun.objects.filter(pk=run.pk).update(rearm_at=now + _PUT_OFF)
