"""What services stand in: systems, domains, environments; and the catalog's own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from services.choices import FieldKind, ServiceKind
from services.importing.joining import join_system
from services.models import Domain, Environment, ServiceField, System
from teams.actions._locks import lock
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team

MOST_ENVIRONMENTS = 50
MOST_FIELDS = 50
MOST_CHOICES = 50
_RESERVED = frozenset({"new"})
Part = System | Domain


def save_system(*, actor: Actor, slug: str = "", new: bool = False, **values: Any) -> System:
    """Make a system (`new`) or change one by its slug, which stays. `values`: name, description, team_id, domain_id.

    Managers of its team; admins alone for one without team.
    """
    with transaction.atomic():
        row = _part(actor, System, slug, values, new=new)
        if "domain_id" in values:
            pk = values["domain_id"]
            if pk is not None and not Domain.objects.visible_to(actor).filter(pk=pk).exists():
                raise field_error("domain", "There is no such domain.")
            row.domain_id = pk
        row.save()
        if new:
            join_system(row)
        _audit(actor, "created" if new else "changed", "system", row)
    return row


def save_domain(*, actor: Actor, slug: str = "", new: bool = False, **values: Any) -> Domain:
    """Make a domain (`new`) or change one by its slug. `values`: name, description, team_id, parent_id.

    A domain cannot stand inside itself, at no depth.
    """
    with transaction.atomic():
        lock("services.domains")
        row = _part(actor, Domain, slug, values, new=new)
        if "parent_id" in values:
            row.parent_id = _parent(actor, row, values["parent_id"])
        row.save()
        _audit(actor, "created" if new else "changed", "domain", row)
    return row


def delete_part(*, actor: Actor, kind: str, slug: str) -> None:
    """Remove a system or a domain (`kind`); what stood in it stands alone again."""
    model: type[Part] = System if kind == "system" else Domain
    with transaction.atomic():
        row = _locked(actor, model, slug)
        _audit(actor, "deleted", kind, row)
        row.delete()


def _part(actor: Actor, model: Any, slug: str, values: Mapping[str, Any], *, new: bool) -> Any:
    if not new:
        row = _locked(actor, model, slug)
    else:
        _may_own(actor, values.get("team_id"))
        name = one_line(values.get("name") or "", 120)
        slug = slug or slugify(name)[:63]
        if not name:
            raise field_error("name", "Must be filled in.")
        if not slug or slugify(slug) != slug or len(slug) > 63 or slug in _RESERVED:
            raise field_error("slug", "Lower-case letters, digits and hyphens only, at most 63.")
        lock(f"services.{model._meta.model_name}")
        if model.objects.filter(slug=slug).exists():
            raise field_error("slug", "Another one has this address.")
        row = model(slug=slug)
    if "name" in values:
        row.name = one_line(values["name"] or "", 120)
        if not row.name:
            raise field_error("name", "Must be filled in.")
    if "description" in values:
        row.description = clean(values["description"] or "", 10_000)
    if "team_id" in values and values["team_id"] != row.team_id:
        _may_own(actor, values["team_id"])
        row.team_id = values["team_id"]
    return row


def _locked(actor: Actor, model: Any, slug: str) -> Any:
    rows = model.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    row = rows.filter(slug=slug).first()
    if row is None:
        raise NotVisible
    if not actor.manages(row.team_id):
        raise NotAllowed("Only a manager of the owning team can change this.")
    return row


def _may_own(actor: Actor, team_id: int | None) -> None:
    if team_id is not None and not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the owning team can do this.")


def _parent(actor: Actor, row: Domain, parent_id: int | None) -> int | None:
    if parent_id is None:
        return None
    parents = dict(Domain.objects.values_list("pk", "parent_id"))
    if not Domain.objects.visible_to(actor).filter(pk=parent_id).exists():
        raise field_error("parent", "There is no such domain.")
    above: int | None = parent_id
    for _step in parents:
        if above is None:
            break
        if above == row.pk:
            raise field_error("parent", "A domain cannot stand inside itself.")
        above = parents.get(above)
    return parent_id


def save_environments(*, actor: Actor, names: Sequence[tuple[int | None, str]]) -> list[Environment]:
    """Make these (id or None for a new one, name) the organisation's environments, in this order. Admins.

    One that services run in stays: `Conflict` names it.
    """
    _admin(actor)
    if len(names) > MOST_ENVIRONMENTS:
        raise field_error("environments", f"At most {MOST_ENVIRONMENTS}.")
    with transaction.atomic():
        lock("services.environments")
        held = {row.pk: row for row in Environment.objects.all()}
        kept, slugs = [], set()
        for position, (pk, given) in enumerate(names):
            name = one_line(given, 60)
            row = held.pop(pk, None) if pk is not None else Environment(slug=slugify(name)[:63])
            field = f"environments.{position}"
            if row is None:
                raise field_error(field, "There is no such environment.")
            if not name or not row.slug:
                raise field_error(field, "Must be filled in.")
            if row.slug in slugs or any(row.slug == other.slug for other in held.values()):
                raise field_error(field, "Named twice.")
            slugs.add(row.slug)
            row.name, row.position = name, position
            kept.append(row)
        for row in held.values():
            if row.service_rows.exists():
                raise Conflict(f"Services run in {row.name}; take it from them first.", code="in_use")
            row.delete()
        for row in kept:
            row.save()
        record(
            actor=actor,
            verb="changed",
            obj_type="environments",
            obj_id="all",
            label="Environments",
            data={"names": [row.name for row in kept]},
        )
    return kept


def save_field(*, actor: Actor, key: str, new: bool = False, **values: Any) -> ServiceField:
    """Make a custom field (`new`) or change one by its key, which stays as its kind does. Admins.

    `values`: name, kind (new ones), choices, help_text, required, kinds, active, position.
    """
    _admin(actor)
    with transaction.atomic():
        lock("services.fields")
        row = ServiceField.objects.filter(key=key).first()
        if new:
            key = slugify(key or values.get("name") or "").replace("-", "_")[:40]
            if not key or ServiceField.objects.filter(key=key).exists():
                raise field_error("key", "Another field has this key, or it is empty.")
            if ServiceField.objects.count() >= MOST_FIELDS:
                raise field_error("key", f"At most {MOST_FIELDS} fields.")
            row = ServiceField(key=key, kind=values.get("kind") or FieldKind.TEXT)
            if row.kind not in FieldKind.values:
                raise field_error("kind", f"One of {', '.join(FieldKind.values)}.")
        elif row is None:
            raise NotVisible
        _fill_field(row, values)
        row.save()
        record(
            actor=actor,
            verb="created" if new else "changed",
            obj_type="service field",
            obj_id=row.key,
            label=row.name,
        )
    return row


def _fill_field(row: ServiceField, values: Mapping[str, Any]) -> None:
    if "name" in values:
        row.name = one_line(values["name"] or "", 80)
    if not row.name:
        raise field_error("name", "Must be filled in.")
    if "help_text" in values:
        row.help_text = one_line(values["help_text"] or "", 200)
    if "choices" in values:
        row.choices = list(dict.fromkeys(filter(None, (one_line(str(c), 80) for c in values["choices"]))))
    if len(row.choices) > MOST_CHOICES:
        raise field_error("choices", f"At most {MOST_CHOICES}.")
    if row.kind == FieldKind.CHOICE and not row.choices:
        raise field_error("choices", "Say what can be chosen.")
    if "kinds" in values:
        unknown = set(values["kinds"]) - set(ServiceKind.values)
        if unknown:
            raise field_error("kinds", f"One of {', '.join(ServiceKind.values)}.")
        row.kinds = sorted(values["kinds"])
    for name in ("required", "active"):
        if name in values:
            setattr(row, name, bool(values[name]))
    if "position" in values:
        row.position = values["position"]


def _admin(actor: Actor) -> None:
    if not actor.is_admin or not actor.manages(None):
        raise NotAllowed("Only admins can change this.")


def _audit(actor: Actor, verb: str, kind: str, row: Part) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type=kind,
        obj_id=row.pk,
        label=row.name,
        team_id=row.team_id,
        data={"description": row.description[:200]},
    )
