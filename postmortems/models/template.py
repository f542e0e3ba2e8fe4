from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock
from postmortems.choices import Part
from teams.querysets import OwnedQuerySet


class PostmortemTemplate(models.Model):
    """What the sections of a new document say. `sections`: key → markdown with {variables}.

    Chosen by team (null: organisation-wide) and type of incident (null: every type); the more particular wins.
    """

    team = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="postmortem_templates",
        verbose_name=_("team"),
    )
    type = models.ForeignKey(
        "incidents.IncidentType",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("incident type"),
    )
    name = models.CharField(_("name"), max_length=120)
    sections = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(default=clock.now)
    updated_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/postmortems/templates/{self.pk}/"


class ReviewDefaults(models.Model):
    """Who looks after a team's postmortems unless a document says otherwise."""

    team = models.OneToOneField("teams.Team", on_delete=models.CASCADE, related_name="review_defaults")
    organiser = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("retrospective organiser"),
    )
    organiser_backup = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("organiser's backup"),
    )
    process_owner = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("process-change owner"),
    )
    process_owner_backup = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("process-change owner's backup"),
    )
    approvals_needed = models.PositiveSmallIntegerField(_("approvals before reviewed"), default=1)

    def __str__(self) -> str:
        return f"Review defaults of {self.team_id}"


class DefaultAttendee(models.Model):
    """Somebody who is proposed for every review of a team, and for which part."""

    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=20, choices=Part.choices, default=Part.PRODUCT)

    class Meta:
        ordering = ["team_id", "part", "id"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="default_attendee_once")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.part}"
