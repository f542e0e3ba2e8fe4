from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import Impact, NoticeKind, NoticeStatus
from statuspage.ids import new_id
from statuspage.querysets import PageChildQuerySet


class Notice(models.Model):
    """What the public is told about one problem or one piece of planned work.

    `incident` is for those inside: nothing of it leaves.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    kind = models.CharField(max_length=12, choices=NoticeKind.choices, default=NoticeKind.INCIDENT)
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(max_length=14, choices=NoticeStatus.choices, default=NoticeStatus.INVESTIGATING)
    impact = models.CharField(max_length=12, choices=Impact.choices, default=Impact.MINOR)
    components = models.ManyToManyField("statuspage.Component", related_name="notices", blank=True)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )
    scheduled_for = models.DateTimeField(null=True, blank=True)
    scheduled_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    monitoring_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["page", "-started_at"], name="notice_by_page")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="incident", status__in=["investigating", "identified", "monitoring", "resolved"]
                )
                | Q(kind="maintenance", status__in=["scheduled", "in_progress", "verifying", "completed"]),
                name="notice_status_fits_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="maintenance")
                | Q(scheduled_for__isnull=False, scheduled_until__gt=F("scheduled_for")),
                name="notice_maintenance_has_window",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NoticeUpdate(models.Model):
    """One published word about a notice; never changed after."""

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=14, choices=NoticeStatus.choices)
    body = models.TextField()
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.status} of {self.notice_id}"
