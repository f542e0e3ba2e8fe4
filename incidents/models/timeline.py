from __future__ import annotations

from django.db import models

from incidents.choices import EntryAudience, EntryKind, EntrySource


class TimelineEntry(models.Model):
    """One row of the record: when it happened and when it was written are two things.

    Append-only. An edit keeps the former text as a revision; redaction blanks text and revisions
    and leaves the row.
    """

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="timeline")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=EntryKind.choices)
    happened_at = models.DateTimeField()
    written_at = models.DateTimeField()
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    author_role = models.CharField(max_length=20, blank=True, default="")
    text = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    audience = models.CharField(
        max_length=20, choices=EntryAudience.choices, default=EntryAudience.RESPONDERS
    )
    source = models.CharField(max_length=10, choices=EntrySource.choices, default=EntrySource.WEB)
    starred = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "seq"]
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "-happened_at", "-seq"], name="timeline_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "seq"], name="timeline_seq_once"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="timeline_seq_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id}#{self.seq} {self.kind}"


class TimelineRevision(models.Model):
    """What an entry said before an edit."""

    entry = models.ForeignKey(TimelineEntry, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField(blank=True, default="")
    happened_at = models.DateTimeField()
    replaced_at = models.DateTimeField()
    replaced_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["entry_id", "id"]

    def __str__(self) -> str:
        return f"revision of {self.entry_id}"
