"""Reads of objectives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.choices import Burning
from alerts.models import Objective
from alerts.slo import burn
from alerts.slo.sums import Ask, ends_of, measured
from core.text import clean
from incidents.models import Incident
from teams.actor import Actor

Choice = tuple[str, str, int]
STATES = ("fast", "slow", "spent", "good", "none", "off")
_FACETS = 12


@dataclass(frozen=True)
class Facets:
    """Chips by group, each (value, label, count); those that would leave nothing are not there."""

    state: list[Choice]
    team: list[Choice]
    service: list[Choice]


@dataclass(frozen=True)
class Day:
    """One day of the window, the last one until now. `left`: of the whole window's budget, at the day's end."""

    start: dt.datetime
    end: dt.datetime
    seen: burn.Measured
    left: float | None

    @property
    def sli(self) -> float | None:
        return burn.sli(self.seen)


def objectives(
    actor: Actor, *, q: str = "", state: Sequence[str] = (), team: Sequence[str] = (), service: str = ""
) -> QuerySet[Objective]:
    """Visible objectives with service, team and integration.

    `q` is looked for in name and service; `state` of `STATES`; `team`, `service`: slugs.
    """
    rows: QuerySet[Objective] = Objective.objects.visible_to(actor)
    rows = rows.select_related("service", "team", "integration")
    wanted = [_states()[each] for each in state if each in STATES]
    if wanted:
        either = Q()
        for each in wanted:
            either |= each
        rows = rows.filter(either)
    if team:
        rows = rows.filter(team__slug__in=[clean(each, 80) for each in team])
    if service:
        rows = rows.filter(service__slug=clean(service, 80))
    q = clean(q, 200).strip()
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(service__name__icontains=q))
    return rows


def _states() -> dict[str, Q]:
    used, calm = Q(is_enabled=True), Q(is_enabled=True, burning=Burning.NO)
    return {
        "fast": used & Q(burning=Burning.FAST),
        "slow": used & Q(burning=Burning.SLOW),
        "spent": used & Q(budget_left__lte=0),
        "good": calm & Q(budget_left__gt=0),
        "none": calm & Q(budget_left__isnull=True),
        "off": Q(is_enabled=False),
    }


def labels() -> dict[str, str]:
    """What the states are called."""
    return {
        "fast": _("Fast burn"),
        "slow": _("Slow burn"),
        "spent": _("Budget spent"),
        "good": _("Within budget"),
        "none": _("Nothing measured"),
        "off": _("Switched off"),
    }


def facets(actor: Actor) -> Facets:
    """How many visible objectives each chip would leave: one statement."""
    states = {f"is_{name}": Count("pk", filter=condition) for name, condition in _states().items()}
    found = list(
        Objective.objects.visible_to(actor)
        .order_by()
        .values(
            where=F("service__slug"),
            where_name=F("service__name"),
            whose=F("team__slug"),
            whose_name=F("team__name"),
        )
        .annotate(many=Count("pk"), **states)
    )
    words = labels()
    state = [(name, words[name], sum(row[f"is_{name}"] for row in found)) for name in STATES]
    return Facets(
        state=[row for row in state if row[2]],
        team=_chips([(row["whose"], row["whose_name"], row["many"]) for row in found if row["whose"]]),
        service=_chips([(row["where"], row["where_name"], row["many"]) for row in found]),
    )


def _chips(rows: list[Choice]) -> list[Choice]:
    summed: dict[tuple[str, str], int] = {}
    for slug, name, many in rows:
        summed[slug, name] = summed.get((slug, name), 0) + many
    found = [(slug, name, many) for (slug, name), many in summed.items()]
    return sorted(found, key=lambda row: (-row[2], row[1]))[:_FACETS]


def of_services(actor: Actor, service_ids: Collection[int], *, limit: int | None = 50) -> list[Objective]:
    """Visible objectives in use of these services, the least budget first: one statement."""
    rows = objectives(actor).filter(service__in=service_ids, is_enabled=True)
    return list(rows.order_by(F("budget_left").asc(nulls_last=True), "pk")[:limit])


def of_incident(actor: Actor, number: int) -> list[Objective]:
    """The same for the services of a visible incident: one statement."""
    visible = Incident.objects.visible_to(actor).filter(number=number)
    rows = objectives(actor).filter(service__in=visible.values("services"), is_enabled=True)
    return list(rows.order_by(F("budget_left").asc(nulls_last=True), "pk")[:50])


def budgets(service_ids: Collection[int]) -> dict[int, float]:
    """The least budget left of each service that has a measured objective in use: one statement."""
    if not service_ids:
        return {}
    rows = Objective.objects.filter(
        service__in=service_ids, is_enabled=True, budget_left__isnull=False
    ).order_by()
    return dict(rows.values_list("service").annotate(least=Min("budget_left")))


def history(row: Objective, now: dt.datetime) -> list[Day]:
    """The days of its window, oldest first, each of 24 hours: at most four statements."""
    end = ends_of([row], now)[row.pk]
    step = dt.timedelta(days=1)
    starts = [end - step * back for back in range(row.window_days, 0, -1)]
    found = measured([Ask(row, start, start + step) for start in starts], now)
    budget = burn.budget_of(row.target)
    whole = sum(seen.whole for seen in found)
    days, bad = [], 0.0
    for start, seen in zip(starts, found, strict=True):
        bad += seen.bad
        days.append(Day(start, start + step, seen, 1 - bad / (whole * budget) if whole else None))
    return days
