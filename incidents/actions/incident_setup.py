"""What the organisation sets up about incidents: types, fields, severities, the priority matrix. Admins alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from incidents.choices import FieldKind, ImpactCondition, Reach
from incidents.models import CustomField, Incident, IncidentType, PriorityRule, SeverityLevel
from oncall.models import EscalationPolicy
from teams.actions.audit import record
from teams.actor import Actor

MOST_ROWS = 100
MOST_OPTIONS = 50
TYPE_FIELDS = ("name", "description", "restricted", "active", "position")
FIELD_FIELDS = (
    "label",
    "help",
    "section",
    "options",
    "shown_field",
    "shown_values",
    "shown_to_rank",
    "required_for",
    "active",
    "position",
)
LEVEL_FIELDS = (
    "label",
    "meaning",
    "ack_minutes",
    "commander_minutes",
    "internal_update_minutes",
    "first_public_minutes",
    "public_update_minutes",
    "executive_minutes",
    "review_hours",
    "postmortem_required",
    "postmortem_days",
    "postmortem_working_days",
    "needs_commander",
    "light",
)
_LONGEST_MINUTES = 7 * 24 * 60


def save_type(*, actor: Actor, key: str, new: bool = False, **values: Any) -> IncidentType:
    """Make a type (`new`) or change one, by its key, which stays. `values`: those of `TYPE_FIELDS`."""
    _admin(actor)
    with transaction.atomic():
        row = _row(IncidentType, key, new)
        _fill(row, values, TYPE_FIELDS)
        _audit(actor, "type", row.key, row.name, new)
    return row


def delete_type(*, actor: Actor, key: str) -> None:
    """Remove a type no incident ever had; Conflict otherwise: switch it off instead."""
    _admin(actor)
    with transaction.atomic():
        row = _row(IncidentType, key, False)
        if Incident.objects.filter(type=row).exists():
            raise Conflict("Incidents have this type; do not offer it any more instead.", code="type_used")
        record(actor=actor, verb="deleted", obj_type="incident type", obj_id=row.key, label=row.name)
        row.delete()


def save_field(
    *,
    actor: Actor,
    key: str,
    new: bool = False,
    kind: str | None = None,
    types: Sequence[IncidentType] | None = None,
    **values: Any,
) -> CustomField:
    """Make a field (`new`, with its `kind`) or change one, by its key. Key and kind stay, because answers
    depend on them. `types` None leaves them, an empty list asks the field of every type."""
    _admin(actor)
    with transaction.atomic():
        row = _row(CustomField, key, new)
        if new:
            if kind not in FieldKind.values:
                raise field_error("kind", f"One of {', '.join(FieldKind.values)}.")
            row.kind = kind
        elif kind is not None and kind != row.kind:
            raise field_error("kind", "The kind of a field stays: make a new field instead.")
        _fill(row, values, FIELD_FIELDS)
        if types is not None:
            row.types.set(types)
        _audit(actor, "field", row.key, row.label, new)
    return row


def delete_field(*, actor: Actor, key: str) -> None:
    """Remove a field nobody has answered; Conflict otherwise: switch it off instead."""
    _admin(actor)
    with transaction.atomic():
        row = _row(CustomField, key, False)
        if Incident.objects.filter(fields__has_key=key).exists():
            raise Conflict("It was answered; do not ask it any more instead.", code="field_answered")
        record(actor=actor, verb="deleted", obj_type="incident field", obj_id=row.key, label=row.label)
        row.delete()


def save_severity(
    *, actor: Actor, rank: int, policies: Sequence[EscalationPolicy] | None = None, **values: Any
) -> SeverityLevel:
    """Change what a rank promises (`LEVEL_FIELDS`; minutes up to a week, None: no promise) and whom it pages
    as well. Incidents that run keep the clocks they have."""
    _admin(actor)
    with transaction.atomic():
        level = SeverityLevel.objects.select_for_update().filter(pk=rank).first()
        if level is None:
            raise NotVisible
        for name, value in values.items():
            if name.endswith("_minutes") and value is not None and not 1 <= value <= _LONGEST_MINUTES:
                raise field_error(name, f"From 1 to {_LONGEST_MINUTES:,} minutes.")
        _fill(level, values, LEVEL_FIELDS)
        if policies is not None:
            level.policies.set(policies)
        _audit(actor, "severity", str(rank), str(level), False)
    return level


def set_priorities(*, actor: Actor, ranks: Mapping[tuple[str, str], int]) -> None:
    """Set squares of the matrix: (condition, reach) → rank. The others stay."""
    _admin(actor)
    for (condition, reach), rank in ranks.items():
        if condition not in ImpactCondition.values or reach not in Reach.values:
            raise field_error("priority", f"There is no square {condition[:20]}, {reach[:20]}.")
        if not 0 <= rank <= 4:
            raise field_error(f"{condition}_{reach}", "A rank from 0 to 4.")
    with transaction.atomic():
        for (condition, reach), rank in ranks.items():
            PriorityRule.objects.update_or_create(condition=condition, reach=reach, defaults={"rank": rank})
        squares = [f"{condition}, {reach}: {rank}" for (condition, reach), rank in ranks.items()]
        record(
            actor=actor,
            verb="changed",
            obj_type="priority matrix",
            obj_id="",
            label="Priority matrix",
            data={"squares": squares},
        )


def _admin(actor: Actor) -> None:
    if not actor.is_admin or not actor.manages(None):
        raise NotAllowed("Only an admin sets this up.")


def _row(model: Any, key: str, new: bool) -> Any:
    found = model.objects.select_for_update(of=("self",)).filter(key=key).first()
    if new:
        if found is not None:
            raise field_error("key", "There is one with this key already.")
        if model.objects.count() >= MOST_ROWS:
            raise Conflict(f"At most {MOST_ROWS}.", code="too_many")
        return model(key=key, position=model.objects.count())
    if found is None:
        raise NotVisible
    return found


def _fill(row: models.Model, values: Mapping[str, Any], known: Sequence[str]) -> None:
    """Set, check and save; `InvalidInput` naming each field that is wrong."""
    for name, value in values.items():
        if name not in known:
            raise field_error(name, "There is no such field.")
        setattr(row, name, value)
    if isinstance(row, CustomField):
        _check_field(row)
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
        raise InvalidInput(next(iter(fields.values()))[0], fields=fields) from error
    row.save()


def _check_field(row: CustomField) -> None:
    row.options = list(dict.fromkeys(option.strip() for option in row.options if option.strip()))
    row.shown_values = list(dict.fromkeys(value.strip() for value in row.shown_values if value.strip()))
    if len(row.options) > MOST_OPTIONS:
        raise field_error("options", f"At most {MOST_OPTIONS} options.")
    if row.kind in (FieldKind.CHOICE, FieldKind.CHOICES) and not row.options:
        raise field_error("options", "A choice needs options.")
    if row.shown_field is not None and not row.shown_values:
        raise field_error("shown_values", "With which answers of that field?")
    seen, above = {row.key}, row.shown_field
    while above is not None:
        if above.key in seen:
            raise field_error("shown_field", "These fields would wait for each other.")
        seen.add(above.key)
        above = above.shown_field


def _audit(actor: Actor, what: str, key: str, label: str, new: bool) -> None:
    verb = "created" if new else "changed"
    record(actor=actor, verb=verb, obj_type=f"incident {what}", obj_id=key, label=label)
