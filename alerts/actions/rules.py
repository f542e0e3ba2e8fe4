"""Routing rules of a team: an ordered list, of which the first that matches decides. Managers of the team."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from alerts import matching
from alerts.models import RoutingRule
from alerts.routing import hours
from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from incidents.models import SeverityLevel
from notifications.choices import Urgency
from oncall.models import EscalationPolicy
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team

MAX_RULES = 500
MAX_HOLD = 240
_FIELDS = frozenset(
    (
        "name",
        "is_active",
        "matchers",
        "hours",
        "timezone",
        "budget_below",
        "service_id",
        "urgency",
        "severity",
        "policy_id",
        "suppress",
        "hold_minutes",
    )
)


def draft_rule(*, actor: Actor, team_id: int, rule_id: int | None = None, **fields: Any) -> RoutingRule:
    """A rule as it would be saved, checked but not saved; `InvalidInput` naming what is wrong.

    `fields`, of which only `name` is needed for a new one: matchers ({name, op, value}), hours ({days, start, end}),
    timezone, budget_below (percent), is_active, and what follows:
    service_id, urgency, severity (0 to 4), policy_id, suppress, hold_minutes.
    """
    unknown = set(fields) - _FIELDS
    if unknown:
        raise TypeError(f"draft_rule: {', '.join(sorted(unknown))}")
    rule = _visible(actor, rule_id) if rule_id is not None else RoutingRule(team=_team(actor, team_id))
    _check_manages(actor, rule.team_id)
    if "name" in fields or rule.pk is None:
        rule.name = one_line(fields.get("name") or "", 120)
        if not rule.name:
            raise field_error("name", "A rule needs a name.")
    _set_conditions(rule, fields)
    _set_budget(rule, fields)
    _set_targets(actor, rule, fields)
    rule.is_active = fields.get("is_active", rule.is_active)
    rule.suppress = fields.get("suppress", rule.suppress)
    return rule


def _set_conditions(rule: RoutingRule, fields: dict[str, Any]) -> None:
    try:
        if "matchers" in fields:
            rule.matchers = matching.checked(fields["matchers"])
    except matching.MatcherError as error:
        raise field_error("matchers", str(error)) from error
    try:
        if "hours" in fields:
            rule.hours = hours.checked(fields["hours"])
    except hours.HoursError as error:
        raise field_error("hours", str(error)) from error
    try:
        if "timezone" in fields:
            hours.zone(fields["timezone"])
            rule.timezone = fields["timezone"]
    except hours.HoursError as error:
        raise field_error("timezone", str(error)) from error


def _set_budget(rule: RoutingRule, fields: dict[str, Any]) -> None:
    if "budget_below" in fields:
        rule.budget_below = fields["budget_below"]
        if rule.budget_below is not None and not 1 <= rule.budget_below <= 100:
            raise field_error("budget_below", "From 1 to 100 percent.")


def _set_targets(actor: Actor, rule: RoutingRule, fields: dict[str, Any]) -> None:
    for field, name, rows in (
        ("service_id", "service", Service.objects.visible_to(actor)),
        ("policy_id", "policy", EscalationPolicy.objects.visible_to(actor)),
        ("severity", "severity", SeverityLevel.objects.all()),
    ):
        if field not in fields:
            continue
        wanted = fields[field]
        found = rows.filter(pk=wanted).first() if wanted is not None else None
        # What was chosen by somebody who sees more stays as long as nobody changes it.
        if found is None and wanted is not None and wanted != getattr(rule, f"{name}_id"):
            raise field_error(name, "There is no such one.")
        if found is not None or wanted is None:
            setattr(rule, name, found)
    if "urgency" in fields:
        rule.urgency = fields["urgency"] or ""
        if rule.urgency not in ("", *Urgency.values):
            raise field_error("urgency", f"One of {', '.join(Urgency.values)}.")
    if "hold_minutes" in fields:
        rule.hold_minutes = fields["hold_minutes"]
        if rule.hold_minutes is not None and not 1 <= rule.hold_minutes <= MAX_HOLD:
            raise field_error("hold_minutes", f"From 1 to {MAX_HOLD} minutes.")


def save_rule(*, actor: Actor, team_id: int, rule_id: int | None = None, **fields: Any) -> RoutingRule:
    """Make a rule at the end of the team's list, or change one; `fields` as of `draft_rule`. Audited."""
    with transaction.atomic():
        rule = draft_rule(actor=actor, team_id=team_id, rule_id=rule_id, **fields)
        made = rule.pk is None
        if made:
            rows = _ordered(rule.team_id)
            if len(rows) >= MAX_RULES:
                raise Conflict(f"A team has at most {MAX_RULES} rules.", code="too_many")
            rule.position = rows[-1].position + 1 if rows else 0
            rule.created_by_id = actor.user_id
        rule.updated_at = clock.now()
        rule.save()
        _audit(actor, "created" if made else "changed", rule)
    return rule


