"""Reads of the catalog."""

from services.selectors.changes import NearChange, near_changes
from services.selectors.health import Health, health
from services.selectors.lists import (
    RECENT,
    Facts,
    Page,
    edges_of,
    for_list,
    named,
    names,
    narrowed,
    open_incidents,
    others,
    page_by_slug,
    recent_changes,
    search,
    with_facts,
)
from services.selectors.walks import Walk, blast_radius, suspects

__all__ = [
    "RECENT",
    "Facts",
    "Health",
    "NearChange",
    "Page",
    "Walk",
    "blast_radius",
    "edges_of",
    "for_list",
    "health",
    "named",
    "names",
    "narrowed",
    "near_changes",
    "open_incidents",
    "others",
    "page_by_slug",
    "recent_changes",
    "search",
    "suspects",
    "with_facts",
]
