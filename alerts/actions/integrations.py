"""Integrations and their keys: stored as digests, shown once, two valid at a time for rotation."""

from __future__ import annotations

from django.db import transaction

from alerts.choices import SourceKind
from alerts.models import Integration
from core.crypto import digest, new_key
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor


def create_integration(
    *, actor: Actor, name: str, kind: str, service_id: int, key: str | None = None
) -> tuple[Integration, str]:
    """A new integration of the service's team; returns it with its key, which is shown this once.

    Managers of the team and admins; audited. `key` is given only by set-up that derives it.
    """
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise field_error("service", "There is no such service.")
    if not actor.manages(service.team_id):
        raise NotAllowed("Only a manager of the service's team can add an integration.")
    name = one_line(name, 120)
    if not name:
        raise field_error("name", "An integration needs a name.")
    if kind not in SourceKind.values:
        raise field_error("kind", f"One of {', '.join(SourceKind.values)}.")
    key = key or new_key()
    with transaction.atomic():
        integration = Integration.objects.create(
            name=name,
            kind=kind,
            service=service,
            team_id=service.team_id,
            key_digest=digest(key),
            key_hint=key[-4:],
            created_by_id=actor.user_id,
        )
        _audit(actor, "created", integration)
    return integration, key


def update_integration(
    *, actor: Actor, integration_id: int, name: str | None = None, service_id: int | None = None
) -> Integration:
    """Rename, or let it post to another service from now on."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if name is not None:
            integration.name = one_line(name, 120)
            if not integration.name:
                raise field_error("name", "An integration needs a name.")
        if service_id is not None:
            service = Service.objects.visible_to(actor).filter(pk=service_id).first()
            if service is None:
                raise field_error("service", "There is no such service.")
            if not actor.manages(service.team_id):
                raise NotAllowed("Only a manager of the service's team can do this.")
            integration.service, integration.team_id = service, service.team_id
        integration.save(update_fields=["name", "service", "team"])
        _audit(actor, "changed", integration)
    return integration


def add_key(*, actor: Actor, integration_id: int) -> tuple[Integration, str]:
    """A second key beside the first, for rotation. `Conflict` when there are two already."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if integration.next_key_digest:
            raise Conflict("There are two keys already; retire the old one first.", code="two_keys")
        key = new_key()
        integration.next_key_digest, integration.next_key_hint = digest(key), key[-4:]
        integration.save(update_fields=["next_key_digest", "next_key_hint"])
        _audit(actor, "key added", integration)
    return integration, key


def retire_key(*, actor: Actor, integration_id: int) -> Integration:
    """The new key becomes the only one; the old one stops working at once."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if not integration.next_key_digest:
            raise Conflict("There is only one key; add a new one first.", code="one_key")
        integration.key_digest, integration.key_hint = integration.next_key_digest, integration.next_key_hint
        integration.next_key_digest, integration.next_key_hint = None, ""
        integration.save(update_fields=["key_digest", "key_hint", "next_key_digest", "next_key_hint"])
        _audit(actor, "old key retired", integration)
    return integration


def set_active(*, actor: Actor, integration_id: int, active: bool) -> Integration:
    """Switch an integration off (its keys answer as unknown) or on again."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        integration.is_active = active
        integration.save(update_fields=["is_active"])
        _audit(actor, "switched on" if active else "switched off", integration)
    return integration


def delete_integration(*, actor: Actor, integration_id: int) -> None:
    """Refused once alerts have come in: switch it off instead, so that the record stays."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if integration.alerts.exists():  # type: ignore[attr-defined]
            raise Conflict("Alerts came in over it; switch it off instead.", code="in_use")
        _audit(actor, "deleted", integration)
        integration.delete()


def locked_integration(actor: Actor, integration_id: int) -> Integration:
    """The integration, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Integration.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    integration: Integration | None = rows.filter(pk=integration_id).first()
    if integration is None:
        raise NotVisible
    if not actor.manages(integration.team_id):
        raise NotAllowed("Only a manager of the owning team can change an integration.")
    return integration


def _audit(actor: Actor, verb: str, integration: Integration) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="integration",
        obj_id=integration.pk,
        label=integration.name,
        team_id=integration.team_id,
        data={"kind": integration.kind, "service": integration.service_id},
    )
