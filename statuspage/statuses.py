"""How statuses compare and what follows from them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from statuspage.choices import ComponentStatus, Impact

RANK = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.MAINTENANCE: 1,
    ComponentStatus.DEGRADED: 2,
    ComponentStatus.PARTIAL: 3,
    ComponentStatus.MAJOR: 4,
}
_IMPACT_RANK = {Impact.NONE: 0, Impact.MAINTENANCE: 1, Impact.MINOR: 2, Impact.MAJOR: 3, Impact.CRITICAL: 4}
# (indicator, description) by rank, as clients of the Statuspage format match them.
OVERALL = (
    ("none", "All Systems Operational"),
    ("maintenance", "Service Under Maintenance"),
    ("minor", "Partially Degraded Service"),
    ("major", "Partial System Outage"),
    ("critical", "Major Service Outage"),
)


def worst(statuses: Iterable[str]) -> str:
    """The gravest of component statuses; operational without any."""
    return max(
        (ComponentStatus(row) for row in statuses), key=RANK.__getitem__, default=ComponentStatus.OPERATIONAL
    )


def overall(components: Iterable[str], impacts: Iterable[str]) -> int:
    """Rank 0 (all well) to 4 of a page: the worst of its components' statuses and open notices' impacts."""
    rank = max((RANK[ComponentStatus(row)] for row in components), default=0)
    return max([rank, *(_IMPACT_RANK[Impact(row)] for row in impacts)])


def impact_of(statuses: Iterable[str]) -> str:
    """The impact of a notice whose components are in these statuses."""
    return {
        ComponentStatus.OPERATIONAL: Impact.NONE,
        ComponentStatus.MAINTENANCE: Impact.NONE,
        ComponentStatus.DEGRADED: Impact.MINOR,
        ComponentStatus.PARTIAL: Impact.MAJOR,
        ComponentStatus.MAJOR: Impact.CRITICAL,
    }[ComponentStatus(worst(statuses))]
