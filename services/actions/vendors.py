"""What is known of a vendor, and what was agreed with one, or with our own customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import one_line
from notifications.transports.webhook.address import check_url
from services.actions.details import web_address
from services.actions.services import locked_service
from services.choices import Period, ServiceKind, VendorIndicator
from services.models import Agreement, Service, Vendor
from teams.actions.audit import record
from teams.actor import Actor

MOST_AGREEMENTS = 20
_WORDS = {"support": 300, "account": 120}


def set_vendor(*, actor: Actor, service_id: int, now: dt.datetime | None = None, **values: Any) -> Vendor:
    """What is known of the vendor behind an entry of that kind: status_url, support, account, contract_url.

    Another status page is asked at once, and what the former said is forgotten. Managers of the owning team.
    """
    now = now or clock.now()
    with transaction.atomic():
        service = locked_service(actor, service_id)
        if service.kind != ServiceKind.VENDOR:
            raise Conflict("Only an entry of the kind vendor has these facts.", code="no_vendor")
        vendor, _made = Vendor.objects.select_for_update(of=("self",), no_key=True).get_or_create(
            service=service
        )
        before = _facts(vendor)
        for name, limit in _WORDS.items():
            if name in values:
                setattr(vendor, name, one_line(values[name] or "", limit))
        if "contract_url" in values:
            vendor.contract_url = web_address("contract_url", values["contract_url"])
        if "status_url" in values:
            _point(vendor, values["status_url"], now)
        if _facts(vendor) != before:
            vendor.save()
            _audit(actor, "vendor changed", service, before=before, after=_facts(vendor))
    return vendor


def _point(vendor: Vendor, url: Any, now: dt.datetime) -> None:
    url = web_address("status_url", url)
    fault = check_url(url).replace("for webhooks", "for status pages") if url else ""
    if fault:
        raise field_error("status_url", fault)
    if url == vendor.status_url:
        return
    vendor.status_url = url
    vendor.next_at = now if url else None
    vendor.indicator, vendor.description, vendor.failure, vendor.etag = VendorIndicator.UNKNOWN, "", "", ""
    vendor.components, vendor.incidents = [], []
    vendor.read_at = vendor.changed_at = vendor.leased_until = None


def _facts(vendor: Vendor) -> dict[str, Any]:
    return {name: getattr(vendor, name) for name in ("status_url", "support", "account", "contract_url")}


def set_agreements(*, actor: Actor, service_id: int, rows: Sequence[Mapping[str, Any]]) -> list[Agreement]:
    """Make these all agreements of the service, known by name. See `Agreement` for the fields of a row.

    Managers of the owning team; `InvalidInput` names row and field (`agreements.1.target`).
    """
    if len(rows) > MOST_AGREEMENTS:
        raise field_error("agreements", f"At most {MOST_AGREEMENTS} agreements.")
    with transaction.atomic():
        service = locked_service(actor, service_id)
        held = {row.name: row for row in service.agreements.all()}
        before = {name: _terms(row) for name, row in held.items()}
        wanted: dict[str, Agreement] = {}
        for position, given in enumerate(rows):
            field = f"agreements.{position}"
            name = one_line(str(given.get("name") or ""), 120)
            if not name:
                raise field_error(f"{field}.name", "An agreement needs a name.")
            if name in wanted:
                raise field_error(f"{field}.name", "Named twice.")
            wanted[name] = _agreed(held.get(name) or Agreement(service=service, name=name), given, field)
        after = {name: _terms(row) for name, row in wanted.items()}
        if after != before:
            service.agreements.exclude(name__in=wanted).delete()
            for name, row in wanted.items():
                if after[name] != before.get(name):
                    row.save()
            _audit(actor, "agreements changed", service, before=before, after=after)
    return list(service.agreements.all())


def _agreed(row: Agreement, given: Mapping[str, Any], field: str) -> Agreement:
    row.target = _percent(given.get("target"), f"{field}.target")
    row.period = given.get("period") or Period.MONTH
    if row.period not in Period.values:
        raise field_error(f"{field}.period", f"One of {', '.join(Period.values)}.")
    row.zone = str(given.get("zone") or "UTC")
    if row.zone not in available_timezones():
        raise field_error(f"{field}.zone", "There is no such time zone.")
    row.counts_degraded = bool(given.get("counts_degraded"))
    row.party = one_line(str(given.get("party") or ""), 120)
    row.consequence = one_line(str(given.get("consequence") or ""), 300)
    row.url = web_address(f"{field}.url", given.get("url"))
    row.starts_on = _date(given.get("starts_on"), f"{field}.starts_on")
    row.ends_on = _date(given.get("ends_on"), f"{field}.ends_on")
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        raise field_error(f"{field}.ends_on", "That is before it begins.")
    return row


# Days at the ends of the calendar are in no zone.
_YEARS = range(1970, 2200)


def _percent(value: Any, field: str) -> Decimal:
    try:
        target = Decimal(str(value).strip().rstrip("%").strip().replace(",", "."))
        target = target.quantize(Decimal("0.0001"))
    except (InvalidOperation, ValueError):
        raise field_error(field, "A percentage such as 99.95.") from None
    if not target.is_finite() or not 50 < target <= 100:
        raise field_error(field, "More than 50 and at most 100 percent.")
    return target


def _date(value: Any, field: str) -> dt.date | None:
    try:
        found = (
            value or None
            if isinstance(value, dt.date | None) or value == ""
            else dt.date.fromisoformat(str(value))
        )
    except ValueError:
        raise field_error(field, "A date such as 2026-11-30.") from None
    if found is not None and found.year not in _YEARS:
        raise field_error(field, "A day between 1970 and 2199; leave it empty when there is none.")
    return found


def _terms(row: Agreement) -> dict[str, Any]:
    return {
        "party": row.party,
        "target": f"{row.target:.4f}",
        "period": row.period,
        "zone": row.zone,
        "counts_degraded": row.counts_degraded,
        "consequence": row.consequence,
        "url": row.url,
        "starts_on": row.starts_on.isoformat() if row.starts_on else None,
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
    }


def _audit(actor: Actor, verb: str, service: Service, **data: Any) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="service",
        obj_id=service.pk,
        label=service.name,
        team_id=service.team_id,
        data=data,
    )
