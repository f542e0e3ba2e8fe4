from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core import clock
from services.choices import EdgeKind, ReferenceKind
from services.querysets import DependencyQuerySet, ServiceChildQuerySet


class Dependency(models.Model):
    """`downstream` needs `upstream`. Cycles are allowed, self-edges are not.

    `source`: who says so: "" a person, else the import that brought it (`services.importing`).
    """

    downstream = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="upstream_edges", db_index=False
    )
    upstream = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="downstream_edges"
    )
    kind = models.CharField(max_length=10, choices=EdgeKind.choices, default=EdgeKind.HARD)
    note = models.CharField(max_length=300, blank=True, default="")
    source = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)

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


class DanglingReference(models.Model):
    """A file named something the catalog does not know: kept, shown as missing, and joined once it comes.

    `reference`: an entity reference in lower case, `kind:namespace/name`. `edge_kind`, `note`: of the edge it would be.
    """

    service = models.ForeignKey(
        "services.Service", on_delete=models.CASCADE, related_name="dangling", db_index=False
    )
    kind = models.CharField(max_length=10, choices=ReferenceKind.choices)
    reference = models.CharField(max_length=300)
    edge_kind = models.CharField(max_length=10, choices=EdgeKind.choices, default=EdgeKind.HARD)
    note = models.CharField(max_length=300, blank=True, default="")
    source = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ServiceChildQuerySet.as_manager()

    class Meta:
        ordering = ["service_id", "kind", "reference"]
        indexes = [models.Index(fields=["reference"], name="dangling_by_reference")]
        constraints = [
            models.UniqueConstraint(fields=["service", "kind", "reference"], name="dangling_once"),
            models.CheckConstraint(condition=Q(kind__in=ReferenceKind.values), name="dangling_kind_known"),
        ]

    def __str__(self) -> str:
        return self.reference


class GraphChange(models.Model):
    """A mark that triggers leave behind whenever services or dependencies change, see migration 0002."""

    token = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "services_graph_change"
        ordering = ["at"]

    def __str__(self) -> str:
        return str(self.token)
