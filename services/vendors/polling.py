"""Asking vendors' status pages: claim what is due, fetch it, keep what came, or say what failed."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.db.models import Q

from core import clock
from notifications.fetching import Fetched, FetchFailed, Wanted, fetch
from services.actions.changes import receive_change
from services.choices import ChangeKind, VendorIndicator
from services.models import Vendor
from services.vendors.reading import Report, Unreadable, read, summary_url

log = structlog.get_logger("watchbill.services")
EVERY = dt.timedelta(minutes=2)
# While they have trouble we look as often as their own page is made anew.
EVERY_IN_TROUBLE = dt.timedelta(seconds=30)
_LEASE = dt.timedelta(seconds=60)
_MOST_BYTES = 5_000_000
_TROUBLE = frozenset({VendorIndicator.MINOR, VendorIndicator.MAJOR, VendorIndicator.CRITICAL})


def poll_due(*, limit: int = 20) -> int:
    """Ask the pages that are due, one by one. Returns how many were asked."""
    done = 0
    while done < limit and (vendor := _claimed()) is not None:
        ask(vendor)
        done += 1
    return done


def ask(vendor: Vendor) -> None:
    """Fetch and read one page outside of any transaction, then keep what came."""
    report: Report | None = None
    failure, fetched = "", Fetched(None)
    try:
        wanted = Wanted("status page", "application/json", _MOST_BYTES, etag=vendor.etag)
        fetched = fetch(summary_url(vendor.status_url), wanted)
        report = read(fetched.content) if fetched.content is not None else None
    except (FetchFailed, Unreadable) as error:
        failure = str(error)[:300]
    except Exception as error:
        # What one page makes of itself must not keep the others from being asked.
        log.exception("vendor not read", vendor=vendor.pk)
        failure = f"Internal error: {type(error).__name__}."
    _settle(vendor, report, fetched, failure)


def _claimed() -> Vendor | None:
    with transaction.atomic():
        now = clock.database_now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        rows = Vendor.objects.filter(free, next_at__lte=now).order_by("next_at", "pk")
        vendor: Vendor | None = rows.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
        if vendor is not None:
            vendor.leased_until = now + _LEASE
            vendor.save(update_fields=["leased_until"])
    return vendor


def _settle(asked: Vendor, report: Report | None, fetched: Fetched, failure: str) -> None:
    """Written only when the address is still the one that was asked."""
    with transaction.atomic():
        rows = Vendor.objects.filter(pk=asked.pk, status_url=asked.status_url)
        vendor = rows.select_for_update(of=("self",), no_key=True).first()
        if vendor is None:
            return
        now = clock.database_now()
        vendor.failure, vendor.leased_until = failure, None
        if not failure:
            vendor.read_at = now
        if report is not None:
            _keep(vendor, report, now)
            vendor.etag = fetched.etag
        wait = EVERY_IN_TROUBLE if vendor.indicator in _TROUBLE else EVERY
        vendor.next_at = now + wait
        vendor.save()


def _keep(vendor: Vendor, report: Report, now: dt.datetime) -> None:
    """A turn for the worse, or back to well, is a change of the vendor's service: it may explain ours."""
    before = vendor.indicator
    vendor.indicator, vendor.description = report.indicator, report.description
    vendor.components, vendor.incidents = report.components, report.incidents
    if before == report.indicator:
        return
    vendor.changed_at = now
    if before == VendorIndicator.UNKNOWN and report.indicator not in _TROUBLE:
        return
    named = report.incidents[0]["name"] if report.incidents else report.description
    label = VendorIndicator(report.indicator).label
    receive_change(
        service_id=vendor.service_id,
        kind=ChangeKind.VENDOR,
        summary=f"Status page: {label}. {named}",
        source="status page",
        happened_at=now,
        links=[{"url": vendor.status_url, "title": "Status page"}],
    )
