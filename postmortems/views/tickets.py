"""The issue of an action item: its card on the item's page, and what its buttons do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import InvalidInput
from core.pages import actor_of
from postmortems.actions import tickets as actions
from postmortems.items.tickets import Pushed
from postmortems.models import ActionItem, ItemTicket
from teams.actor import Actor


def ticket_context(actor: Actor, item: ActionItem, *, may_edit: bool) -> dict[str, Any]:
    """What the card shows. `ticket_places`: where an issue can be made by this person."""
    ticket: ItemTicket | None = getattr(item, "ticket", None)
    places = list(actions.connections_for(actor, item)) if ticket is None and may_edit else []
    secret = actions.is_secret(item)
    asks = ticket is not None and secret and not Pushed.read(ticket.pushed).confirmed
    return {"ticket": ticket, "ticket_places": places, "ticket_secret": secret, "ticket_asks": asks}


@login_required
@require_POST
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """Have an issue made in the chosen repository."""
    given = request.POST.get("connection", "")
    chosen = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    try:
        actions.link_ticket(
            actor=actor_of(request),
            item_id=pk,
            connection_id=chosen,
            confirm=request.POST.get("confirm") == "on",
        )
    except InvalidInput as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("The issue is being made."))
    return _back(pk)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The words of an incident that became confidential may go on leaving."""
    actions.confirm_ticket(actor=actor_of(request), item_id=pk)
    return _back(pk)


@login_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Now rather than at the next time."""
    actions.retry_ticket(actor=actor_of(request), item_id=pk)
    return _back(pk)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """No link any more; the issue stays."""
    actions.unlink_ticket(actor=actor_of(request), item_id=pk)
    messages.success(request, _("No longer linked."))
    return _back(pk)


def _back(pk: int) -> HttpResponse:
    return redirect(f"{reverse('postmortems:item', args=[pk])}#ticket")
