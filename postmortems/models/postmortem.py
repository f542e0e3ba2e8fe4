from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from postmortems.choices import PostmortemStatus, SectionKey
from postmortems.querysets import PostmortemQuerySet


class Postmortem(models.Model):
    """What was learned from one incident. Blameless: people appear by role in what is exported."""

    incident = models.OneToOneField("incidents.Incident", on_delete=models.CASCADE, related_name="postmortem")
    status = models.CharField(max_length=12, choices=PostmortemStatus.choices, default=PostmortemStatus.DRAFT)
    owner = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "-id"], name="postmortem_by_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PostmortemStatus.values), name="postmortem_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["published", "closed"]) | Q(published_at__isnull=False),
                name="postmortem_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Postmortem of #{self.incident.number}"

    def get_absolute_url(self) -> str:
        return f"/postmortems/{self.pk}/"


class PostmortemSection(models.Model):
    """One section as markdown text; `version` counts edits, so that two writers never lose words."""

    postmortem = models.ForeignKey(
        Postmortem, on_delete=models.CASCADE, related_name="sections", db_index=False
    )
    key = models.CharField(max_length=20, choices=SectionKey.choices)
    text = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["postmortem_id", "id"]
        constraints = [models.UniqueConstraint(fields=["postmortem", "key"], name="section_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.postmortem_id}"
