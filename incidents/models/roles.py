from __future__ import annotations

from django.db import models
from django.db.models import Q

from incidents.choices import SINGLE_ROLES, Role


class RoleAssignment(models.Model):
    """A person in a role of an incident, from an instant to another (null: still)."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="role_rows")
    role = models.CharField(max_length=20, choices=Role.choices)
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="incident_roles")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["incident_id", "id"]
        indexes = [models.Index(fields=["user", "-incident"], name="role_by_user")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=Q(ended_at__isnull=True, role__in=SINGLE_ROLES),
                name="role_single_holder",
            ),
            models.UniqueConstraint(
                fields=["incident", "role", "user"],
                condition=Q(ended_at__isnull=True),
                name="role_person_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} as {self.role}"
