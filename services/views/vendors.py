"""Vendors at a glance, what is known of one, and agreements of any service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.errors import DomainError, NotVisible
from core.pages import actor_of
from oncall.rows import grouped, numbers, operation, rearranged, row_errors
from services import actions
from services.choices import Period, ServiceKind
from services.models import Agreement, Vendor
from services.selectors.page import agreements_of, vendors
from services.vendors.agreements import attainments
from services.views.frame import tabs
from services.views.pages import managed
from teams.views.base import applied

_COLUMNS = ("name", "party", "target", "period", "zone", "consequence", "url", "starts_on", "ends_on")


class VendorForm(forms.Form):
    status_url = forms.CharField(
        label=gettext_lazy("Status page"),
        max_length=500,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://status.example.com"}),
        help_text=gettext_lazy("Any page with the Statuspage v2 API. It is asked every two minutes."),
    )
    support = forms.CharField(
        label=gettext_lazy("How to reach their support"), max_length=300, required=False
    )
    account = forms.CharField(label=gettext_lazy("Our customer number"), max_length=120, required=False)
    contract_url = forms.CharField(
        label=gettext_lazy("Contract"), max_length=500, required=False, widget=forms.URLInput()
    )


@login_required
def vendor_list(request: HttpRequest) -> HttpResponse:
    """Every vendor: what their status page says, and whether they keep what was agreed."""
    actor, now = actor_of(request), clock.now()
    rows = vendors(actor)
    agreed: dict[int, list[Any]] = {}
    found = list(Agreement.objects.filter(service__in=[row.service_id for row in rows]))
    for each in attainments(found, actor, now):
        agreed.setdefault(each.agreement.service_id, []).append(each)
    context = {
        "rows": [(row, agreed.get(row.service_id, [])) for row in rows],
        "may_create": actor.manages_any,
        "tabs": tabs("vendors"),
    }
    return render(request, "services/pages/vendors.html", context)


@login_required
def vendor(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what is known of the vendor."""
    service = managed(request, slug)
    if service.kind != ServiceKind.VENDOR:
        raise NotVisible
    row = Vendor.objects.filter(service=service).first()
    initial = {name: getattr(row, name) for name in VendorForm.base_fields} if row else {}
    form = VendorForm(request.POST or None, initial=initial)
    actor = actor_of(request)
    if (
        request.method == "POST"
        and applied(form, lambda data: actions.set_vendor(actor=actor, service_id=service.pk, **data))
        is not None
    ):
        messages.success(request, _("Saved."))
        return redirect("services:detail", slug=slug)
    status = 422 if form.errors else 200
    return render(
        request, "services/pages/vendor_form.html", {"service": service, "form": form}, status=status
    )


@login_required
def agreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what was agreed, as rows; works without script."""
    service, actor = managed(request, slug), actor_of(request)
    posted = request.method == "POST"
    rows = _typed(request.POST) if posted else [_shown(row) for row in service.agreements.all()] or [_blank()]
    others: list[str] = []
    if posted and not request.POST.get("op"):
        rows = [row for row in rows if row["name"].strip() or row["target"].strip()]
        try:
            actions.set_agreements(actor=actor, service_id=service.pk, rows=rows)
        except NotVisible:
            raise
        except DomainError as error:
            inside, others = grouped(error, ["agreements"])
            for number, row in enumerate(rows):
                row["errors"] = row_errors(inside, "agreements", number)
            others += inside.get("agreements", [])
        else:
            messages.success(request, _("Saved."))
            return redirect("services:detail", slug=slug)
    refused = bool(others) or any(row["errors"] for row in rows)
    context = {
        "service": service,
        "rows": rows,
        "periods": Period.choices,
        "others": others,
        "standing": agreements_of(service, actor, clock.now()),
    }
    return render(request, "services/pages/agreements.html", context, status=422 if refused else 200)


def _blank() -> dict[str, Any]:
    return {
        **dict.fromkeys(_COLUMNS, ""),
        "period": Period.MONTH,
        "zone": "UTC",
        "counts_degraded": False,
        "errors": [],
    }


def _shown(row: Agreement) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(row, name) or "" for name in _COLUMNS}
    values["target"] = f"{row.target.normalize():f}"
    for name in ("starts_on", "ends_on"):
        values[name] = values[name].isoformat() if values[name] else ""
    return {**values, "counts_degraded": row.counts_degraded, "errors": []}


def _typed(data: QueryDict) -> list[dict[str, Any]]:
    rows = [
        {
            **{name: data.get(f"agreement-{name}-{n}", "") for name in _COLUMNS},
            "counts_degraded": f"agreement-counts_degraded-{n}" in data,
            "errors": [],
        }
        for n in numbers(data, "agreement")
    ]
    word, position = operation(data)
    if word == "addagreement":
        return [*rows, _blank()]
    return rearranged(rows, "remove", position) if word == "removeagreement" else rows
