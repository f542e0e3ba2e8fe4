"""Contributing factors across postmortems, so that what comes again is seen."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from postmortems.models import ContributingFactor, Factor, Postmortem
from teams.actor import Actor


@dataclass(frozen=True)
class FactorShown:
    """A factor of one document. `others`: in how many other documents the actor may see it contributed too."""

    row: ContributingFactor
    others: int
    last: int | None

    @property
    def last_url(self) -> str:
        return f"/postmortems/{self.last}/"


def factors_of(postmortem: Postmortem, actor: Actor) -> list[FactorShown]:
    """Its factors with where else they contributed. Two statements."""
    rows = list(postmortem.factors.select_related("factor", "node").order_by("factor__kind", "pk"))
    seen = ContributingFactor.objects.filter(
        factor_id__in=[row.factor_id for row in rows], postmortem__in=Postmortem.objects.visible_to(actor)
    ).exclude(postmortem=postmortem)
    counted = {
        row["factor_id"]: row
        for row in seen.order_by().values("factor_id").annotate(n=Count("pk"), last=Max("postmortem_id"))
    }
    return [
        FactorShown(row, counted[row.factor_id]["n"], counted[row.factor_id]["last"])
        if row.factor_id in counted
        else FactorShown(row, 0, None)
        for row in rows
    ]


def catalog(actor: Actor) -> list[Factor]:
    """What may be offered: shipped factors, and those of documents the actor may see, by kind and name, with
    `used` (how often there). One statement."""
    mine = Q(uses__postmortem__in=Postmortem.objects.visible_to(actor))
    rows = Factor.objects.annotate(used=Count("uses", filter=mine, distinct=True))
    return list(rows.filter(Q(shipped=True) | Q(used__gt=0)).order_by("kind", "name")[:500])
