"""Playbooks, runbooks and services as things an action item changes."""

from __future__ import annotations

from collections.abc import Collection

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


class Playbooks:
    """Ticks when a version is published."""

    kind = "playbook"
    classes: Collection[str] = (ItemClass.PLAYBOOK, ItemClass.PROCESS)

    @property
    def label(self) -> str:
        return _("Playbook")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        rows = Playbook.objects.visible_to(actor).filter(active=True, name__icontains=text)
        if key:
            rows = rows.filter(pk=_number(key))
        return [
            Choice(str(row.pk), row.name, row.get_absolute_url()) for row in rows.order_by("name")[:_MOST]
        ]

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        rows = (
            PlaybookVersion.objects.filter(playbook_id__in=[_number(key) for key in keys])
            .select_related("playbook")
            .order_by("playbook_id", "-number")
            .distinct("playbook_id")
        )
        return {
            str(row.playbook_id): Change(
                row.published_at,
                f"Version {row.number} of {row.playbook.name} published {row.published_at:%-d %B} "
                f"by {row.author_label}.",
            )
            for row in rows
        }


class Runbooks:
    """Runbooks written here: ticks when a version is published."""

    kind = "runbooktext"
    classes: Collection[str] = (ItemClass.RUNBOOK, ItemClass.PROCESS)

    @property
    def label(self) -> str:
        return _("Runbook")

    def choices(self, actor: Actor, text: str = "", *, key: str = "") -> list[Choice]:
        rows = Runbook.objects.visible_to(actor).filter(active=True, name__icontains=text)
        if key:
            rows = rows.filter(pk=_number(key))
        return [
            Choice(str(row.pk), row.name, row.get_absolute_url()) for row in rows.order_by("name")[:_MOST]
        ]

    def last_changes(self, keys: Collection[str]) -> dict[str, Change]:
        rows = (
            RunbookVersion.objects.filter(runbook_id__in=[_number(key) for key in keys])
            .select_related("runbook")
            .order_by("runbook_id", "-number")
            .distinct("runbook_id")
        )
        return {
            str(row.runbook_id): Change(
                row.published_at,
                f"Version {row.number} of {row.runbook.name} published {row.published_at:%-d %B} "
                f"by {row.author_label}.",
            )
            for row in rows
        }


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
        rows = Service.objects.visible_to(actor).filter(name__icontains=text)
        if key:
            rows = rows.filter(pk=_number(key))
        return [
            Choice(str(row.pk), row.name, row.get_absolute_url()) for row in rows.order_by("name")[:_MOST]
        ]

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


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
