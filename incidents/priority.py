"""The priority matrix: condition × reach × tier suggests a rank; the human decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.choices import ImpactCondition, Reach
from incidents.models import ImpactRow, PriorityRule

LEAST = 4
# A service of one of these tiers counts one rank less grave.
LOWER_TIERS = (3, 4)


@dataclass(frozen=True)
class Suggestion:
    """The rank the matrix suggests, and why in one sentence."""

    rank: int
    reason: str


def matrix() -> dict[tuple[str, str], int]:
    """(condition, reach) → rank, as the organisation has set it up: one statement."""
    return {
        (condition, reach): rank
        for condition, reach, rank in PriorityRule.objects.values_list("condition", "reach", "rank")
    }


def suggest(rows: Iterable[ImpactRow], squares: Mapping[tuple[str, str], int]) -> Suggestion | None:
    """The gravest rank any impact row that still lasts asks for; None while none says condition and reach."""
    best: Suggestion | None = None
    for row in rows:
        rank = squares.get((row.condition, row.reach))
        if row.ended_at is not None or rank is None:
            continue
        tier = row.service.tier if row.service else None
        if tier in LOWER_TIERS and row.condition != ImpactCondition.OPERATIONAL:
            rank = min(rank + 1, LEAST)
        if best is None or rank < best.rank:
            best = Suggestion(rank, _reason(row, tier))
    return best


def _reason(row: ImpactRow, tier: int | None) -> str:
    words = {
        "service": row.service.name if row.service else _("It"),
        "condition": str(ImpactCondition(row.condition).label).lower(),
        "reach": str(Reach(row.reach).label).lower(),
    }
    if tier is None:
        return _("%(service)s is %(condition)s for %(reach)s") % words
    return _("%(service)s (tier %(tier)s) is %(condition)s for %(reach)s") % (words | {"tier": tier})
