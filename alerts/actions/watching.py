"""What heartbeats, checks and objectives share: the service they watch, their name in its team, and the
integration that their alerts come in over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from alerts.choices import SourceKind
from alerts.models import Check, Heartbeat, Integration, Objective
from core.crypto import digest, new_key
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from services.models import Service
from teams.actor import Actor

_Watch = TypeVar("_Watch", Check, Heartbeat, Objective)
_Row = Check | Heartbeat | Objective


def locked(model: type[_Watch], actor: Actor, pk: int) -> _Watch:
    """The row, locked, with its integration, service and team, if the actor may change it; NotVisible or NotAllowed
    otherwise."""
    rows = model.objects.visible_to(actor).select_related("integration", "service", "team")
    found: _Watch | None = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotVisible
    if not actor.manages(found.team_id):
        raise NotAllowed(f"Only a manager of its team can change {_a(found)}.")
    return found


def set_service(actor: Actor, row: _Row, service_id: Any, *, most: int) -> None:
    """What it watches, and so its team, which has at most so many. One that moves must be free to keep its name."""
    service, word = Service.objects.visible_to(actor).filter(pk=service_id).first(), _word(row)
    if service is None:
        raise field_error("service", "There is no such service.")
    if not actor.manages(service.team_id):
        raise NotAllowed(f"Only a manager of the service's team can set up its {word}s.")
    if row.pk is None and type(row).objects.filter(team=service.team).count() >= most:
        raise Conflict(f"A team has at most {most:,} {word}s.", code="too_many")
    moved = row.pk is not None and row.team_id != service.team_id
    row.service, row.team_id = service, service.team_id
    if moved:
        set_name(row, row.name)


def set_name(row: _Row, name: str) -> None:
    """One line that no other of its team has."""
    row.name = one_line(name, 120)
    if not row.name:
        raise field_error("name", f"{_a(row).capitalize()} needs a name.")
    if type(row).objects.filter(team_id=row.team_id, name=row.name).exclude(pk=row.pk).exists():
        raise _taken(row)


def attach(actor: Actor, row: _Row, kind: SourceKind, **fields: Any) -> str:
    """Make the integration of a new one; returns its key."""
    key = new_key()
    row.integration = Integration.objects.create(
        name=row.name,
        kind=kind,
        service=row.service,
        team_id=row.team_id,
        key_digest=digest(key),
        created_by_id=actor.user_id,
        **fields,
        key_hint=key[-4:],
    )
    row.created_by_id = actor.user_id
    return key


def store(row: _Row) -> None:
    """Save it; its integration follows in name, service and team."""
    Integration.objects.filter(pk=row.integration_id).update(
        name=row.name, service_id=row.service_id, team_id=row.team_id
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # Somebody else took the name meanwhile.
        raise _taken(row) from None


def follow_services(service_ids: Sequence[int]) -> None:
    """What watches these services goes to the team that has them now, in the caller's transaction.

    Where that team has one of the same name, the name of the service is added; an identifier of an objective that is
    taken there is dropped.
    """
    for model in (Heartbeat, Check, Objective):
        rows = model.objects.filter(service__in=service_ids).select_related("service").order_by("pk")
        for row in rows.select_for_update(of=("self",), no_key=True):
            if row.team_id != row.service.team_id:
                _follow(row)


def _follow(row: _Row) -> None:
    row.team_id = row.service.team_id
    others = type(row).objects.filter(team_id=row.team_id).exclude(pk=row.pk)
    name, number = row.name, 1
    while others.filter(name=row.name).exists():
        tail = f" ({row.service.name[:60]}{f', {number}' if number > 1 else ''})"
        row.name, number = name[: 120 - len(tail)] + tail, number + 1
    if isinstance(row, Objective):
        theirs = Objective.objects.filter(team=row.service.team, external_id=row.external_id).exclude(
            pk=row.pk
        )
        row.external_id = "" if theirs.exists() else row.external_id
    store(row)


def retire(integration: Integration) -> None:
    """Of one that is gone: with alerts on record it only stops taking any."""
    if integration.items.exists():  # type: ignore[attr-defined]
        Integration.objects.filter(pk=integration.pk).update(is_active=False, mail_local=None)
    else:
        integration.delete()


def _word(row: _Row) -> str:
    return str(type(row)._meta.verbose_name)


def _a(row: _Row) -> str:
    word = _word(row)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _taken(row: _Row) -> Exception:
    return field_error("name", f"The team has {_a(row)} of that name already.")
