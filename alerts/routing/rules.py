"""A team's rules, read once and asked for every new alert: the first that matches decides."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
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
# So many values of labels, and minutes, a book remembers; so many books a process keeps.
_REMEMBERED = 4096
_BOOKS = 64
# `xmin` and `ctid` say which writing of a row this is: with any change of a rule, or of what it names, the version is
# another.
_VERSIONS = """
SELECT r.team_id, md5(string_agg(
    concat_ws(':', r.id, r.xmin, r.ctid, s.xmin, s.ctid, l.xmin, l.ctid, p.xmin, p.ctid), ',' ORDER BY r.id))
FROM alerts_routingrule r
LEFT JOIN services_service s ON s.id = r.service_id
LEFT JOIN incidents_severitylevel l ON l.rank = r.severity_id
LEFT JOIN oncall_escalationpolicy p ON p.id = r.policy_id
WHERE r.is_active AND r.team_id = ANY(%s) GROUP BY r.team_id
"""


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

    def has_left(self, budget: float | None) -> bool:
        """Whether so much of the service's error budget lets the rule be asked; None: it has none."""
        below = self.row.budget_below
        return below is None or (budget is not None and budget * 100 < below)

    def in_hours(self, at: dt.datetime) -> bool:
        return bool(self.broken) or hours.covered(self.spans, self.row.timezone, at)

    def cannot(self, reason: str) -> Decision:
        name = self.row.name
        return Decision(
            failed=f"The rule “{name}” could not be used, so the default route was taken: {reason}"
        )


class Book:
    """The rules of one team in order. What conditions on a label make of a value is remembered: values repeat.

    A set of rules is an integer with a bit for each, the first rule the lowest.
    """

    def __init__(self, rows: Iterable[RoutingRule]) -> None:
        self._rules = [_Prepared(row) for row in rows]
        self._of: dict[str, dict[matching.Matcher, int]] = defaultdict(dict)
        for bit, rule in enumerate(self._rules):
            for matcher in rule.matchers:
                with_it = self._of[matcher.name]
                with_it[matcher] = with_it.get(matcher, 0) | 1 << bit
        self._of_budgets = sum(
            1 << bit for bit, rule in enumerate(self._rules) if rule.row.budget_below is not None
        )
        self._open: dict[dt.datetime, int] = {}
        self._failing: dict[tuple[str, str], int] = {}
        self._broken: dict[matching.Matcher, str] = {}

    @property
    def asks_budgets(self) -> bool:
        """Whether a rule asks what is left of the service's error budget."""
        return bool(self._of_budgets)

    def decide(self, of: Mapping[str, str], at: dt.datetime, budget: float | None = None) -> Decision:
        """The first rule that is in its hours at `at` and matches; none is the default route.

        `budget`: the fraction that is left of the error budget of the alert's service, None without one.
        """
        failing = self._rich(budget) if self._of_budgets else 0
        for name in self._of:
            failing |= self._fails(name, of.get(name, ""))
        left = self._in_hours(at.replace(second=0, microsecond=0)) & ~failing
        if not left:
            return _DEFAULT
        rule = self._rules[(left & -left).bit_length() - 1]
        bad = rule.broken or next((self._broken[each] for each in rule.matchers if each in self._broken), "")
        return rule.cannot(bad) if bad else Decision(rule.row)

    def _fails(self, name: str, value: str) -> int:
        """The rules with a condition on this label that does not hold of the value; one that cannot be asked is
        noted, and its rule stays."""
        known = self._failing.get((name, value))
        if known is None:
            known = 0
            for matcher, rules in self._of[name].items():
                try:
                    if not matcher.holds(value):
                        known |= rules
                except matching.MatcherError as error:
                    self._broken[matcher] = str(error)
            if len(self._failing) >= _REMEMBERED:
                self._failing.clear()
            self._failing[name, value] = known
        return known

    def _rich(self, budget: float | None) -> int:
        """The rules that are for a budget smaller than this."""
        return sum(1 << bit for bit, rule in enumerate(self._rules) if not rule.has_left(budget))

    def _in_hours(self, minute: dt.datetime) -> int:
        known = self._open.get(minute)
        if known is None:
            known = sum(1 << bit for bit, rule in enumerate(self._rules) if rule.in_hours(minute))
            if len(self._open) >= _REMEMBERED:
                self._open.clear()
            self._open[minute] = known
        return known


# The books a process has read, by team, with the version they were read at.
_kept: dict[int, tuple[str, Book]] = {}


class RuleBook:
    """Active rules of some teams by position, with what they name, as they are at `now`."""

    def __init__(self, books: Mapping[int, Book], now: dt.datetime) -> None:
        self._books = books
        self._now = now

    @classmethod
    def of_teams(cls, team_ids: Collection[int], now: dt.datetime) -> RuleBook:
        """Read again only what has changed since this process asked last."""
        if not team_ids:
            return cls({}, now)
        with connection.cursor() as cursor:
            cursor.execute(_VERSIONS, [list(team_ids)])
            versions = dict(cursor.fetchall())
        kept = {team: _kept.get(team) for team in versions}
        books = {team: row[1] for team, row in kept.items() if row is not None and row[0] == versions[team]}
        missing = versions.keys() - books.keys()
        if missing:
            rows: dict[int, list[RoutingRule]] = defaultdict(list)
            for rule in in_order(RoutingRule.objects.filter(team_id__in=missing, is_active=True)):
                rows[rule.team_id].append(rule)
            if len(_kept) > _BOOKS:
                _kept.clear()
            for team in missing:
                books[team] = Book(rows[team])
                _kept[team] = (versions[team], books[team])
        return cls(books, now)

    def has(self, team_id: int | None) -> bool:
        return team_id in self._books

    def asks_budgets(self, team_id: int | None) -> bool:
        """Whether a rule of the team asks what is left of the service's error budget."""
        book = self._books.get(team_id or 0)
        return book is not None and book.asks_budgets

    def decide(self, team_id: int | None, alert: Alert, source: str, budget: float | None = None) -> Decision:
        """The decision on an alert that came in for the team over an integration of kind `source`.

        `budget`: the fraction that is left of its service's error budget, where the team `asks_budgets`.
        """
        book = self._books.get(team_id or 0)
        if book is None:
            return _DEFAULT
        of = matching.facts(
            alert.labels, source=source, severity=alert.severity, title=alert.title, urgency=alert.urgency
        )
        return book.decide(of, self._now, budget)


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
