from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from postmortems.choices import FactorKind, Gate


class Factor(models.Model):
    """A contributing factor as the catalog knows it, so that what comes again is seen. Shipped ones have a
    `shipped` mark; a name may tell something, so others are offered only where a document that uses them is seen."""

    kind = models.CharField(max_length=12, choices=FactorKind.choices)
    name = models.CharField(max_length=120)
    shipped = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="factor_once"),
            models.CheckConstraint(condition=Q(kind__in=FactorKind.values), name="factor_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class WhyNode(models.Model):
    """An answer to *why?*; the answers below it say why that was so. The same nodes are the fault tree.

    A node without parent is what happened (the top event). `gate`: whether its children bring it about together
    or each alone.
    """

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="whys", db_index=False
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(max_length=300)
    evidence = models.CharField(max_length=500, blank=True, default="")
    gate = models.CharField(max_length=3, choices=Gate.choices, default=Gate.AND)
    created_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["postmortem_id", "position", "id"]
        indexes = [models.Index(fields=["postmortem", "position"], name="why_by_postmortem")]
        constraints = [models.CheckConstraint(condition=Q(gate__in=Gate.values), name="why_gate_known")]

    def __str__(self) -> str:
        return self.text


class ContributingFactor(models.Model):
    """A factor of one postmortem, on a why or on the whole."""

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="factors", db_index=False
    )
    factor = models.ForeignKey(Factor, on_delete=models.PROTECT, related_name="uses")
    node = models.ForeignKey(
        WhyNode, null=True, blank=True, on_delete=models.SET_NULL, related_name="factors"
    )
    note = models.CharField(max_length=500, blank=True, default="")
    added_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["postmortem_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "factor"], name="factor_of_postmortem_once")
        ]

    def __str__(self) -> str:
        return f"{self.factor_id} of {self.postmortem_id}"
