"""Guardian rows for exceptions only: a person or team outside the owning team. Direct foreign keys."""

from __future__ import annotations

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class IncidentUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="user_grants"
    )


class IncidentGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="group_grants"
    )
