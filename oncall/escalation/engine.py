"""The escalation engine: one idempotent tick that any number of processes may run at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import structlog
from django.db import connection, transaction
from prometheus_client import Counter, Histogram

from core import clock
from core.containment import contained
from core.events import Event, publish
from notifications.actions.pages import PageRequest, request_pages
from notifications.actions.webhooks import deliver_to
from notifications.links import absolute
from oncall.actions.runs import rearm_due
from oncall.choices import RunStatus
from oncall.escalation import planner
from oncall.escalation.decision import (
    Continue,
    Decision,
    Exhausted,
    Fallback,
    Fire,
    Hold,
    RunState,
    Skip,
    Unreachable,
    Wait,
)
from oncall.escalation.reach import Resolver
from oncall.escalation.snapshot import PolicySnapshot
from oncall.events import EscalationExhausted, PagesHeld, PagesSent, StepSkipped
from oncall.hooks import is_confidential
from oncall.models import EscalationRun, RunPage

log = structlog.get_logger("watchbill.engine")

LATE = Histogram(
    "watchbill_step_lateness_seconds",
    "How long after its due time a step fired",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
UNREACHED = Counter("watchbill_pages_unreached_total", "People a step could not page")
CLOCK_FAULTS = Counter("watchbill_clock_faults_total", "Times the database clock jumped back")

LIMIT = 500
_POISON_DELAY = dt.timedelta(seconds=30)
_BACKWARDS = dt.timedelta(seconds=2)
_FALLBACK_STEP = 999

# The greater of the database clock and the last tick, so that a clock set back repeats nothing.
_BEAT = """
INSERT INTO oncall_engineheartbeat AS h (id, ticked_at, ticked_by, paused_reason)
VALUES (1, %(now)s, %(by)s, '')
ON CONFLICT (id) DO UPDATE SET
    ticked_at = GREATEST(h.ticked_at, EXCLUDED.ticked_at),
    ticked_by = EXCLUDED.ticked_by,
    clock_fault_at = CASE WHEN EXCLUDED.ticked_at < h.ticked_at - %(back)s::interval
                          THEN h.ticked_at ELSE h.clock_fault_at END
RETURNING ticked_at, clock_fault_at = ticked_at
"""


def tick(*, by: str = "worker") -> int:
    """Fire every step that is due; returns how many runs moved. Safe to run anywhere, any number of times."""
    now = beat(by)
    moved = _fire(now, LIMIT)
    rearmed = rearm_due(now)
    if rearmed:
        moved += rearmed + _fire(now, LIMIT - moved)
    return moved


def _fire(now: dt.datetime, limit: int) -> int:
    moved = 0
    while moved < limit and _one(now):
        moved += 1
    return moved


def beat(by: str) -> dt.datetime:
    """Write the heartbeat row and return the tick's `now` (database clock, never going back)."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, {"now": clock.database_now(), "by": by, "back": str(_BACKWARDS)})
        now, fault = cursor.fetchone()
    if fault:
        CLOCK_FAULTS.inc()
        log.error("the database clock has jumped back; nothing is repeated", since=str(now))
    return now.astimezone(clock.UTC)


def _one(now: dt.datetime) -> bool:
    with transaction.atomic():
        due = EscalationRun.objects.due(now).order_by("next_at", "pk")
        run = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if run is None:
            return False
        contained(lambda: _advance(run, now), lambda: _poisoned(run, now))
    return True


def _poisoned(run: EscalationRun, now: dt.datetime) -> None:
    """Push the run forward in time, loudly; the loop goes on with the next."""
    log.exception("an escalation run could not be advanced", run=run.pk, subject=run.subject_key)
    EscalationRun.objects.filter(pk=run.pk).update(next_at=now + _POISON_DELAY)


def _advance(run: EscalationRun, now: dt.datetime) -> None:
    """Plan and write one decision for a locked run."""
    assert run.next_at is not None
    policy = PolicySnapshot.from_json(run.snapshot)
    resolver = Resolver(
        policy,
        team_id=run.team_id,
        urgency=run.urgency,
        at=now,
        severity=run.severity,
        round_number=run.round,
    )
    state = RunState(run.round, run.step, run.next_at, run.reached)
    decision = planner.plan(policy, state, now, resolver.reach())
    LATE.observe(max(0.0, (now - run.next_at).total_seconds()))
    reached = True
    held: dt.datetime | None = None
    for entry in decision.entries:
        if isinstance(entry, Hold):
            held = entry.until
        elif isinstance(entry, Skip):
            _record_skip(run, policy, entry, now, resolver.names)
        elif entry.user_ids or entry.unreachable or isinstance(entry, Fire):
            reached = _page(run, policy, entry, now, resolver)
    if held is not None and held != run.held_until:
        publish(PagesHeld(subject_key=run.subject_key, run_id=run.pk, until=held.isoformat()))
    run.held_until = held
    _store(run, decision, now, reached)


