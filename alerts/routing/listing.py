"""A team's rules and its services' settings as their page shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from alerts import matching
from alerts.models import Alert, RoutingRule, ServiceAlerting
from alerts.routing import hours
from alerts.routing.rules import in_order, outcome
from services.models import Service
from teams.actor import Actor
from teams.models import Team

RECENT = dt.timedelta(days=7)


@dataclass(frozen=True)
class Listed:
    """A rule in words; `decided`: alerts it decided in the last seven days; `broken`: why it cannot be used."""

    rule: RoutingRule
    conditions: str
    times: str
    budget: str
    outcome: str
    decided: int
    broken: str


def rules_of(team: Team, now: dt.datetime) -> list[Listed]:
    """The team's rules in the order they are asked: two statements."""
    rows = list(in_order(RoutingRule.objects.filter(team=team)))
    counts = decided([row.pk for row in rows], now)
    return [listed(row, counts.get(row.pk, 0)) for row in rows]


def decided(rule_ids: list[int], now: dt.datetime) -> dict[int, int]:
    """How many alerts each rule decided in the last seven days."""
    rows = Alert.objects.filter(rule__in=rule_ids, first_seen_at__gt=now - RECENT).order_by()
    return dict(rows.values_list("rule").annotate(found=Count("pk")))


def listed(rule: RoutingRule, count: int) -> Listed:
    conditions = times = broken = ""
    try:
        matchers = matching.stored(rule.matchers)
        conditions = matching.show(matchers) if matchers else ""
        if hours.stored(rule.hours):
            hours.zone(rule.timezone)
            times = _("%(hours)s in %(zone)s") % {"hours": hours.described(rule.hours), "zone": rule.timezone}
    except (matching.MatcherError, hours.HoursError) as error:
        broken = str(error)
    budget = ""
    if rule.budget_below is not None:
        budget = _("less than %(percent)d %% of the service's error budget left") % {
            "percent": rule.budget_below
        }
    return Listed(rule, conditions, times, budget, outcome(rule), count, broken)


def services_of(team: Team, actor: Actor) -> list[tuple[Service, ServiceAlerting]]:
    """The team's visible services with their settings; defaults where nobody has set any."""
    rows = (
        Service.objects.visible_to(actor).filter(team=team).select_related("alerting").order_by("name", "pk")
    )
    return [(row, getattr(row, "alerting", None) or ServiceAlerting()) for row in rows[:500]]
