"""What is worth knowing of an import beside its faults: cycles, references that lead nowhere, what is left out."""

from __future__ import annotations

from services.graph import store
from services.graph.circles import circles
from services.importing.catalog import Catalog
from services.importing.entities import SERVICE, Parsed
from services.importing.plan import MAX_FINDINGS, Finding, Plan

_WHY = {
    "group": "teams and people are managed under Teams",
    "user": "teams and people are managed under Teams",
    "location": "a file is read as it is, what it points at is not",
    "template": "there is nothing like it here",
    "repository": "only services are read",
}
_SHOWN = 20


def find(plan: Plan, parsed: Parsed, catalog: Catalog) -> list[Finding]:
    """Everything, cycles first; at most `MAX_FINDINGS`."""
    found = [*_cycles(plan, catalog), *_skipped(parsed), *_missing(plan)]
    return found[:MAX_FINDINGS]


def _cycles(plan: Plan, catalog: Catalog) -> list[Finding]:
    """Cycles of the catalog as it will be that hold a service of the file, seen by the actor in whole."""
    index = catalog.tables[SERVICE]
    touched = {item.slug for item in plan.items if item.entity.table == SERVICE}
    graph = store.current()
    pairs = {
        (graph.nodes[a].slug, graph.nodes[b].slug) for a, others in enumerate(graph.needs) for b in others
    }
    pairs -= {(edge.downstream, edge.upstream) for edge in plan.edges.removed}
    pairs |= {(edge.downstream, edge.upstream) for edge in plan.edges.added}
    slugs = sorted({slug for pair in pairs for slug in pair})
    place = {slug: number for number, slug in enumerate(slugs)}
    hidden = {row.slug for row in index.by_slug.values() if not row.visible}
    needs: list[list[int]] = [[] for _slug in slugs]
    for downstream, upstream in pairs:
        if downstream not in hidden and upstream not in hidden:
            needs[place[downstream]].append(place[upstream])
    found = []
    for group in circles(range(len(slugs)), needs.__getitem__):
        names = [slugs[number] for number in group]
        if touched.intersection(names):
            shown = ", ".join(names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "")
            message = f"{len(names)} services need each other in a cycle: {shown}."
            found.append(Finding("cycle", message, names[:_SHOWN]))
    return found


def _skipped(parsed: Parsed) -> list[Finding]:
    found = []
    for kind, names in sorted(parsed.skipped.items()):
        some = ", ".join(filter(None, names[:5]))
        shown = f" ({some}{', …' if len(names) > 5 else ''})" if some else ""
        message = f"Not imported: {len(names)} × {kind}{shown}: {_WHY.get(kind, 'only services are read')}."
        found.append(Finding("not_imported", message, []))
    return found


def _missing(plan: Plan) -> list[Finding]:
    words = {
        "needs": "needs {0}, which is not in the catalog. It is kept and joined when it comes.",
        "needed_by": "is needed by {0}, which is not in the catalog. It is kept and joined when it comes.",
        "system": "is part of {0}, which is not in the catalog. It is kept and joined when it comes.",
        "owner": "is owned by {0}, which is no team here.",
    }
    return [
        Finding(
            "dangling", f"{row.service} {words[row.kind].format(row.reference)}", [row.service], row.reference
        )
        for row in plan.edges.missing
    ]
