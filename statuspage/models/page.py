from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import ComponentStatus
from statuspage.ids import new_id
from statuspage.querysets import PageChildQuerySet, PageQuerySet


class StatusPage(models.Model):
    """A public page, kept by a team. What the public sees is the last snapshot, never this row."""

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("what it is about"), max_length=300, blank=True, default="")
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="status_pages"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/statuspages/{self.slug}/"


class Component(models.Model):
    """A part customers know, in a group or alone; set by hand."""

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="components", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True, default="")
    status = models.CharField(
        max_length=24, choices=ComponentStatus.choices, default=ComponentStatus.OPERATIONAL
    )
    position = models.PositiveSmallIntegerField(default=0)
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["page_id", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ComponentStatus.values), name="component_status_known"
            ),
            models.UniqueConstraint(fields=["page", "name"], name="component_name_in_page"),
        ]

    def __str__(self) -> str:
        return self.name


class StatusSnapshot(models.Model):
    """What the public is served: every file of the page, made at publish. `files`: path → text."""

    page = models.OneToOneField(StatusPage, on_delete=models.CASCADE, related_name="snapshot")
    version = models.PositiveIntegerField(default=1)
    files = models.JSONField()
    built_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"version {self.version} of {self.page_id}"
