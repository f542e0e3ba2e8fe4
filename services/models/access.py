from __future__ import annotations

from django.db import models

from core import clock
from services.querysets import ServiceChildQuerySet


class AccessItem(models.Model):
    """Something everybody who may be paged for a service must be able to reach, e.g. its dashboard."""

    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="access_items")
    text = models.CharField(max_length=200)
    url = models.URLField(max_length=500, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["service_id", "position", "id"]

    def __str__(self) -> str:
        return self.text


class AccessConfirmation(models.Model):
    """A person tried it and it worked; worth nothing after 90 days."""

    item = models.ForeignKey(
        AccessItem, on_delete=models.CASCADE, related_name="confirmations", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="access_confirmations")
    confirmed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["item_id", "user_id"]
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="access_confirmed_once")]

    def __str__(self) -> str:
        return f"{self.item_id} by {self.user_id}"
