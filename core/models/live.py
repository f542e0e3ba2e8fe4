"""Catch-up store of the live topics that have no table of their own (feed, teams, me)."""

from __future__ import annotations

from django.db import models

from core import clock


class LiveTopic(models.Model):
    """The last sequence number given out in a topic; its row lock orders writers."""

    name = models.CharField(max_length=100, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class LiveEntry(models.Model):
    """One message of a topic, kept for 24 hours. `scope` limits who receives it."""

    topic = models.ForeignKey(LiveTopic, on_delete=models.CASCADE, related_name="entries", db_index=False)
    seq = models.BigIntegerField()
    event = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    html = models.TextField(blank=True, default="")
    scope = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="live_entry_seq")]

    def __str__(self) -> str:
        return f"{self.topic_id}#{self.seq}"
