"""The timeline: rows, chips with counts, the overview bar and what is new since the last visit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from core.display import day_time_text
from incidents.actions.notes import may_change
from incidents.actions.visits import remember_visit
from incidents.commands import HELP
from incidents.models import Incident, TimelineEntry
from incidents.record import FIRST, Counts, Page, Query, counts_of, marks_of, page_of, query_of, weighty_since
from incidents.timeline import GROUPS, Bands, Item, Overview, laid_out, overview
from incidents.views.parts.base import Part, State
from teams.actor import Actor

_KEPT = ("tl", "tlq", "from", "to")


@dataclass(frozen=True)
class Viewer:
    """Who looks, for the links on rows."""

    actor: Actor
    incident: Incident

    def may_change(self, entry: TimelineEntry) -> bool:
        return may_change(self.actor, self.incident, entry)


def rows_context(state: State, *, size: int = FIRST, bands: Bands | None = None) -> dict[str, Any]:
    """The rows of one page of the timeline."""
    query = query_of(state.query)
    page = page_of(state.incident, query, size=size)
    return _rows(state, page, bands if bands is not None else marks_of(state.incident)[1])


def _rows(state: State, page: Page, bands: Bands) -> dict[str, Any]:
    query, incident = page.query, state.incident
    return {
        "timeline": _laid_out(page, bands, incident),
        "timeline_empty": not page.entries,
        "timeline_query": query,
        "timeline_older": older_url(incident, page.cursor, state.query) if page.cursor else "",
        "timeline_down_to": page.cursor,
        "timeline_viewer": Viewer(state.actor, incident),
    }


def _laid_out(page: Page, bands: Bands, incident: Incident) -> list[Item]:
    query = page.query
    return laid_out(
        page.entries,
        bands=bands,
        zone=timezone.get_current_timezone(),
        fold=not query.filtered,
        gaps=not query.filtered,
        active_until=None if incident.is_active else incident.resolved_at or incident.updated_at,
        after=None,
    )


def older_url(incident: Incident, cursor: str, values: QueryDict) -> str:
    kept = _kept(values)
    kept["cursor"] = cursor
    return f"{incident.get_absolute_url()}timeline/?{kept.urlencode()}"


def _kept(values: QueryDict) -> QueryDict:
    """The values that filter, as a copy to change."""
    kept = QueryDict(mutable=True)
    for name in _KEPT:
        kept.setlist(name, values.getlist(name))
    return kept


def _timeline(state: State) -> dict[str, Any]:
    incident, query = state.incident, query_of(state.query)
    marks, bands = marks_of(incident)
    page = page_of(incident, query)
    counts = counts_of(incident, state.actor.user_id)
    context = _rows(state, page, bands) | {
        "timeline_chips": _chips(query, counts, state.query),
        "timeline_hidden": query.groups,
        "timeline_clear": query.filtered or query.at,
        "timeline_total": counts.total,
        "timeline_bar": _bar(state, marks, bands),
        "timeline_src": _source(incident, page, state.query),
        "timeline_zoomed": bool(query.since or query.until),
        "timeline_span": _span(query),
        "commands": HELP,
    }
    if query.filtered or query.at or query.cursor:
        return context
    since = _since(incident, counts) if not query.down_to else {}
    remember_visit(incident, state.actor.user_id, now=state.now, last_at=counts.seen_at)
    return context | since


def _chips(query: Query, counts: Counts, values: QueryDict) -> list[dict[str, Any]]:
    """Chips that switch a group on and off; those that would show nothing are left out."""
    chips = []
    for group in GROUPS:
        active, count = group.key in query.groups, counts.by_group[group.key]
        if not count and not active:
            continue
        kept = _kept(values)
        chosen = [key for key in query.groups if key != group.key]
        kept.setlist("tl", chosen if active else [*chosen, group.key])
        url = f"?{kept.urlencode()}#timeline"
        chips.append({"label": group.label, "url": url, "active": active, "count": count})
    return chips


def _source(incident: Incident, page: Page, values: QueryDict) -> str:
    """Where the timeline is read anew: the same rows and all that came since."""
    kept = _kept(values)
    if page.cursor and not page.query.at:
        kept["down_to"] = page.cursor
    if page.query.at:
        kept["at"] = str(page.query.at)
    return f"{incident.get_absolute_url()}fragment/timeline/{f'?{kept.urlencode()}' if kept else ''}"


def _since(incident: Incident, counts: Counts) -> dict[str, Any]:
    """The strip for whoever comes back; nothing when nothing is new."""
    if not counts.new or counts.first_new is None:
        return {}
    return {
        "since": {
            "count": counts.new,
            "first": counts.first_new,
            "seen_at": counts.seen_at,
            "entries": weighty_since(incident, counts.first_new),
        }
    }


def _bar(state: State, marks: list[tuple[str, dt.datetime, int]], bands: Bands) -> Overview | None:
    """The overview over the incident's length, with the changes to its services."""
    incident = state.incident
    until = state.now if incident.is_active else (incident.resolved_at or incident.updated_at)
    since = min([incident.started_at, *[at for _kind, at, _seq in marks[:1]]])
    last = max([until, *[at for _kind, at, _seq in marks[-1:]]])
    changes = [row for row in state.changes if row.happened_at <= last]
    begin = min([since, *[change.happened_at for change in changes]])
    shown = [*marks, *[("change_event", change.happened_at, 0) for change in changes]]
    return overview(shown, bands, since=begin, until=last)


def _span(query: Query) -> str:
    """The stretch that is shown, in words."""
    if not (query.since or query.until):
        return ""
    named = [day_time_text(timezone.localtime(each)) if each else "…" for each in (query.since, query.until)]
    return _("%(begin)s to %(end)s") % {"begin": named[0], "end": named[1]}


PARTS = (Part("timeline", "incidents/partials/timeline.html", _timeline),)
