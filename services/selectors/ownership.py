"""Services offered to a team."""

from __future__ import annotations

from django.db.models import QuerySet

from services.choices import TransferStatus
from services.models import OwnershipTransfer
from teams.actor import Actor


def offers_for(actor: Actor) -> QuerySet[OwnershipTransfer]:
    """What waits for the actor's answer: services offered to a team the actor manages.

    The offer itself lets the receiving managers see the service's name, whatever its present team hides.
    """
    rows = OwnershipTransfer.objects.filter(status=TransferStatus.WAITING).select_related(
        "service__team", "from_team", "to_team", "asked_by"
    )
    mine = [team for team in actor.roles if actor.manages(team)]
    return rows.filter(to_team__in=mine)
