"""A team's rules, read once and asked for every new alert: the first that matches decides."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts import matching
from alerts.models import Alert, RoutingRule
from alerts.routing import hours
from notifications.choices import Urgency


@dataclass(frozen=True)
class Decision:
    """The rule that decides, or none. `failed`: why the default route was taken instead, in a sentence."""

    rule: RoutingRule | None = None
    failed: str = ""


_DEFAULT = Decision()


class _Prepared:
    """One rule as it is asked; a rule whose stored data is bad says so when it is asked."""

    def __init__(self, row: RoutingRule) -> None:
        self.row = row
        self.matchers: frozenset[matching.Matcher] = frozenset()
        self.spans: tuple[hours.Span, ...] = ()
        self.broken = ""
        try:
            self.matchers = frozenset(matching.stored(row.matchers))
            self.spans = hours.stored(row.hours)
            hours.zone(row.timezone)
        except (matching.MatcherError, hours.HoursError) as error:
            self.broken = str(error)

    def in_hours(self, at: dt.datetime) -> bool:
        return bool(self.broken) or hours.covered(self.spans, self.row.timezone, at)

    def cannot(self, reason: str) -> Decision:
        name = self.row.name
        return Decision(
            failed=f"The rule “{name}” could not be used, so the default route was taken: {reason}"
        )


class Book:
    """The rules of one team in order. Each condition is asked once about each value, whatever rules share it."""

    def __init__(self, rows: Iterable[RoutingRule]) -> None:
        self._rules = [_Prepared(row) for row in rows]
        self._of: dict[str, set[matching.Matcher]] = defaultdict(set)
        for rule in self._rules:
            for matcher in rule.matchers:
                self._of[matcher.name].add(matcher)
        self._open: dict[dt.datetime, list[_Prepared]] = {}
        self._failing: dict[tuple[str, str], frozenset[matching.Matcher]] = {}
        self._broken: dict[matching.Matcher, str] = {}

    def decide(self, of: Mapping[str, str], at: dt.datetime) -> Decision:
        """The first rule that is in its hours at `at` and matches; none is the default route."""
        failing = frozenset().union(*(self._fails(name, of.get(name, "")) for name in self._of))
        for rule in self._in_hours(at.replace(second=0, microsecond=0)):
            if rule.broken:
                return rule.cannot(rule.broken)
            if rule.matchers.isdisjoint(failing):
                bad = next((self._broken[each] for each in rule.matchers if each in self._broken), "")
                return rule.cannot(bad) if bad else Decision(rule.row)
        return _DEFAULT

    def _fails(self, name: str, value: str) -> frozenset[matching.Matcher]:
        """The conditions on this label that do not hold of the value; one that cannot be asked is noted."""
        known = self._failing.get((name, value))
        if known is None:
            found = []
            for matcher in self._of[name]:
                try:
                    if not matcher.holds(value):
                        found.append(matcher)
                except matching.MatcherError as error:
                    self._broken[matcher] = str(error)
            known = self._failing[name, value] = frozenset(found)
        return known

    def _in_hours(self, minute: dt.datetime) -> list[_Prepared]:
        known = self._open.get(minute)
        if known is None:
            known = self._open[minute] = [rule for rule in self._rules if rule.in_hours(minute)]
        return known


class RuleBook:
    """Active rules of some teams by position, with what they name, as they are at `now`."""

    def __init__(self, rows: Iterable[RoutingRule], now: dt.datetime) -> None:
        by_team: dict[int, list[RoutingRule]] = defaultdict(list)
        for row in rows:
            by_team[row.team_id].append(row)
        self._books = {team: Book(rules) for team, rules in by_team.items()}
        self._now = now

    @classmethod
    def of_teams(cls, team_ids: Collection[int], now: dt.datetime) -> RuleBook:
        return cls(in_order(RoutingRule.objects.filter(team_id__in=team_ids, is_active=True)), now)

    def has(self, team_id: int | None) -> bool:
        return team_id in self._books

    def decide(self, team_id: int | None, alert: Alert, source: str) -> Decision:
        """The decision on an alert that came in for the team over an integration of kind `source`."""
        book = self._books.get(team_id or 0)
        if book is None:
            return _DEFAULT
        of = matching.facts(
            alert.labels, source=source, severity=alert.severity, title=alert.title, urgency=alert.urgency
        )
        return book.decide(of, self._now)


def in_order(rows: QuerySet[RoutingRule]) -> QuerySet[RoutingRule]:
    """The rules as they are asked, with what they name."""
    return rows.select_related("service", "severity", "policy").order_by("team", "position", "pk")


def apply(alert: Alert, decision: Decision, now: dt.datetime) -> None:
    """Let the decision take effect on a new alert, and say so in its route."""
    rule = decision.rule
    if rule is None:
        alert.route = [*alert.route, decision.failed or "No rule matched"]
        return
    alert.rule = rule
    if rule.service is not None:
        alert.service = rule.service
        alert.team_id = rule.service.team_id or alert.team_id
    alert.urgency = rule.urgency or alert.urgency
    alert.severity_rank, alert.policy = rule.severity_id, rule.policy
    if rule.suppress:
        alert.held_by = f"the rule “{rule.name}”, which suppresses it"
    elif rule.hold_minutes:
        alert.place_at = now + dt.timedelta(minutes=rule.hold_minutes)
    alert.route = [*alert.route, f"Rule “{rule.name}”: {outcome(rule)}"]


def outcome(rule: RoutingRule) -> str:
    """What the rule does with an alert, in words."""
    if rule.suppress:
        return _("recorded only, nobody is paged")
    parts = []
    if rule.service is not None:
        parts.append(_("to %(service)s") % {"service": rule.service.name})
    if rule.urgency:
        parts.append(_("urgency %(urgency)s") % {"urgency": Urgency(rule.urgency).label})
    if rule.severity is not None:
        parts.append(_("opens as %(severity)s") % {"severity": rule.severity})
    if rule.policy is not None:
        parts.append(_("pages %(policy)s") % {"policy": rule.policy.name})
    if rule.hold_minutes:
        count = rule.hold_minutes
        parts.append(
            ngettext(
                "opens an incident only if it still fires after %(count)d minute",
                "opens an incident only if it still fires after %(count)d minutes",
                count,
            )
            % {"count": count}
        )
    return ", ".join(parts) or _("goes on as it came")
