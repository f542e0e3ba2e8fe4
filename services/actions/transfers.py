"""A service goes from one team to another: asked for, and accepted by those who get it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from services import hooks
from services.actions.services import locked_service
from services.choices import TransferStatus
from services.models import OwnershipTransfer, Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team


def ask_transfer(
    *, actor: Actor, service_id: int, to_team_id: int, note: str = "", now: dt.datetime | None = None
) -> OwnershipTransfer:
    """Offer a service to another team; its managers answer. One offer at a time: Conflict otherwise.

    Managers of the owning team. Whoever manages both may as well change the team itself.
    """
    now = now or clock.now()
    with transaction.atomic():
        service = locked_service(actor, service_id)
        team = Team.objects.visible_to(actor).filter(pk=to_team_id).first()
        if team is None:
            raise field_error("to_team", "There is no such team.")
        if team.pk == service.team_id:
            raise field_error("to_team", "The service belongs to this team already.")
        if service.transfers.filter(status=TransferStatus.WAITING).exists():
            raise Conflict("The service is offered to a team already.", code="offered")
        row = OwnershipTransfer.objects.create(
            service=service,
            from_team_id=service.team_id,
            to_team=team,
            note=one_line(note, 500),
            asked_by_id=actor.user_id,
            asked_at=now,
        )
        _audit(actor, "offered", service, row)
    return row


def accept_transfer(*, actor: Actor, transfer_id: int, now: dt.datetime | None = None) -> OwnershipTransfer:
    """The receiving team takes the service. Its own default policy pages from now on, unless the policy of the service
    belongs to nobody or to the receiving team. Its checks, heartbeats and objectives go with it; alerts and
    integrations stay with whoever has them."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(transfer_id)
        if not actor.manages(row.to_team_id):
            _refuse(actor, row, "Only a manager of the receiving team can accept this.")
        _still_open(row)
        service = Service.objects.select_for_update(of=("self",), no_key=True).get(pk=row.service_id)
        if service.team_id != row.from_team_id:
            raise Conflict("The service changed hands after it was offered.", code="moved")
        policy = service.escalation_policy
        if policy is not None and policy.team_id not in (None, row.to_team_id):
            service.escalation_policy = None
        service.team_id = row.to_team_id
        service.save(update_fields=["team", "escalation_policy"])
        hooks.moved([service.pk])
        _answer(actor, row, TransferStatus.ACCEPTED, now)
        _audit(actor, "transferred", service, row)
    return row


def decline_transfer(*, actor: Actor, transfer_id: int, now: dt.datetime | None = None) -> OwnershipTransfer:
    """The receiving team does not take it."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(transfer_id)
        if not actor.manages(row.to_team_id):
            _refuse(actor, row, "Only a manager of the receiving team can decline this.")
        _still_open(row)
        _answer(actor, row, TransferStatus.DECLINED, now)
        _audit(actor, "transfer declined", row.service, row)
    return row


def withdraw_transfer(*, actor: Actor, transfer_id: int, now: dt.datetime | None = None) -> OwnershipTransfer:
    """The owning team keeps it after all."""
    now = now or clock.now()
    with transaction.atomic():
        row = _locked(transfer_id)
        if not actor.manages(row.service.team_id):
            _refuse(actor, row, "Only a manager of the owning team can withdraw this.")
        _still_open(row)
        _answer(actor, row, TransferStatus.WITHDRAWN, now)
        _audit(actor, "transfer withdrawn", row.service, row)
    return row


def _locked(transfer_id: int) -> OwnershipTransfer:
    rows = OwnershipTransfer.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("service", "to_team").filter(pk=transfer_id).first()
    if row is None:
        raise NotVisible
    return row


def _still_open(row: OwnershipTransfer) -> None:
    """After the question who asks: an answer tells that there was an offer."""
    if row.status != TransferStatus.WAITING:
        raise Conflict("This offer was answered already.", code="answered")


def _refuse(actor: Actor, row: OwnershipTransfer, sentence: str) -> None:
    if not Service.objects.visible_to(actor).filter(pk=row.service_id).exists():
        raise NotVisible
    raise NotAllowed(sentence)


def _answer(actor: Actor, row: OwnershipTransfer, status: str, now: dt.datetime) -> None:
    row.status, row.answered_by_id, row.answered_at = status, actor.user_id, now
    row.save(update_fields=["status", "answered_by", "answered_at"])


def _audit(actor: Actor, verb: str, service: Service, row: OwnershipTransfer) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="service",
        obj_id=service.pk,
        label=service.name,
        team_id=service.team_id,
        data={"to": row.to_team.slug, "note": row.note},
    )
