from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from services.choices import TransferStatus
from services.querysets import ServiceChildQuerySet


class ServiceContact(models.Model):
    """Somebody to ask about a service, in a part such as product manager; a person here, or an address."""

    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="contacts")
    part = models.CharField(_("part"), max_length=80)
    user = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="service_contacts"
    )
    value = models.CharField(_("address"), max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False) | ~Q(value=""), name="service_contact_leads_somewhere"
            )
        ]

    def __str__(self) -> str:
        return self.part


class OwnershipTransfer(models.Model):
    """One team asks another to take a service; the receiving team's managers answer."""

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="transfers", db_index=False
    )
    from_team = models.ForeignKey("teams.Team", null=True, on_delete=models.SET_NULL, related_name="+")
    to_team = models.ForeignKey(
        "teams.Team", on_delete=models.CASCADE, related_name="incoming_services", db_index=False
    )
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    status = models.CharField(max_length=10, choices=TransferStatus.choices, default=TransferStatus.WAITING)
    asked_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    answered_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["service", "-asked_at"], name="transfer_by_service"),
            models.Index(
                fields=["to_team"], condition=Q(status=TransferStatus.WAITING), name="transfer_waiting"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(status=TransferStatus.WAITING),
                name="transfer_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=TransferStatus.values), name="transfer_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status=TransferStatus.WAITING, answered_at__isnull=True)
                | (~Q(status=TransferStatus.WAITING) & Q(answered_at__isnull=False)),
                name="transfer_answered_has_time",
            ),
            models.CheckConstraint(condition=~Q(from_team=F("to_team")), name="transfer_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} to {self.to_team_id}"
