from __future__ import annotations

from django.db import models

from core import clock
from teams.querysets import SavedViewQuerySet


class SavedView(models.Model):
    """A list's filters under a name: of one person, or shared with a team.

    `page`: which list (`alerts`, `incidents`); `query`: the part of its address after the question mark.
    """

    page = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    user = models.ForeignKey(
        "teams.User", on_delete=models.CASCADE, related_name="saved_views", db_index=False
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["page", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """The list with these filters."""
        return f"/{self.page}/?{self.query}"
