from __future__ import annotations

import datetime as dt

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import Helpful
from teams.querysets import OwnedQuerySet

REVIEW_DAYS = 180
MAX_REVIEW_DAYS = 3650


class RunbookQuerySet(OwnedQuerySet):
    def stale(self, now: dt.datetime) -> RunbookQuerySet:
        """Those in use whose review is due."""
        return self.filter(active=True, review_due_at__lte=now)


class Runbook(models.Model):
    """Instructions for a known kind of trouble; its words are in its versions.

    `team` null: the organisation's. Offered on incidents of its `services` and `types`, and of alerts one of
    `matchers` holds for, each a line of conditions in the syntax of the alerts room that must all hold. `version`
    and `published_at`: of the newest version, 0 and null before the first. `review_due_at`: `review_every_days`
    (0: never) after the last review or publication, whichever is later; stale from then on.
    """

    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="runbooks",
        db_index=False,
    )
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("what it is for"), max_length=300, blank=True, default="")
    owner = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="runbooks"
    )
    active = models.BooleanField(_("in use"), default=True)
    review_every_days = models.PositiveSmallIntegerField(
        _("review every (days)"), default=REVIEW_DAYS, validators=[MaxValueValidator(MAX_REVIEW_DAYS)]
    )
    last_reviewed_at = models.DateTimeField(null=True, blank=True)
    last_reviewed_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    review_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    matchers = models.JSONField(_("alerts it is for"), default=list, blank=True)
    services = models.ManyToManyField(
        "services.Service", through="incidents.RunbookService", blank=True, related_name="runbooks"
    )
    types = models.ManyToManyField("incidents.IncidentType", blank=True, related_name="runbooks")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = RunbookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["team", "name"], name="runbook_by_team")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/runbooks/{self.pk}/"

    @property
    def checked_at(self) -> dt.datetime | None:
        """When somebody last said that its words are right: by a review or by publishing them."""
        return max((at for at in (self.last_reviewed_at, self.published_at) if at is not None), default=None)

    def is_stale(self, now: dt.datetime) -> bool:
        return self.active and self.review_due_at is not None and self.review_due_at <= now


class RunbookService(models.Model):
    """A runbook is for a service."""

    runbook = models.ForeignKey(
        Runbook, on_delete=models.CASCADE, related_name="service_rows", db_index=False
    )
    service = models.ForeignKey("services.Service", on_delete=models.CASCADE, related_name="runbook_rows")

    class Meta:
        ordering = ["runbook_id", "id"]
        constraints = [models.UniqueConstraint(fields=["runbook", "service"], name="runbook_service_once")]

    def __str__(self) -> str:
        return f"{self.runbook_id} for {self.service_id}"


class RunbookVersion(models.Model):
    """The words of a runbook as they were published; never changed afterwards.

    `steps`: `[{key, text}]` in their order, as `incidents.runbooks.document` reads them from the body.
    """

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    body = models.TextField()
    steps = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    published_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["runbook_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_once")]

    def __str__(self) -> str:
        return f"{self.runbook_id} version {self.number}"

    @property
    def step_keys(self) -> list[str]:
        return [step["key"] for step in self.steps]


class RunbookRun(models.Model):
    """A runbook at work on an incident, once each. `finished_at`: when all its steps were ticked for the first time.
    `helpful`, `comment`: what was said of it afterwards; the last word counts."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="runbook_runs", db_index=False
    )
    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="runs")
    version = models.ForeignKey(RunbookVersion, on_delete=models.CASCADE, related_name="+")
    started_at = models.DateTimeField(default=clock.now)
    started_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_label = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)
    helpful = models.CharField(max_length=10, choices=Helpful.choices, blank=True, default="")
    comment = models.CharField(max_length=500, blank=True, default="")
    answered_by_label = models.CharField(max_length=200, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "runbook"], name="runbook_run_once"),
            models.CheckConstraint(condition=Q(helpful__in=Helpful.values), name="runbook_run_helpful_known"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook_id} on {self.incident_id}"


class RunbookTick(models.Model):
    """A step of a run that is done; the row goes when the tick is taken back."""

    run = models.ForeignKey(RunbookRun, on_delete=models.CASCADE, related_name="ticks", db_index=False)
    key = models.CharField(max_length=20)
    by = models.ForeignKey("teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by_label = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["run_id", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="runbook_tick_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.run_id}"
