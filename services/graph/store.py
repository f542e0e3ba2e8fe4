"""The present graph, kept in each process and read anew when the database says that it has changed."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from services.graph.walks import Graph, Node
from services.models import GraphChange

_KEEP = dt.timedelta(days=1)

# Triggers leave a mark for each change (migration 0002): how many there are and their sum tell one state from
# every other. A mark that is cleared away does so too; then the graph is read once more for nothing.
_VERSION = "SELECT count(*), coalesce(sum(token), 0)::text FROM services_graph_change"
_NODES = "SELECT id, slug, name, kind, tier, team_id FROM services_service"
# Arrays in one row: a tenth of the time of as many rows.
_EDGES = """
SELECT array_agg(downstream_id) FILTER (WHERE kind = 'hard'), array_agg(upstream_id) FILTER (WHERE kind = 'hard'),
       array_agg(downstream_id) FILTER (WHERE kind <> 'hard'), array_agg(upstream_id) FILTER (WHERE kind <> 'hard')
FROM services_dependency
"""
Version = tuple[int, str]


class _Kept(NamedTuple):
    version: Version
    graph: Graph


_kept: list[_Kept] = []


def current() -> Graph:
    """The graph as the present transaction sees it: one statement, and two more after a change."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        version: Version = cursor.fetchone()
        kept = _kept[0] if _kept else None
        if kept is not None and kept.version == version:
            return kept.graph
        with _no_collecting():
            graph = _read(cursor)
    _kept[:] = [_Kept(version, graph)]
    return graph


def _read(cursor: CursorWrapper) -> Graph:
    cursor.execute(_NODES)
    nodes = [Node(*row) for row in cursor.fetchall()]
    cursor.execute(_EDGES)
    hard_down, hard_up, soft_down, soft_up = (each or () for each in cursor.fetchone())
    return Graph.built(nodes, zip(hard_down, hard_up, strict=True), zip(soft_down, soft_up, strict=True))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """A graph is many small lists and no garbage: looking for some while it is made takes longer than making it."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def old_marks(now: dt.datetime) -> QuerySet[GraphChange]:
    """Marks nobody needs any more. The newest stays: without it an old state would look like the present one."""
    newest = GraphChange.objects.order_by("-at").values("token")[:1]
    return GraphChange.objects.filter(at__lt=now - _KEEP).exclude(token__in=newest)
