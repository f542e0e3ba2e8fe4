from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from incidents.choices import IncidentStatus, UpdateAudience, UpdateState
from teams.querysets import OwnedQuerySet


class IncidentUpdate(models.Model):
    """What one audience was told, and when it was promised to hear more.

    `text` is what goes out. `impact`, `doing` and `needs` (conditions, actions, needs) and `workaround` are
    the facts it was written from. `sent_at` is null until it has left. For support also what to say and
    what not to say. `batch` joins updates written at once for several audiences.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="updates", db_index=False
    )
    audience = models.CharField(max_length=20, choices=UpdateAudience.choices)
    state = models.CharField(max_length=10, choices=UpdateState.choices, default=UpdateState.DRAFT)
    batch = models.UUIDField(null=True, blank=True)
    text = models.TextField()
    impact = models.TextField(blank=True, default="")
    doing = models.TextField(blank=True, default="")
    needs = models.TextField(blank=True, default="")
    workaround = models.TextField(blank=True, default="")
    say = models.TextField(blank=True, default="")
    do_not_say = models.TextField(blank=True, default="")
    template = models.ForeignKey(
        "incidents.UpdateTemplate", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    no_change = models.BooleanField(default=False)
    status = models.CharField(max_length=20)
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = models.CharField(max_length=200)
    written_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    next_update_in_minutes = models.PositiveIntegerField(null=True, blank=True)
    next_update_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-sent_at", "-id"]
        indexes = [models.Index(fields=["incident", "audience", "-sent_at"], name="update_by_incident")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=UpdateState.values), name="update_state_known"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="update_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="update_rejected_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} update of {self.incident_id}"


class UpdatePromise(models.Model):
    """When an audience was promised the next word. Gone with the update that keeps it.

    `began_at`: when the clock was started. `reminded_at`: when somebody was reminded that it is near;
    `overdue_told_at`: that it has passed.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="promises", db_index=False
    )
    audience = models.CharField(max_length=20, choices=UpdateAudience.choices)
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    overdue_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "due_at"]
        indexes = [models.Index(fields=["due_at"], name="promise_due")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "audience"], name="promise_once_an_audience")
        ]

    def __str__(self) -> str:
        return f"{self.audience} of {self.incident_id} at {self.due_at}"


class UpdateTemplate(models.Model):
    """A text that is ready before it is needed. `{{ variables }}` are those of `incidents.wording`."""

    name = models.CharField(_("name"), max_length=100)
    audience = models.CharField(_("audience"), max_length=20, choices=UpdateAudience.choices)
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="update_templates"
    )
    type = models.ForeignKey(
        "incidents.IncidentType", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(
        _("offered in the state"), max_length=20, choices=IncidentStatus.choices, blank=True, default=""
    )
    customers = models.BooleanField(_("for messages to named customers"), default=False)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    body = models.TextField(_("text"), max_length=20_000)
    approved = models.BooleanField(_("approved for customers"), default=False)
    position = models.PositiveSmallIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["audience", "position", "name"]
        indexes = [models.Index(fields=["audience", "team"], name="update_template_by_audience")]

    def __str__(self) -> str:
        return self.name
