"""From results to a check's status, with its alerts and spans. Callers hold the check's row locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from alerts.checks import saying
from alerts.checks.deciding import Seen, Verdict, fresh_for, verdict
from alerts.choices import CheckStatus
from alerts.models import Check, CheckRun, CheckSpan
from alerts.watch.feeding import feed


def begin(check: Check, now: dt.datetime) -> None:
    """A new check waits for its first results."""
    CheckSpan.objects.create(made_for=check, status=check.status, since=now)


def settle(check: Check, now: dt.datetime, runs: Sequence[CheckRun] | None = None) -> bool:
    """Bring the status to what its runs (with location; read when not given) say now; whether it changed."""
    if runs is None:
        runs = list(CheckRun.objects.filter(made_for=check).select_related("location"))
    found = verdict(
        status=check.status,
        since=check.changed_at or check.created_at,
        needed=check.needed,
        window=fresh_for(check.interval_seconds, check.timeout_seconds),
        seen=[Seen(run.location.name, run.ok, run.seen_at, run.detail) for run in runs],
        now=now,
    )
    if found.status == check.status:
        return False
    move(check, found.status, now, found, len(runs))
    return True


def move(
    check: Check, status: str, now: dt.datetime, found: Verdict | None = None, locations: int = 0
) -> None:
    """Into another status: the open span ends, the next begins, alerts open and resolve."""
    # The clock was read before the row was locked, so another change may be later by a little.
    now = max(now, check.changed_at or now)
    quiet(check, status, now)
    if found is not None and status == CheckStatus.DOWN:
        feed(check.integration, saying.down(check, found, locations), now)
    if found is not None and status == CheckStatus.UNKNOWN:
        feed(check.integration, saying.unseen(check, found, locations), now)
    CheckSpan.objects.filter(made_for=check, until=None).update(until=now)
    CheckSpan.objects.create(made_for=check, status=status, since=now)
    check.status, check.changed_at = status, now
    check.save(update_fields=["status", "changed_at"])


def quiet(check: Check, status: str | None, now: dt.datetime) -> None:
    """Resolve what is open and does not hold in `status`; None: the check goes away."""
    if check.status == CheckStatus.UNKNOWN and status != CheckStatus.UNKNOWN:
        feed(check.integration, saying.seen(check), now)
    # An alert that it is down stays while nobody knows better.
    if status not in (CheckStatus.DOWN, CheckStatus.UNKNOWN) and was_down(check):
        feed(check.integration, saying.well(check), now)


def was_down(check: Check) -> bool:
    """Whether it is down, or was when its results stayed away."""
    if check.status != CheckStatus.UNKNOWN:
        return bool(check.status == CheckStatus.DOWN)
    spans = CheckSpan.objects.filter(made_for=check).exclude(status=CheckStatus.UNKNOWN)
    last = spans.order_by("-since", "-pk").values_list("status", flat=True).first()
    return last == CheckStatus.DOWN
