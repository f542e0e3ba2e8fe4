"""The work of check workers: what is due at a location, and what it saw."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from alerts.actions.checks import headers_of
from alerts.checks.settling import settle
from alerts.checks.work import AT_ONCE, LEASE_MARGIN, Reported, Result, Work
from alerts.choices import CheckStatus
from alerts.models import Check, CheckLocation, CheckResult, CheckRun, CheckSpan, HeartbeatSpan
from core import clock, housekeeping
from core.text import one_line

RESULTS_KEPT = dt.timedelta(days=7)
SPANS_KEPT = dt.timedelta(days=400)
_SEEN_EVERY = dt.timedelta(seconds=10)
_DETAIL = 300


def lease(*, location: CheckLocation, limit: int, now: dt.datetime | None = None) -> list[Work]:
    """Take up to `limit` (at most 50) due runs of the location; no other worker gets them meanwhile.

    A run whose lease ended without a result is due again. Tells that the location is served.
    """
    now = now or clock.database_now()
    _seen(location, now)
    limit = max(0, min(limit, AT_ONCE))
    if not limit:
        return []
    with transaction.atomic():
        due = Q(leased_until=None, next_at__lte=now) | Q(leased_until__lt=now)
        rows = _runs(location).filter(due).exclude(made_for__status=CheckStatus.PAUSED)
        rows = rows.select_related("made_for").order_by("next_at", "pk")
        taken = list(rows.select_for_update(of=("self",), skip_locked=True, no_key=True)[:limit])
        for run in taken:
            run.leased_until = now + dt.timedelta(seconds=run.made_for.timeout_seconds + LEASE_MARGIN)
            run.next_at = _following(run.next_at, run.made_for.interval_seconds, now)
        CheckRun.objects.bulk_update(taken, ["leased_until", "next_at"])
    return [_work(run) for run in taken]


def next_due(location: CheckLocation, now: dt.datetime) -> dt.datetime | None:
    """When the location has work again; None when it has none at all. A lease that ends is due then."""
    rows = _runs(location).exclude(made_for__status=CheckStatus.PAUSED)
    free = rows.filter(leased_until=None).order_by("next_at").values_list("next_at", flat=True).first()
    held = rows.exclude(leased_until=None).order_by("leased_until").values_list("leased_until", flat=True)
    return min((each for each in (free, held.first()) if each), default=None)


def report(*, location: CheckLocation, results: Sequence[Result], now: dt.datetime | None = None) -> Reported:
    """Keep what the location saw, and judge anew. Each check by itself: one that fails spoils no other.

    A result counts once, and only while its lease holds; one about a run of another location is refused.
    """
    now = now or clock.database_now()
    found = {
        run.pk: run.made_for_id
        for run in _runs(location).filter(pk__in=[each.run_id for each in results]).only("made_for_id")
    }
    by_check: dict[int, list[Result]] = defaultdict(list)
    for each in results:
        if each.run_id in found:
            by_check[found[each.run_id]].append(each)
    taken = 0
    for check_id in sorted(by_check):
        taken += _judge(check_id, location, by_check[check_id], now)
    known = sum(len(each) for each in by_check.values())
    return Reported(taken=taken, late=known - taken, refused=len(results) - known)


def mark_unseen(now: dt.datetime | None = None) -> int:
    """Checks that too few locations report about become unknown; returns how many."""
    now = now or clock.database_now()
    window = ExpressionWrapper(
        (F("interval_seconds") * 3 + F("timeout_seconds") + 30) * Value(dt.timedelta(seconds=1)),
        output_field=DurationField(),
    )
    since = ExpressionWrapper(Value(now) - F("window"), output_field=CheckRun._meta.get_field("next_at"))
    rows = Check.objects.exclude(status__in=(CheckStatus.PAUSED, CheckStatus.UNKNOWN))
    rows = rows.annotate(window=window).annotate(oldest=since)
    rows = rows.exclude(status=CheckStatus.WAITING, changed_at__gt=F("oldest"))
    rows = rows.annotate(fresh=Count("runs", filter=Q(runs__ok__isnull=False, runs__seen_at__gt=F("oldest"))))
    changed = 0
    for pk in rows.filter(fresh__lt=F("needed")).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            check = _locked(pk)
            changed += bool(check and settle(check, now))
    return changed


def drop_old_results(now: dt.datetime | None = None) -> int:
    """Drop results after 7 days, ended spans of checks and heartbeats after 400; returns how many rows went."""
    now = now or clock.database_now()
    results = CheckResult.objects.filter(at__lt=now - RESULTS_KEPT)
    spans = CheckSpan.objects.filter(until__lt=now - SPANS_KEPT)
    beats = HeartbeatSpan.objects.filter(until__lt=now - SPANS_KEPT)
    return sum(housekeeping.remove(rows) for rows in (results, spans, beats))


def _runs(location: CheckLocation) -> QuerySet[CheckRun]:
    return CheckRun.objects.filter(location_id=location.pk, location__is_active=True)


def _seen(location: CheckLocation, now: dt.datetime) -> None:
    if location.last_seen_at is None or now - location.last_seen_at >= _SEEN_EVERY:
        location.last_seen_at = now
        CheckLocation.objects.filter(pk=location.pk).update(last_seen_at=now)


def _following(due: dt.datetime, interval_seconds: int, now: dt.datetime) -> dt.datetime:
    """The first time after `now` that is whole intervals after `due`, so that nothing drifts or piles up."""
    interval = dt.timedelta(seconds=interval_seconds)
    # A lease that came to nothing moves nothing.
    return due if due > now else due + interval * ((now - due) // interval + 1)


def _work(run: CheckRun) -> Work:
    check = run.made_for
    return Work(
        run_id=run.pk,
        lease=_lease(run),
        kind=check.kind,
        target=check.target,
        settings=dict(check.settings),
        headers=headers_of(check),
        timeout_seconds=check.timeout_seconds,
    )


def _lease(run: CheckRun) -> str:
    return run.leased_until.astimezone(dt.UTC).isoformat() if run.leased_until else ""


def _locked(check_id: int) -> Check | None:
    rows = Check.objects.filter(pk=check_id).select_related("integration")
    found: Check | None = rows.select_for_update(of=("self",), no_key=True).first()
    return found


def _judge(check_id: int, location: CheckLocation, results: Sequence[Result], now: dt.datetime) -> int:
    """Keep the results of one check, and settle it; how many counted."""
    with transaction.atomic():
        check = _locked(check_id)
        if check is None or check.status == CheckStatus.PAUSED:
            return 0
        runs = list(CheckRun.objects.filter(made_for=check).select_related("location").order_by("pk"))
        own = next((run for run in runs if run.location_id == location.pk), None)
        taken = 0
        for result in results:
            if own is None or not own.leased_until or own.leased_until < now or result.lease != _lease(own):
                continue
            taken += 1
            # A first result that is well is no news.
            flipped = own.ok is not result.ok and not (own.ok is None and result.ok)
            _keep(check, own, result, now)
            if not settle(check, now, runs) and flipped:
                _confirm(check, own, now)
    return taken


def _keep(check: Check, run: CheckRun, result: Result, now: dt.datetime) -> None:
    run.ok, run.seen_at, run.leased_until = result.ok, now, None
    run.detail = one_line(result.detail, _DETAIL)
    run.milliseconds = max(0, min(result.milliseconds, 2**31 - 1))
    run.save(update_fields=["ok", "seen_at", "leased_until", "detail", "milliseconds"])
    CheckResult.objects.create(
        made_for=check,
        location_id=run.location_id,
        at=now,
        ok=run.ok,
        detail=run.detail,
        milliseconds=run.milliseconds,
    )


def _confirm(check: Check, own: CheckRun, now: dt.datetime) -> None:
    """A location sees something else than before, which alone decides nothing: ask the others at once."""
    others = CheckRun.objects.filter(made_for=check, next_at__gt=now).exclude(pk=own.pk)
    others = others.exclude(ok=None, leased_until__isnull=False)
    others.exclude(ok=own.ok).update(next_at=now)
