from __future__ import annotations

from django.db import models


class EmptyStart(models.Model):
    """One row while somebody tries the demo without its company: a restart must not load it again."""

    id = models.SmallAutoField(primary_key=True)
    chosen_at = models.DateTimeField()

    class Meta:
        verbose_name = "empty start"
        verbose_name_plural = "empty starts"

    def __str__(self) -> str:
        return f"Without the demo company since {self.chosen_at:%Y-%m-%d %H:%M} UTC"
