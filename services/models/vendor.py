from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from services.choices import Period, VendorIndicator
from services.querysets import ServiceChildQuerySet


class Vendor(models.Model):
    """What is known of a vendor's product beside the catalog: how to reach them, and what their status page says.

    `status_url`: the origin of a page with the Statuspage v2 read API, asked again and again when set.
    `components`: `[{name, status}]` that are not operational; `incidents`: `[{name, status, impact, url, at}]`
    unresolved ones, newest first; both as last read. `failure`: why the last try failed, "" when it did not.
    """

    service = models.OneToOneField("services.Service", on_delete=models.CASCADE, related_name="vendor")
    status_url = models.URLField(_("status page"), max_length=500, blank=True, default="")
    support = models.CharField(_("how to reach their support"), max_length=300, blank=True, default="")
    account = models.CharField(_("our customer number"), max_length=120, blank=True, default="")
    contract_url = models.URLField(_("contract"), max_length=500, blank=True, default="")
    indicator = models.CharField(
        max_length=12, choices=VendorIndicator.choices, default=VendorIndicator.UNKNOWN, editable=False
    )
    description = models.CharField(max_length=200, blank=True, default="", editable=False)
    components = models.JSONField(default=list, editable=False)
    incidents = models.JSONField(default=list, editable=False)
    failure = models.CharField(max_length=300, blank=True, default="", editable=False)
    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    etag = models.CharField(max_length=200, blank=True, default="", editable=False)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["service_id"]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="vendor_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(indicator__in=VendorIndicator.values), name="vendor_indicator_known"
            )
        ]

    def __str__(self) -> str:
        return f"vendor {self.service_id}"


class Agreement(models.Model):
    """A service level agreement: `target` percent available in each `period`, in the calendar of `zone`.

    Of a vendor's entry it is what they owe us; of any other, what we owe `party`. Downtime is read from the impact
    rows of incidents: unavailable always counts, degraded when `counts_degraded`. In force from `starts_on` to
    `ends_on`, both included.
    """

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="agreements", db_index=False
    )
    name = models.CharField(_("name"), max_length=120)
    party = models.CharField(_("agreed with"), max_length=120, blank=True, default="")
    target = models.DecimalField(_("available, percent"), max_digits=7, decimal_places=4)
    period = models.CharField(_("judged by"), max_length=10, choices=Period.choices, default=Period.MONTH)
    zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    counts_degraded = models.BooleanField(_("degraded counts as down"), default=False)
    consequence = models.CharField(_("when it is missed"), max_length=300, blank=True, default="")
    url = models.URLField(_("contract"), max_length=500, blank=True, default="")
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["service_id", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="agreement_name_once"),
            models.CheckConstraint(
                condition=Q(target__gt=0, target__lte=100), name="agreement_target_bounds"
            ),
            models.CheckConstraint(condition=Q(period__in=Period.values), name="agreement_period_known"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=models.F("starts_on")),
                name="agreement_forward",
            ),
        ]

    def __str__(self) -> str:
        return self.name
