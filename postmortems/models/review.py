from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from core import clock
from postmortems.choices import MeetingKind, Part, ReviewAnswer


class Reviewer(models.Model):
    """Somebody asked to read a postmortem, and what they said. A text that changes after an approval asks anew:
    `answered_version` is the document's version they saw."""

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="reviewers", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="postmortem_reviews")
    answer = models.CharField(max_length=10, choices=ReviewAnswer.choices, default=ReviewAnswer.ASKED)
    note = models.CharField(max_length=1000, blank=True, default="")
    asked_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_version = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["postmortem_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "user"], name="reviewer_once"),
            models.CheckConstraint(
                condition=Q(answer="asked", answered_at__isnull=True)
                | (~Q(answer="asked") & Q(answered_at__isnull=False)),
                name="review_answer_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.postmortem_id}: {self.answer}"


class Meeting(models.Model):
    """A review or follow-up meeting. `minutes`: how long. `sequence` rises with each change, as RFC 5545 asks of
    an invitation; `uid` stays. `notes`: markdown."""

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="meetings"
    )
    kind = models.CharField(max_length=10, choices=MeetingKind.choices, default=MeetingKind.REVIEW)
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=60)
    place = models.CharField(max_length=300, blank=True, default="")
    agenda = models.TextField(blank=True, default="")
    notes = models.TextField(blank=True, default="")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    held_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["postmortem_id", "starts_at", "id"]
        indexes = [
            models.Index(
                fields=["starts_at"],
                name="meeting_to_come",
                condition=Q(held_at__isnull=True, cancelled_at__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=480), name="meeting_lasts"),
            models.CheckConstraint(condition=Q(kind__in=MeetingKind.values), name="meeting_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.postmortem_id}"


class Attendee(models.Model):
    """Somebody proposed for or invited to the meetings of a postmortem. `attended`: null until the meeting is
    over; it speaks of the review."""

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="attendees", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=20, choices=Part.choices, default=Part.ENGINEERING)
    why = models.CharField(max_length=120, blank=True, default="")
    invited_at = models.DateTimeField(null=True, blank=True)
    attended = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["postmortem_id", "part", "id"]
        constraints = [models.UniqueConstraint(fields=["postmortem", "user"], name="attendee_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.postmortem_id}"
