"""What was sent, to whom, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotVisible
from core.pages import keyset
from notifications import selectors
from notifications.actions.deliveries import retry_delivery
from notifications.choices import Channel, DeliveryStatus
from notifications.permissions import may_retry
from notifications.views.base import Page


class DeliveriesView(Page):
    """Newest first, by key; one's own and those of the teams one manages."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = selectors.deliveries(self.actor)
        for name, known in (("status", DeliveryStatus.values), ("channel", Channel.values)):
            chosen = [value for value in request.GET.getlist(name) if value in known]
            if chosen:
                rows = rows.filter(**{f"{name}__in": chosen})
        return self.page(
            "deliveries",
            page=keyset(rows, request.GET.get("cursor", "")),
            statuses=DeliveryStatus.choices,
            channels=Channel.choices,
            filtered="status" in request.GET or "channel" in request.GET,
            crumbs=[(_("Deliveries"), "")],
        )


class DeliveryView(Page):
    """One delivery with every attempt."""

    def get(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        row = selectors.deliveries(self.actor).filter(pk=delivery_id).first()
        if row is None:
            raise NotVisible
        inside = list(row.bundle.order_by("pk")[:200]) if row.is_bundle else []
        crumbs = [(_("Deliveries"), "/settings/deliveries/"), (f"#{row.pk}", "")]
        may = may_retry(self.actor) and row.status == DeliveryStatus.FAILED
        return self.page("delivery", row=row, inside=inside, may_retry=may, crumbs=crumbs)

    def post(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        retry_delivery(actor=self.actor, delivery_id=delivery_id, now=clock.now())
        messages.success(request, _("It is being sent again."))
        return redirect("notifications:delivery", delivery_id)
