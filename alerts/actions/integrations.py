"""Integrations and their keys: stored as digests, shown once, two valid at a time for rotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from alerts import mapping, templating
from alerts.addresses import new_local_part
from alerts.choices import INTERNAL_KINDS, SourceKind
from alerts.models import Integration
from alerts.sources import SOURCES, PayloadError
from core.crypto import digest, new_key, seal
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from core.text import one_line
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor

TEMPLATED = ("title", "description", "group_key")
LONGEST_SECRET = 500


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
            mail_local=new_local_part(name) if kind in (SourceKind.EMAIL, SourceKind.REPORT) else None,
            created_by_id=actor.user_id,
        )
        _audit(actor, "created", integration)
    return integration, key


def update_integration(
    *,
    actor: Actor,
    integration_id: int,
    name: str | None = None,
    service_id: int | None = None,
    **changes: Any,
) -> Integration:
    """Rename, let it post to another service from now on, or change how it reads what comes.

    `changes`, each may be missing: `service_label`; `templates` {title, description, group_key}; `mapping`
    (`alerts.mapping`); `secret`, "" removes it; `settings` of its kind, merged into those that are there.
    """
    with transaction.atomic():
        integration = _own(locked_integration(actor, integration_id))
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
        _change(integration, changes)
        integration.save(
            update_fields=[
                *("name", "service", "team", "service_label", "templates", "mapping"),
                *("secret_sealed", "settings"),
            ]
        )
        _audit(
            actor, "changed", integration, changed=[field for field in changes if changes[field] is not None]
        )
    return integration


def _change(integration: Integration, changes: Mapping[str, Any]) -> None:
    source = SOURCES.get(integration.kind)
    if (label := changes.get("service_label")) is not None:
        integration.service_label = one_line(str(label), 200)
    if (templates := changes.get("templates")) is not None:
        integration.templates = checked_templates(templates)
    if (found := changes.get("mapping")) is not None:
        if integration.kind != SourceKind.CUSTOM:
            raise field_error("mapping", "Only JSON with a mapping of your own has one.")
        integration.mapping = _checked(mapping.check, found, "mapping")
    if (secret := changes.get("secret")) is not None:
        if source is None or source.verify is None:
            raise field_error("secret", "This source does not sign what it sends.")
        if len(secret) > LONGEST_SECRET:
            raise field_error("secret", f"At most {LONGEST_SECRET} characters.")
        integration.secret_sealed = seal(secret) if secret else ""
    if (settings := changes.get("settings")) is not None:
        if source is None or source.settings is None:
            raise field_error("settings", "This source has no settings of its own.")
        integration.settings = {**integration.settings, **_checked(source.settings, settings)}


def checked_templates(templates: Any) -> dict[str, str]:
    """Templates of title, description and grouping key; `InvalidInput` names what cannot be used."""
    if not isinstance(templates, dict):
        raise field_error("templates", "Must be a JSON object.")
    if unknown := sorted(set(templates) - set(TEMPLATED)):
        raise field_error(f"templates.{unknown[0][:100]}", f"One of {', '.join(TEMPLATED)}.")
    found = {}
    for name, text in templates.items():
        if text is None or text == "":
            continue
        if not isinstance(text, str):
            raise field_error(f"templates.{name}", "Must be text.")
        try:
            templating.check(text)
        except templating.TemplateFailed as error:
            raise field_error(f"templates.{name}", str(error)) from None
        if text.strip():
            found[name] = text
    return found


def _checked(check: Callable[[Any], dict[str, Any]], value: Any, prefix: str = "") -> dict[str, Any]:
    try:
        return check(value)
    except PayloadError as error:
        fields = {f"{prefix}.{name}".strip("."): why for name, why in error.errors.items()}
        raise InvalidInput(str(error), fields=fields) from None


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
        integration = _own(locked_integration(actor, integration_id))
        integration.is_active = active
        integration.save(update_fields=["is_active"])
        _audit(actor, "switched on" if active else "switched off", integration)
    return integration


def delete_integration(*, actor: Actor, integration_id: int) -> None:
    """Refused once alerts have come in: switch it off instead, so that the record stays."""
    with transaction.atomic():
        integration = _own(locked_integration(actor, integration_id))
        if integration.alerts.exists():  # type: ignore[attr-defined]
            raise Conflict("Alerts came in over it; switch it off instead.", code="in_use")
        _audit(actor, "deleted", integration)
        integration.delete()


def _own(integration: Integration) -> Integration:
    """`Conflict` for one that belongs to a heartbeat or check, which is changed on its own page."""
    if integration.kind in INTERNAL_KINDS:
        raise Conflict("It belongs to a heartbeat or a check; change it there.", code="internal")
    return integration


def locked_integration(actor: Actor, integration_id: int) -> Integration:
    """The integration, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Integration.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    integration: Integration | None = rows.filter(pk=integration_id).first()
    if integration is None:
        raise NotVisible
    if not actor.manages(integration.team_id):
        raise NotAllowed("Only a manager of the owning team can change an integration.")
    return integration


def _audit(actor: Actor, verb: str, integration: Integration, changed: Sequence[str] = ()) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="integration",
        obj_id=integration.pk,
        label=integration.name,
        team_id=integration.team_id,
        data={"kind": integration.kind, "service": integration.service_id}
        | ({"changed": list(changed)} if changed else {}),
    )