def move_rule(*, actor: Actor, rule_id: int, to: int) -> RoutingRule:
    """Put a rule at the place `to` (0 is first) of its team's list; beyond the end is the end."""
    with transaction.atomic():
        rule = _visible(actor, rule_id)
        _check_manages(actor, rule.team_id)
        rows = _ordered(rule.team_id)
        mine = next(row for row in rows if row.pk == rule.pk)
        rows.remove(mine)
        rows.insert(max(0, min(to, len(rows))), mine)
        changed = [row for place, row in enumerate(rows) if row.position != place]
        for place, row in enumerate(rows):
            row.position = place
        RoutingRule.objects.bulk_update(changed, ["position"])
        _audit(actor, "moved", mine)
    return mine


def step_rule(*, actor: Actor, rule_id: int, up: bool) -> RoutingRule:
    """One place up or down."""
    with transaction.atomic():
        rule = _visible(actor, rule_id)
        place = [row.pk for row in _ordered(rule.team_id)].index(rule.pk)
        return move_rule(actor=actor, rule_id=rule_id, to=max(0, place - 1) if up else place + 1)


def delete_rule(*, actor: Actor, rule_id: int) -> None:
    """What it has decided stays as it went."""
    with transaction.atomic():
        rule = _visible(actor, rule_id)
        _check_manages(actor, rule.team_id)
        _audit(actor, "deleted", rule)
        rule.delete()


def _ordered(team_id: int) -> list[RoutingRule]:
    """The team's rules, locked."""
    Team.objects.select_for_update(no_key=True).get(pk=team_id)
    return list(RoutingRule.objects.filter(team_id=team_id).order_by("position", "pk"))


def _visible(actor: Actor, rule_id: int) -> RoutingRule:
    rows = RoutingRule.objects.visible_to(actor).select_related("service", "severity", "policy")
    rule: RoutingRule | None = rows.filter(pk=rule_id).first()
    if rule is None:
        raise NotVisible
    return rule


def _team(actor: Actor, team_id: int) -> Team:
    team: Team | None = Team.objects.visible_to(actor).filter(pk=team_id).first()
    if team is None:
        raise field_error("team", "There is no such team.")
    return team


def _check_manages(actor: Actor, team_id: int) -> None:
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the team can change its rules.")


def _audit(actor: Actor, verb: str, rule: RoutingRule) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="routing rule",
        obj_id=rule.pk,
        label=rule.name,
        team_id=rule.team_id,
        data={
            "matchers": rule.matchers,
            "hours": rule.hours,
            "budget_below": rule.budget_below,
            "service": rule.service_id,
            "urgency": rule.urgency,
            "severity": rule.severity_id,
            "policy": rule.policy_id,
            "suppress": rule.suppress,
            "hold_minutes": rule.hold_minutes,
            "active": rule.is_active,
            "position": rule.position,
        },
    )
