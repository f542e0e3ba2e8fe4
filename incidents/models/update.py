from __future__ import annotations

from django.db import models

from incidents.choices import UpdateAudience


class IncidentUpdate(models.Model):
    """What one audience was told, and when it was promised to hear more."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="updates")
    audience = models.CharField(max_length=20, choices=UpdateAudience.choices)
    text = models.TextField()
    status = models.CharField(max_length=20)
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    next_update_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-sent_at", "-id"]
        indexes = [models.Index(fields=["incident", "audience", "-sent_at"], name="update_by_incident")]

    def __str__(self) -> str:
        return f"{self.audience} update of {self.incident_id}"
