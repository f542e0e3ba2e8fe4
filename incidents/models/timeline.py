from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from incidents.choices import AttachmentKind, EntryAudience, EntryKind, EntrySource


class TimelineEntry(models.Model):
    """One row of the record: when it happened and when it was written are two things.

    Append-only. An edit keeps the former text as a revision; redaction blanks text and revisions
    and leaves the row. `happened_until`: the end of something that lasted. `client_key`: the writer's own
    name of the entry, so that one sent twice after a lost connection is stored once.
    """

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="timeline", db_index=False
    )
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=EntryKind.choices)
    happened_at = models.DateTimeField()
    happened_until = models.DateTimeField(null=True, blank=True)
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
    evidence_link = models.URLField(max_length=500, blank=True, default="")
    client_key = models.CharField(max_length=64, blank=True, default="")
    starred = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "seq"]
        verbose_name_plural = "timeline entries"
        indexes = [
            models.Index(fields=["incident", "-happened_at", "-seq"], name="timeline_by_time"),
            models.Index(fields=["incident", "kind", "-seq"], name="timeline_by_kind"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["incident", "seq"], name="timeline_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="timeline_seq_from_one"),
            models.UniqueConstraint(
                fields=["incident", "author", "client_key"],
                condition=~Q(client_key=""),
                name="timeline_client_key_once",
            ),
            models.CheckConstraint(
                condition=Q(happened_until__isnull=True) | Q(happened_until__gte=models.F("happened_at")),
                name="timeline_ends_after_start",
            ),
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


class TimelineFile(models.Model):
    """Evidence on an entry: an image or a text, checked by its content. `size` in bytes.

    `path` is below the media folder and never an address: files are served by a view that asks for access.
    """

    entry = models.ForeignKey(TimelineEntry, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10, choices=AttachmentKind.choices)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True)
    uploaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["entry_id", "id"]

    def __str__(self) -> str:
        return self.name
