"""Service level objectives: made by managers of the team; counts are pushed by its responders and tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from alerts.actions import watching
from alerts.choices import ObjectiveSource, SourceKind
from alerts.models import Check, Heartbeat, Objective
from alerts.slo import burn, evaluating
from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from core.text import one_line
from teams.actions.audit import record
from teams.actor import Actor

MAX_OF_TEAM = 200
MAX_COUNTS = 1000
LARGEST = 10**12
LEAST, MOST = Decimal("50"), Decimal("100")
_STEP = dt.timedelta(seconds=burn.BUCKET)
# A sender's clock may be ahead by so much.
_AHEAD = dt.timedelta(minutes=1)
_BATCH = 500
_FIELDS = frozenset(
    ("name", "service_id", "description", "target", "window_days", "source", "pages", "is_enabled")
    + ("external_id",)
)
_MEASURED = ("service_id", "target", "window_days", "source", "is_enabled")

_UPSERT = """
INSERT INTO alerts_objectivecount (objective_id, at, good, total)
SELECT %(objective)s, t.at, t.good, t.total
FROM unnest(%(at)s::timestamptz[], %(good)s::bigint[], %(total)s::bigint[]) AS t(at, good, total)
ON CONFLICT (objective_id, at) DO UPDATE SET good = excluded.good, total = excluded.total
WHERE (alerts_objectivecount.good, alerts_objectivecount.total) <> (excluded.good, excluded.total)
"""


class Count(NamedTuple):
    """So many of `total` events were good in the five minutes that hold `at`."""

    at: dt.datetime
    good: int
    total: int


def save_objective(
    *, actor: Actor, objective_id: int | None = None, now: dt.datetime | None = None, **fields: Any
) -> Objective:
    """Make an objective or change one; it is evaluated at once. Managers of the service's team; audited.

    `fields`: name, service_id, target (percent, above 50 and below 100; these three needed for a new one),
    description, window_days, source, pages, is_enabled, external_id; what is not named stays.
    """
    unknown = set(fields) - _FIELDS
    if unknown:
        raise TypeError(f"save_objective: {', '.join(sorted(unknown))}")
    now = now or clock.database_now()
    with transaction.atomic():
        new = objective_id is None
        row = Objective() if objective_id is None else watching.locked(Objective, actor, objective_id)
        before, paged = [getattr(row, name) for name in _MEASURED], bool(row.pages)
        if new or "service_id" in fields:
            watching.set_service(actor, row, fields.get("service_id"), most=MAX_OF_TEAM)
        if new or "name" in fields:
            watching.set_name(row, fields.get("name") or "")
        _set_aim(row, fields, new=new)
        _set_words(row, fields)
        if new:
            watching.attach(actor, row, SourceKind.OBJECTIVE)
        watching.store(row)
        row.integration.service_id = row.service_id
        if new or before != [getattr(row, name) for name in _MEASURED] or paged != row.pages:
            evaluating.measure([row], now)
            row.save(update_fields=["sli", "budget_left", "rates", "evaluated_at"])
            evaluating.settle(row, now, paged=paged)
        _audit(actor, "created" if new else "changed", row)
    return row


def _set_aim(row: Objective, fields: dict[str, Any], *, new: bool) -> None:
    if new or "target" in fields:
        target = fields.get("target")
        if not isinstance(target, Decimal) or not LEAST < target < MOST:
            raise field_error("target", "Above 50 and below 100 percent, such as 99.9.")
        if target != round(target, 4):
            raise field_error("target", "At most four digits after the point.")
        row.target = round(target, 4)
    row.window_days = fields.get("window_days") or row.window_days
    if row.window_days not in burn.WINDOWS:
        raise field_error("window_days", f"One of {', '.join(map(str, burn.WINDOWS))}.")
    row.source = fields.get("source") or row.source
    if row.source not in ObjectiveSource.values:
        raise field_error("source", f"One of {', '.join(ObjectiveSource.values)}.")


def _set_words(row: Objective, fields: dict[str, Any]) -> None:
    if "description" in fields:
        row.description = one_line(fields["description"] or "", 500)
    if "external_id" in fields:
        row.external_id = one_line(fields["external_id"] or "", 200)
    # One that moves to another team meets the identifiers there.
    others = Objective.objects.filter(team=row.team_id).exclude(pk=row.pk).exclude(external_id="")
    if row.external_id and others.filter(external_id=row.external_id).exists():
        raise field_error("external_id", "The team has an objective with this identifier already.")
    for name in ("pages", "is_enabled"):
        if fields.get(name) is not None:
            setattr(row, name, fields[name])


def switch_objective(
    *, actor: Actor, objective_id: int, on: bool, now: dt.datetime | None = None
) -> Objective:
    """Off: it is not evaluated, and open alerts of it resolve. Its counts are taken all the same."""
    row = visible(actor, objective_id)
    if actor.manages(row.team_id) and row.is_enabled == on:
        raise Conflict("It is in use already." if on else "It is switched off already.", code="unchanged")
    return save_objective(actor=actor, objective_id=objective_id, is_enabled=on, now=now)


def delete_objective(*, actor: Actor, objective_id: int, now: dt.datetime | None = None) -> None:
    """Its counts go with it; alerts it opened stay on record, open ones resolve."""
    now = now or clock.database_now()
    with transaction.atomic():
        row = watching.locked(Objective, actor, objective_id)
        integration = row.integration
        evaluating.end(row, now)
        _audit(actor, "deleted", row)
        row.delete()
        watching.retire(integration)


def visible(actor: Actor, objective_id: int) -> Objective:
    """The objective with its service and team; NotVisible otherwise."""
    rows = Objective.objects.visible_to(actor).select_related("service", "team", "integration")
    found: Objective | None = rows.filter(pk=objective_id).first()
    if found is None:
        raise NotVisible
    return found


def may_count(actor: Actor, row: Objective) -> bool:
    """Managers and responders of its team push counts."""
    return actor.responds(row.team_id)


def push_counts(
    *, actor: Actor, objective_id: int, counts: Iterable[Count], now: dt.datetime | None = None
) -> int:
    """Keep counts, each in place of what its five minutes held before; returns how many buckets were sent.

    At most 1,000; none older than the window, none in the future, none twice. One statement.
    """
    now = now or clock.database_now()
    row = visible(actor, objective_id)
    if not may_count(actor, row):
        raise NotAllowed("Only managers and responders of its team can push counts.")
    if row.source != ObjectiveSource.COUNTS:
        raise Conflict("It is not measured by counts.", code="not_counted")
    found = _buckets(list(counts), row, now)
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "objective": row.pk,
                "at": list(found),
                "good": [each.good for each in found.values()],
                "total": [each.total for each in found.values()],
            },
        )
    return len(found)


def _buckets(counts: list[Count], row: Objective, now: dt.datetime) -> dict[dt.datetime, Count]:
    """The counts by the start of their five minutes, in order; `InvalidInput` names each that cannot be taken."""
    if not 1 <= len(counts) <= MAX_COUNTS:
        raise field_error("counts", f"From 1 to {MAX_COUNTS:,} rows.")
    oldest = now - dt.timedelta(days=row.window_days)
    found: dict[dt.datetime, Count] = {}
    errors: dict[str, list[str]] = {}
    for place, count in enumerate(counts):
        name, reason = "at", ""
        if count.at > now + _AHEAD:
            reason = "Lies in the future."
        elif count.at < oldest:
            reason = f"Is older than the window of {row.window_days} days."
        elif not 0 <= count.total <= LARGEST:
            name, reason = "total", f"From 0 to {LARGEST:,}."
        elif not 0 <= count.good <= count.total:
            name, reason = "good", "From 0 to total."
        else:
            start = bucket_of(count.at)
            reason = "These five minutes are there twice." if start in found else ""
            found.setdefault(start, count)
        if reason:
            errors[f"counts.{place}.{name}"] = [reason]
    if errors:
        raise InvalidInput(fields=errors)
    return dict(sorted(found.items()))


def bucket_of(at: dt.datetime) -> dt.datetime:
    """The start of the five minutes that hold this instant."""
    seconds = int(at.timestamp()) // burn.BUCKET * burn.BUCKET
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def evaluate(now: dt.datetime | None = None) -> int:
    """Measure every objective in use and let begin or end what its figures say; returns how many changed.

    At most five statements for any 500 of which nothing changes. Any number of processes may do this at once: a
    change is made under the row's lock, by the figures of the latest.
    """
    now = now or clock.database_now()
    changed, after = 0, 0
    while True:
        rows = list(Objective.objects.filter(is_enabled=True, pk__gt=after).order_by("pk")[:_BATCH])
        if not rows:
            return changed
        evaluating.measure(rows, now, in_turn=True)
        evaluating.write(rows, now)
        for row in rows:
            if evaluating.speed_of(row) != row.burning:
                changed += _settle(row.pk, now)
        after = rows[-1].pk


def _settle(objective_id: int, now: dt.datetime) -> bool:
    with transaction.atomic():
        rows = Objective.objects.select_related("integration").filter(pk=objective_id, is_enabled=True)
        row: Objective | None = rows.select_for_update(of=("self",), no_key=True).first()
        if row is None or evaluating.speed_of(row) == row.burning:
            return False
        evaluating.settle(row, now)
    return True


def lacks_source(row: Objective) -> bool:
    """Whether it is measured by checks or heartbeats of its service, which has none."""
    watched: dict[str, type[Check] | type[Heartbeat]]
    watched = {ObjectiveSource.CHECKS: Check, ObjectiveSource.HEARTBEATS: Heartbeat}
    model = watched.get(row.source)
    return model is not None and not model.objects.filter(service_id=row.service_id).exists()


def _audit(actor: Actor, verb: str, row: Objective) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="objective",
        obj_id=row.pk or 0,
        label=row.name,
        team_id=row.team_id,
        data={
            "service": row.service_id,
            "target": f"{row.target:f}",
            "window_days": row.window_days,
            "source": row.source,
            "pages": row.pages,
            "in_use": row.is_enabled,
            "external_id": row.external_id,
        },
    )
