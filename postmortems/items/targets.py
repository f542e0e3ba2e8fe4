"""Playbooks, runbooks and services as things an action item changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from core.errors import field_error
from incidents.models import Playbook, PlaybookVersion, Runbook, RunbookVersion
from incidents.target_hooks import Change, Choice, audited_changes, targets
from postmortems.choices import ItemClass
from services.choices import LinkKind
from services.models import Service, ServiceLink
from teams.actor import Actor
from teams.models import AuditEntry

_MOST = 50


class _Published:
    """Something written in versions: ticks when one is published. `name` is that of its foreign key in a version."""

    name: str
    model: Any
    versions: Any

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        rows = self.model.objects.visible_to(actor).filter(active=True, name__icontains=text)
        return _chosen(rows, key)

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        ids = [_number(key) for key in keys]
        rows = self.versions.objects.filter(**{f"{self.name}_id__in": ids}).select_related(self.name)
        rows = rows.order_by(f"{self.name}_id", "-number").distinct(f"{self.name}_id")
        found = {}
        for row in rows:
            thing = getattr(row, self.name)
            told = (
                f"Version {row.number} of {thing.name} published {row.published_at:%-d %B} "
                f"by {row.author_label}."
            )
            found[str(thing.pk)] = Change(row.published_at, told)
        return found


class Playbooks(_Published):
    kind = "playbook"
    classes: Collection[str] = (ItemClass.PLAYBOOK, ItemClass.PROCESS)
    name, model, versions = "playbook", Playbook, PlaybookVersion

    @property
    def label(self) -> str:
        return _("Playbook")


class Runbooks(_Published):
    """Runbooks written here."""

    kind = "runbooktext"
    classes: Collection[str] = (ItemClass.RUNBOOK, ItemClass.PROCESS)
    name, model, versions = "runbook", Runbook, RunbookVersion

    @property
    def label(self) -> str:
        return _("Runbook")


class RunbookLinks:
    """The runbooks of a service that are kept elsewhere, known by the service: their addresses are written anew with
    each change."""

    kind = "runbook"
    classes: Collection[str] = (ItemClass.RUNBOOK,)

    @property
    def label(self) -> str:
        return _("Runbook kept elsewhere")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        rows = ServiceLink.objects.filter(
            kind=LinkKind.RUNBOOK, service__in=Service.objects.visible_to(actor)
        ).select_related("service")
        rows = rows.filter(service_id=_number(key)) if key else rows.filter(service__name__icontains=text)
        found: dict[int, Choice] = {}
        for row in rows.order_by("service__name", "position", "pk")[:_MOST]:
            name = f"{row.service.name}: {row.title}"
            found.setdefault(
                row.service_id, Choice(str(row.service_id), name, row.service.get_absolute_url())
            )
        return list(found.values())

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        rows = (
            AuditEntry.objects.filter(object_type="service", object_id__in=keys, verb="changed")
            .filter(data__after__has_key="runbooks")
            .exclude(data__before__runbooks=F("data__after__runbooks"))
            .order_by("object_id", "-id")
            .distinct("object_id")
        )
        return {
            row.object_id: Change(
                row.at, f"Runbook of {row.object_label} changed {row.at:%-d %B} by {row.actor_label}."
            )
            for row in rows
        }


class Services:
    """A service and what is promised for it."""

    kind = "service"
    classes: Collection[str] = (ItemClass.VENDOR_SLA,)

    @property
    def label(self) -> str:
        return _("Service")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        return _chosen(Service.objects.visible_to(actor).filter(name__icontains=text), key)

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        return audited_changes("service", keys, "Service")


def resolve(actor: Actor, target: str) -> Choice:
    """The thing a key such as `playbook:3` names; `InvalidInput` for `target` when the actor sees no such thing."""
    kind, _colon, key = target.partition(":")
    provider = targets().get(kind)
    found = provider.choices(actor, key=key) if provider and key.isascii() and key.isdigit() else []
    if not found:
        raise field_error("target", "There is no such thing to change.")
    return Choice(f"{kind}:{found[0].key}", found[0].label, found[0].url)


def groups(actor: Actor, item_class: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """(kind, [(key, label)]) for a form; the kinds that fit the class first. One statement for each kind."""
    rows = sorted(targets().values(), key=lambda row: item_class not in row.classes)
    found = [
        (row.label, [(f"{row.kind}:{one.key}", one.label) for one in row.choices(actor)]) for row in rows
    ]
    return [(label, choices) for label, choices in found if choices]


def _chosen(rows: Any, key: str) -> list[Choice]:
    """By name; the one of this key when there is one."""
    if key:
        rows = rows.filter(pk=_number(key))
    return [Choice(str(row.pk), row.name, row.get_absolute_url()) for row in rows.order_by("name")[:_MOST]]


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
