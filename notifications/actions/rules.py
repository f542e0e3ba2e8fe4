"""A person's notification rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import InvalidInput, NotAllowed, NotVisible, field_error
from notifications.choices import Urgency
from notifications.models import ContactMethod, NotificationRule
from notifications.permissions import may_change_person
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

MOST_STEPS = 20
LONGEST_MINUTES = 1440


@dataclass(frozen=True, order=True)
class RuleStep:
    """This method, so many minutes after the page."""

    delay_minutes: int
    method_id: int


def set_rules(
    *, actor: Actor, user_id: int, urgency: str, steps: Sequence[RuleStep]
) -> list[NotificationRule]:
    """Put these steps in place of the person's rules for the urgency; none at all means the defaults.

    Steps that stay keep their identity, so that a page under way is not sent twice. Audited when done
    for somebody else.
    """
    if urgency not in Urgency.values:
        raise field_error("urgency", _("Choose high or low."))
    wanted = sorted(set(steps))
    with transaction.atomic():
        user = _changeable(actor, user_id)
        _check(user, wanted)
        stored = {
            RuleStep(rule.delay_minutes, rule.method_id): rule
            for rule in NotificationRule.objects.filter(user=user, urgency=urgency)
        }
        gone = [rule.pk for step, rule in stored.items() if step not in wanted]
        NotificationRule.objects.filter(pk__in=gone).delete()
        NotificationRule.objects.bulk_create(
            NotificationRule(
                user=user, urgency=urgency, method_id=step.method_id, delay_minutes=step.delay_minutes
            )
            for step in wanted
            if step not in stored
        )
        if actor.user_id != user_id:
            record(
                actor=actor,
                verb="rules set",
                obj_type="user",
                obj_id=user.pk,
                label=str(user),
                data={"urgency": urgency, "steps": [[step.delay_minutes, step.method_id] for step in wanted]},
            )
        rules = NotificationRule.objects.filter(user=user, urgency=urgency).select_related("method")
        return list(rules.order_by("delay_minutes", "pk"))


def add_rule(
    *, actor: Actor, user_id: int, urgency: str, method_id: int, delay_minutes: int
) -> NotificationRule:
    """Add one step; a step that is there already is returned."""
    step = RuleStep(delay_minutes, method_id)
    with transaction.atomic():
        user = _changeable(actor, user_id)
        present = _steps(user, urgency)
        rules = set_rules(actor=actor, user_id=user_id, urgency=urgency, steps=[*present, step])
    return next(rule for rule in rules if RuleStep(rule.delay_minutes, rule.method_id) == step)


def remove_rule(*, actor: Actor, rule_id: int) -> None:
    """Take one step away."""
    with transaction.atomic():
        rule = NotificationRule.objects.visible_to(actor).filter(pk=rule_id).first()
        if rule is None:
            raise NotVisible
        user = _changeable(actor, rule.user_id)
        left = [
            step
            for step in _steps(user, rule.urgency)
            if step != RuleStep(rule.delay_minutes, rule.method_id)
        ]
        set_rules(actor=actor, user_id=user.pk, urgency=rule.urgency, steps=left)


def _steps(user: User, urgency: str) -> list[RuleStep]:
    rules = NotificationRule.objects.filter(user=user, urgency=urgency)
    return [RuleStep(rule.delay_minutes, rule.method_id) for rule in rules]


def _changeable(actor: Actor, user_id: int) -> User:
    if actor.user_id != user_id and not actor.is_admin:
        raise NotVisible
    if not may_change_person(actor, user_id):
        raise NotAllowed
    user: User | None = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NotVisible
    return user


def _check(user: User, steps: Sequence[RuleStep]) -> None:
    if len(steps) > MOST_STEPS:
        raise InvalidInput(
            _("At most 20 steps for each urgency."),
            fields={"steps": [_("At most 20 steps for each urgency.")]},
        )
    if any(not 0 <= step.delay_minutes <= LONGEST_MINUTES for step in steps):
        raise field_error("delay_minutes", _("From 0 to 1,440 minutes."))
    ids = {step.method_id for step in steps}
    methods = {method.pk: method for method in ContactMethod.objects.filter(user=user, pk__in=ids)}
    if ids - methods.keys():
        raise field_error("method", _("This is not one of the person's contact methods."))
    if any(method.verified_at is None for method in methods.values()):
        raise field_error("method", _("Verify this contact method first."))
