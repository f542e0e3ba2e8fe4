"""The services behind channels: what they need, and what they report back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from notifications.choices import Provider


class ProviderAccount(models.Model):
    """Settings of one provider, for the whole installation. `sealed`: JSON with its secrets."""

    provider = models.CharField(max_length=20, choices=Provider.choices, unique=True)
    sealed = models.TextField(blank=True, default="", editable=False)
    enabled = models.BooleanField(default=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, default="")
    updated_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["provider"]
        constraints = [
            models.CheckConstraint(condition=Q(provider__in=Provider.values), name="provider_known"),
        ]

    def __str__(self) -> str:
        return str(self.get_provider_display())


class ProviderEvent(models.Model):
    """A callback of a provider that was taken in; the unique key makes a repeated one harmless."""

    provider = models.CharField(max_length=20, choices=Provider.choices)
    key = models.CharField(max_length=200)
    delivery = models.ForeignKey(
        "notifications.Delivery", null=True, blank=True, on_delete=models.CASCADE, related_name="callbacks"
    )
    kind = models.CharField(max_length=40)
    detail = models.CharField(max_length=300, blank=True, default="")
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["received_at"], name="provider_event_age")]
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="provider_event_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


class DeliveryLimits(models.Model):
    """How fast pages go to one destination, for the whole installation; a single row.

    After `singles` pages within `window_seconds` the rest waits `hold_seconds` and goes as one message. A
    page that could not be sent within `expire_minutes` is dropped rather than replayed.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    singles = models.PositiveSmallIntegerField(default=5)
    window_seconds = models.PositiveIntegerField(default=60)
    hold_seconds = models.PositiveIntegerField(default=30)
    expire_minutes = models.PositiveIntegerField(default=30)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "delivery limits"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="limits_single_row"),
            models.CheckConstraint(
                condition=Q(
                    singles__range=(1, 1000),
                    window_seconds__range=(1, 3600),
                    hold_seconds__range=(1, 3600),
                    expire_minutes__range=(1, 1440),
                ),
                name="limits_bounded",
            ),
        ]

    def __str__(self) -> str:
        return "limits of delivery"


class QuietHours(models.Model):
    """When a person wants no low-urgency messages, in their own zone. High urgency is never held."""

    user = models.OneToOneField("teams.User", on_delete=models.CASCADE, related_name="quiet_hours")
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        verbose_name_plural = "quiet hours"

    def __str__(self) -> str:
        return f"{self.starts:%H:%M} to {self.ends:%H:%M}"
