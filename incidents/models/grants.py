"""Guardian rows for exceptions only: a person or team outside the owning team."""

from __future__ import annotations

from django.db import models
from guardian.models import GroupObjectPermissionAbstract, UserObjectPermissionAbstract


class IncidentUserPermission(UserObjectPermissionAbstract):
    content_object = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="user_grants"
    )
    id = models.BigAutoField(primary_key=True)

    class Meta(UserObjectPermissionAbstract.Meta):
        abstract = False


class IncidentGroupPermission(GroupObjectPermissionAbstract):
    content_object = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="group_grants"
    )
    id = models.BigAutoField(primary_key=True)

    class Meta(GroupObjectPermissionAbstract.Meta):
        abstract = False
