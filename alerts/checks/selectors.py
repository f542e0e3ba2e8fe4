"""Reads of checks, of where they are made from, and of how long they were up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count, DurationField, F, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least

from alerts.choices import CheckStatus
from alerts.models import Check, CheckLocation, CheckResult, CheckRun, CheckSpan
from core.crypto import digest
from core.text import clean
from teams.actor import Actor

_JUDGED = (CheckStatus.UP, CheckStatus.DOWN)


def checks(actor: Actor, q: str = "", status: Sequence[str] = ()) -> QuerySet[Check]:
    """Visible checks with service, team, integration and runs (each with its location).

    `q` is looked for in name, target and service; `status`: only those of some states.
    """
    runs = CheckRun.objects.select_related("location").order_by("location__name", "pk")
    rows: QuerySet[Check] = Check.objects.visible_to(actor)
    rows = rows.select_related("service", "team", "integration").prefetch_related(Prefetch("runs", runs))
    wanted = set(status) & set(CheckStatus.values)
    if wanted:
        rows = rows.filter(status__in=wanted)
    q = clean(q, 200).strip()
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(target__icontains=q) | Q(service__name__icontains=q))
    return rows


def counts_of(actor: Actor) -> list[tuple[str, str, int]]:
    """(status, label, how many) of visible checks, for the filter."""
    rows = Check.objects.visible_to(actor).order_by().values("status").annotate(n=Count("pk"))
    found = {row["status"]: row["n"] for row in rows}
    return [(value, str(label), found.get(value, 0)) for value, label in CheckStatus.choices]


def locations() -> QuerySet[CheckLocation]:
    """Every location, with how many checks are made from it (`checks_made`)."""
    return CheckLocation.objects.annotate(checks_made=Count("runs")).order_by("name", "pk")


def location_by_token(secret: str) -> CheckLocation | None:
    """The active location whose worker has this token."""
    if not 20 <= len(secret) <= 200:
        return None
    return CheckLocation.objects.filter(token_digest=digest(secret), is_active=True).first()


def uptime_of(service_ids: Iterable[int], since: dt.datetime, until: dt.datetime) -> dict[int, float | None]:
    """Fraction 0..1 of the judged time each service's checks were up; None without any. One statement."""
    return _uptime("made_for__service_id", service_ids, since, until)


def uptime_of_checks(
    check_ids: Iterable[int], since: dt.datetime, until: dt.datetime
) -> dict[int, float | None]:
    """The same for each check. One statement."""
    return _uptime("made_for_id", check_ids, since, until)


def uptime_of_check(check_id: int, since: dt.datetime, until: dt.datetime) -> float | None:
    """The same for one check."""
    return uptime_of_checks([check_id], since, until)[check_id]


def _uptime(key: str, ids: Iterable[int], since: dt.datetime, until: dt.datetime) -> dict[int, float | None]:
    wanted = list(ids)
    # Half-open on both sides; a span that is still open lasts until the end that is asked for.
    inside = Least(Coalesce(F("until"), Value(until)), Value(until)) - Greatest(F("since"), Value(since))
    rows = (
        CheckSpan.objects.filter(**{f"{key}__in": wanted}, status__in=_JUDGED, since__lt=until)
        .filter(Q(until=None) | Q(until__gt=since))
        .order_by()
        .values(key)
        .annotate(
            up=Sum(inside, filter=Q(status=CheckStatus.UP), output_field=DurationField()),
            all=Sum(inside, output_field=DurationField()),
        )
    )
    found: dict[int, float | None] = dict.fromkeys(wanted)
    for row in rows:
        if row["all"]:
            found[row[key]] = (row["up"] or dt.timedelta()) / row["all"]
    return found


def spans_of(check_id: int, limit: int) -> list[CheckSpan]:
    """The newest spans of a check first, the open one among them."""
    return list(CheckSpan.objects.filter(made_for_id=check_id).order_by("-since", "-pk")[:limit])


def spans_between(
    check_ids: Iterable[int], since: dt.datetime, until: dt.datetime
) -> dict[int, list[CheckSpan]]:
    """Spans that touch [since, until) of each check, the oldest first; for bars of days. One statement."""
    found: dict[int, list[CheckSpan]] = {pk: [] for pk in check_ids}
    rows = CheckSpan.objects.filter(made_for_id__in=list(found), since__lt=until)
    for span in rows.filter(Q(until=None) | Q(until__gt=since)).order_by("since", "pk"):
        found[span.made_for_id].append(span)
    return found


def results_of(check_id: int, limit: int) -> list[CheckResult]:
    """The newest results of a check first, with their location."""
    rows = CheckResult.objects.filter(made_for_id=check_id).select_related("location")
    return list(rows.order_by("-at", "-pk")[:limit])
