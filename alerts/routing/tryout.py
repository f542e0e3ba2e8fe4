"""What a rule would have changed, on the last alerts of its team: nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from alerts import matching
from alerts.models import Alert, RoutingRule
from alerts.routing import enriching
from alerts.routing.rules import Book, in_order, outcome
from alerts.slo.selectors import budgets
from alerts.sources.base import Parsed
from services.models import Service
from teams.actor import Actor

LOOKED_AT = 100


@dataclass(frozen=True)
class Moved:
    """An alert that would go elsewhere; both ways in words."""

    alert: Alert
    before: str
    after: str


@dataclass(frozen=True)
class TryOut:
    """`looked_at` alerts, newest first; those of them that would go elsewhere; how many the rule would decide."""

    looked_at: int
    decided: int
    moved: list[Moved]


def try_out(actor: Actor, draft: RoutingRule) -> TryOut:
    """The draft (not saved; with a key it stands in place of that rule) on the last alerts of its team.

    Every alert is asked about at the time it came, under the rules and with the error budgets as they
    are now.
    """
    rules = list(in_order(RoutingRule.objects.filter(team=draft.team_id)))
    after = _with(rules, draft)
    books = [Book(row for row in rows if row.is_active) for rows in (rules, after)]
    alerts = last_alerts(actor, draft.team_id)
    services = _origins(alerts)
    asked = (
        {service.pk for service in services.values()} if any(book.asks_budgets for book in books) else set()
    )
    left = budgets(asked)
    moved, decided = [], 0
    for alert in alerts:
        of = matching.facts(
            alert.labels,
            source=alert.integration.kind,
            severity=alert.severity,
            title=alert.title,
            urgency=_urgency(alert),
        )
        origin = services[alert.pk]
        old, new = (book.decide(of, alert.first_seen_at, left.get(origin.pk)) for book in books)
        decided += new.rule is draft
        if _way(old.rule, alert, origin) != _way(new.rule, alert, origin):
            moved.append(Moved(alert, _words(old.rule, origin), _words(new.rule, origin)))
    return TryOut(len(alerts), decided, moved)


def last_alerts(actor: Actor, team_id: int) -> list[Alert]:
    """The newest alerts that came in over integrations of the team, wherever they went."""
    rows = Alert.objects.visible_to(actor).select_related("integration__service").defer("raw", "description")
    own = rows.filter(team=team_id, integration__team=team_id).order_by("-pk")[:LOOKED_AT]
    away = rows.filter(rule__team=team_id).exclude(team=team_id).order_by("-pk")[:LOOKED_AT]
    return sorted([*own, *away], key=lambda alert: -alert.pk)[:LOOKED_AT]


def _with(rules: Sequence[RoutingRule], draft: RoutingRule) -> list[RoutingRule]:
    if draft.pk is None:
        return [*rules, draft]
    return [draft if row.pk == draft.pk else row for row in rules]


def _origins(alerts: Sequence[Alert]) -> dict[int, Service]:
    """The service of each alert before any rule: its integration's, or the one its label names."""
    asked = {alert.pk: enriching.wanted(alert.integration, alert) for alert in alerts}
    services = enriching.named({each for each in asked.values() if each is not None})
    found = {}
    for alert in alerts:
        wanted = asked[alert.pk]
        named = services.get(wanted) if wanted is not None else None
        found[alert.pk] = named or alert.integration.service
    return found


def _urgency(alert: Alert) -> str:
    """The urgency it came with, whatever a rule made of it."""
    return Parsed(action="trigger", dedup_key="", group_key="", severity=alert.severity).urgency


def _way(rule: RoutingRule | None, alert: Alert, origin: Service) -> tuple[object, ...]:
    if rule is None:
        return (False, origin.pk, _urgency(alert), None, None, None)
    if rule.suppress:
        return (True,)
    urgency = rule.urgency or _urgency(alert)
    service = rule.service_id or origin.pk
    return (False, service, urgency, rule.severity_id, rule.policy_id, rule.hold_minutes)


def _words(rule: RoutingRule | None, origin: Service) -> str:
    if rule is None:
        return _("default: to %(service)s") % {"service": origin.name}
    return f"{rule.name}: {outcome(rule)}"
