from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from services.choices import ChangeKind
from services.querysets import ServiceChildQuerySet


class ChangeEvent(models.Model):
    """A deploy, configuration change or the like that happened to a service.

    `delivery`: names the delivery that told of it, so that the same one again changes nothing; "" when the sender
    gives none.
    """

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    kind = models.CharField(max_length=20, choices=ChangeKind.choices, default=ChangeKind.DEPLOY)
    summary = models.CharField(max_length=1024)
    source = models.CharField(max_length=200, blank=True, default="")
    happened_at = models.DateTimeField(default=clock.now)
    links = models.JSONField(default=list, blank=True)
    delivery = models.CharField(max_length=200, blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [models.Index(fields=["service", "-happened_at"], name="change_by_service")]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"], condition=~Q(delivery=""), name="change_delivered_once"
            )
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def safe_links(self) -> list[dict[str, str]]:
        """`{url, title}` of the links that lead to the web."""
        found = []
        for item in self.links if isinstance(self.links, list) else []:
            url = str(item.get("url") or item.get("href") or "") if isinstance(item, dict) else ""
            if url.lower().startswith(("https://", "http://")):
                found.append({"url": url, "title": str(item.get("title") or item.get("text") or url)})
        return found
