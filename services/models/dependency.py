from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from services.choices import EdgeKind
from services.querysets import DependencyQuerySet


class Dependency(models.Model):
    """`downstream` needs `upstream`. Cycles are allowed, self-edges are not."""

    downstream = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="upstream_edges", db_index=False
    )
    upstream = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="downstream_edges"
    )
    kind = models.CharField(max_length=10, choices=EdgeKind.choices, default=EdgeKind.HARD)
    note = models.CharField(max_length=300, blank=True, default="")

    objects = DependencyQuerySet.as_manager()

    class Meta:
        ordering = ["downstream_id", "upstream_id"]
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["downstream", "upstream"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(downstream=F("upstream")), name="dependency_not_on_itself"),
            models.CheckConstraint(condition=Q(kind__in=EdgeKind.values), name="dependency_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.downstream_id} needs {self.upstream_id}"
