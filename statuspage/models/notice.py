from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    Impact,
    NoticeKind,
    NoticeState,
    NoticeStatus,
    Repeats,
)
from statuspage.ids import new_id
from statuspage.querysets import NoticeChildQuerySet, PageChildQuerySet


class Notice(models.Model):
    """What the public is told about one problem or one piece of planned work.

    `incident` is for those inside: nothing of it leaves. `title_in`: language code → the title in it.
    `impact` follows from the components unless `impact_override` says otherwise.
    `next_update_at` is promised, `eta_at` estimated. `state`: the public sees it once one of its updates is approved.
    Planned work: `remind_minutes` before its start subscribers are reminded; `next_at` is when time alone does the
    next thing; `series` joins the repeats.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    kind = models.CharField(max_length=12, choices=NoticeKind.choices, default=NoticeKind.INCIDENT)
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.PUBLISHED)
    title = models.CharField(_("title"), max_length=200)
    title_in = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=14, choices=NoticeStatus.choices, default=NoticeStatus.INVESTIGATING)
    impact = models.CharField(max_length=12, choices=Impact.choices, default=Impact.MINOR)
    impact_override = models.CharField(max_length=12, choices=Impact.choices, blank=True, default="")
    components = models.ManyToManyField("statuspage.Component", related_name="notices", blank=True)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    backfilled = models.BooleanField(default=False)
    next_update_at = models.DateTimeField(null=True, blank=True)
    eta_at = models.DateTimeField(null=True, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    scheduled_until = models.DateTimeField(null=True, blank=True)
    auto_start = models.BooleanField(default=True)
    auto_end = models.BooleanField(default=True)
    remind_minutes = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    repeats = models.CharField(max_length=12, choices=Repeats.choices, default=Repeats.NEVER)
    repeats_until = models.DateField(null=True, blank=True)
    series = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    next_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    monitoring_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["page", "-started_at", "-id"], name="notice_by_page"),
            models.Index(fields=["next_at"], name="notice_due", condition=Q(next_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="incident", status__in=INCIDENT_STATUSES)
                | Q(kind="maintenance", status__in=MAINTENANCE_STATUSES),
                name="notice_status_fits_kind",
            ),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=~Q(kind="maintenance")
                | Q(scheduled_for__isnull=False, scheduled_until__gt=F("scheduled_for")),
                name="notice_maintenance_has_window",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NoticeUpdate(models.Model):
    """One word about a notice; the public sees it when its state is published.

    `affected`: what it does to components, `[{"code", "name", "old_status", "new_status"}]`. `source`: the
    incident's public update it came from. `body_in`: language code → the text in it. `deliver`: subscribers hear
    of it. `created_at` is when it is shown to have been said, `written_at` when it was.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="updates", db_index=False)
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.PUBLISHED)
    status = models.CharField(max_length=14, choices=NoticeStatus.choices)
    body = models.TextField()
    body_in = models.JSONField(default=dict, blank=True)
    affected = models.JSONField(default=list, blank=True)
    next_update_at = models.DateTimeField(null=True, blank=True)
    deliver = models.BooleanField(default=True)
    source = models.ForeignKey(
        "incidents.IncidentUpdate", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    refusal = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    written_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeChildQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["notice", "-created_at", "-id"], name="notice_update_by_notice")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=NoticeState.values), name="notice_update_state_known"
            ),
            models.UniqueConstraint(
                fields=["notice", "source"], condition=Q(source__isnull=False), name="notice_source_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.notice_id}"


class NoticeTemplate(models.Model):
    """A notice that is ready before it is needed; `{{ components }}` and `{{ page }}` are filled in."""

    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="templates", db_index=False
    )
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(max_length=12, choices=NoticeKind.choices, default=NoticeKind.INCIDENT)
    status = models.CharField(_("status"), max_length=14, choices=NoticeStatus.choices)
    title = models.CharField(_("title"), max_length=200)
    title_in = models.JSONField(default=dict, blank=True)
    body = models.TextField(_("text"), max_length=20_000)
    body_in = models.JSONField(default=dict, blank=True)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["page_id", "name"]
        constraints = [models.UniqueConstraint(fields=["page", "name"], name="notice_template_in_page")]

    def __str__(self) -> str:
        return self.name
