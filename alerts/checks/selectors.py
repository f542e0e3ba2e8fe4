"""Reads of checks, and of where they are made from."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Prefetch, Q, QuerySet

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


def spans_of(check_id: int, limit: int) -> list[CheckSpan]:
    """The newest spans of a check first, the open one among them."""
    return list(CheckSpan.objects.filter(made_for_id=check_id).order_by("-since", "-pk")[:limit])


def results_of(check_id: int, limit: int) -> list[CheckResult]:
    """The newest results of a check first, with their location."""
    rows = CheckResult.objects.filter(made_for_id=check_id).select_related("location")
    return list(rows.order_by("-at", "-pk")[:limit])
