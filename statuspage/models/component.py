from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import ComponentStatus, Follows
from statuspage.ids import new_id
from statuspage.querysets import ComponentChildQuerySet, PageChildQuerySet


class ComponentGroup(models.Model):
    """Components that belong together. `folded`: closed until opened, while all of it is well."""

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="groups", db_index=False
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True, default="")
    folded = models.BooleanField(_("folded"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["page_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["page", "name"], name="component_group_in_page")]

    def __str__(self) -> str:
        return self.name


class Component(models.Model):
    """A part customers know, in a group or alone.

    `status` is what the public sees: `override`, where somebody has set one, else what `follows` says of its
    `services`. `set_by` is the open notice that set the override, so that it goes when the notice ends.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="components", db_index=False
    )
    group = models.ForeignKey(
        ComponentGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="components"
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True, default="")
    status = models.CharField(
        max_length=24, choices=ComponentStatus.choices, default=ComponentStatus.OPERATIONAL
    )
    follows = models.CharField(
        _("its status comes from"), max_length=10, choices=Follows.choices, default=Follows.HAND
    )
    override = models.CharField(max_length=24, choices=ComponentStatus.choices, blank=True, default="")
    set_by = models.ForeignKey(
        "statuspage.Notice", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    services = models.ManyToManyField("services.Service", related_name="+", blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    showcase = models.BooleanField(_("shows uptime"), default=True)
    only_show_if_degraded = models.BooleanField(_("shown only while something is wrong"), default=False)
    start_date = models.DateField(_("counts from"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["page_id", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ComponentStatus.values), name="component_status_known"
            ),
            models.CheckConstraint(
                condition=Q(override__in=["", *ComponentStatus.values]), name="component_override_known"
            ),
            models.CheckConstraint(condition=Q(follows__in=Follows.values), name="component_follows_known"),
            models.UniqueConstraint(fields=["page", "name"], name="component_name_in_page"),
        ]

    def __str__(self) -> str:
        return self.name


class ComponentInterval(models.Model):
    """How a component did, half-open; the one without an end lasts."""

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="intervals", db_index=False
    )
    status = models.CharField(max_length=24, choices=ComponentStatus.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    notice = models.ForeignKey(
        "statuspage.Notice", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["component_id", "since", "id"]
        indexes = [models.Index(fields=["component", "since"], name="interval_by_component")]
        constraints = [
            models.UniqueConstraint(
                fields=["component"], condition=Q(until__isnull=True), name="interval_one_open"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="interval_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.component_id} since {self.since}"


class UptimeCorrection(models.Model):
    """What is counted for a time instead of what was recorded; the newest wins. Nothing recorded is changed."""

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="corrections", db_index=False
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    status = models.CharField(max_length=24, choices=ComponentStatus.choices)
    reason = models.CharField(max_length=300)
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects = ComponentChildQuerySet.as_manager()

    class Meta:
        ordering = ["component_id", "-created_at", "-id"]
        indexes = [models.Index(fields=["component", "-created_at"], name="correction_by_component")]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="correction_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.component_id} from {self.since}"