def _page(
    run: EscalationRun,
    policy: PolicySnapshot,
    entry: Fire | Fallback,
    now: dt.datetime,
    resolver: Resolver,
) -> bool:
    """Write the deliveries and the record of one step; false when in the end nobody could be paged."""
    names = resolver.names
    fire = entry if isinstance(entry, Fire) else None
    round_number, step = (fire.round, fire.step) if fire else (run.round, _FALLBACK_STEP)
    request = PageRequest(
        key_prefix=f"{run.pk}/{step}/{round_number}",
        source=f"run:{run.pk}",
        subject_key=run.subject_key,
        lane=run.lane,
        urgency=run.urgency,
        team_id=run.team_id,
        title=run.title,
        body=run.body,
        url_path=run.url_path,
    )
    results = (
        request_pages(request=request, user_ids=entry.user_ids, now=now, known=resolver.people)
        if entry.user_ids
        else {}
    )
    paged = [user for user in entry.user_ids if not results.get(user)]
    failed: Unreachable = (
        *((user, reason) for user, reason in results.items() if reason),
        *entry.unreachable,
    )
    schedules = resolver.schedules_of(step) if fire else {}
    _write_pages(run, round_number, step, paged, failed, now, schedules)
    called = _call_webhooks(run, policy, fire, now) if fire else []
    publish(
        PagesSent(
            subject_key=run.subject_key,
            run_id=run.pk,
            round=round_number,
            step=policy.number_of(step) - 1 if fire else -1,
            policy_name=policy.name,
            users=[(user, names.get(user, "")) for user in paged],
            unreached=[(user, names.get(user or 0, ""), reason) for user, reason in failed],
            backup=fire is not None and policy.steps[step].is_backup,
            webhooks=called,
        )
    )
    return bool(paged or called)


def _call_webhooks(run: EscalationRun, policy: PolicySnapshot, entry: Fire, now: dt.datetime) -> list[str]:
    """Write the deliveries to the step's webhooks; returns their names."""
    if not entry.webhook_ids:
        return []
    hidden = is_confidential(run.subject_key)
    data = {
        "subject": run.subject_key,
        "title": "" if hidden else run.title,
        "body": "" if hidden else run.body,
        "url": absolute(run.url_path),
        "urgency": run.urgency,
        "severity": run.severity,
        "policy": policy.name,
        "step": policy.number_of(entry.step),
        "round": entry.round + 1,
    }
    return deliver_to(
        webhook_ids=entry.webhook_ids,
        event="escalation.step",
        subject_key=run.subject_key,
        data=data,
        now=now,
    )


def _record_skip(
    run: EscalationRun, policy: PolicySnapshot, entry: Skip, now: dt.datetime, names: dict[int, str]
) -> None:
    """A step that reached nobody is written down loudly; one that is for other cases is not."""
    if entry.passed:
        return
    _write_pages(run, entry.round, entry.step, [], entry.unreachable, now)
    reasons = [f"{names[user]} {reason}" if user in names else reason for user, reason in entry.unreachable]
    publish(
        StepSkipped(
            subject_key=run.subject_key,
            run_id=run.pk,
            round=entry.round,
            step=policy.number_of(entry.step) - 1,
            reason="; ".join(dict.fromkeys(reasons))[:300],
        )
    )


def _write_pages(
    run: EscalationRun,
    round_number: int,
    step: int,
    paged: list[int],
    failed: Unreachable,
    now: dt.datetime,
    schedules: Mapping[int, int] | None = None,
) -> None:
    """`schedules`: user id → the schedule on whose rota the person was paged."""
    on_rota = schedules or {}
    UNREACHED.inc(len(failed))
    rows = [
        RunPage(run=run, round=round_number, step=step, user_id=user, at=now, schedule_id=on_rota.get(user))
        for user in paged
    ]
    rows += [
        RunPage(
            run=run, round=round_number, step=step, user_id=user, at=now, reached=False, reason=reason[:300]
        )
        for user, reason in failed
    ]
    RunPage.objects.bulk_create(rows, ignore_conflicts=True)


def _store(run: EscalationRun, decision: Decision, now: dt.datetime, reached: bool) -> None:
    events: list[Event] = []
    outcome = decision.outcome
    if isinstance(outcome, Wait):
        return
    if isinstance(outcome, Continue):
        run.round, run.step, run.reached = outcome.state.round, outcome.state.step, outcome.state.reached
        # A step whose every page was refused at the last moment waits for nobody.
        run.next_at = outcome.state.next_at if reached else now
    elif isinstance(outcome, Exhausted):
        run.status, run.next_at, run.ended_at = RunStatus.EXHAUSTED, None, now
        run.reached = outcome.reached
        events.append(
            EscalationExhausted(subject_key=run.subject_key, run_id=run.pk, reached=outcome.reached)
        )
    if not isinstance(outcome, Continue):
        run.held_until = None
    run.save(update_fields=["round", "step", "reached", "next_at", "status", "ended_at", "held_until"])
    publish(*events)
