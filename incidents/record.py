"""Reads of the timeline for page, fragment, export and API."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, IntegerField, Max, Min, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.utils.dateparse import parse_datetime

from incidents.models import Incident, IncidentVisit, TimelineEntry
from incidents.timeline import GROUP_BY_KEY, GROUPS, WEIGHTY, Bands, bands_of

FIRST = 30
MORE = 60
MARKS = 400
_CURSOR = re.compile(r"^(-?[0-9]{1,17})-([0-9]{1,9})$")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)
_MARKED = ("declared", "state", "severity", "acknowledged", "alert_attached", "alerts_clear", "change_event")
MARKED = (*_MARKED, "update_sent", "public_notice", "customers_told", "decision")


@dataclass(frozen=True)
class Query:
    """What of the timeline is asked for. `at`: begin at that entry; `cursor`: older than that row."""

    groups: tuple[str, ...] = ()
    words: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    cursor: str = ""
    at: int | None = None
    down_to: str = ""

    @property
    def filtered(self) -> bool:
        return bool(self.groups or self.words or self.since or self.until)


@dataclass(frozen=True)
class Page:
    """Rows newest first. `cursor` asks for the older ones, '' when there are none."""

    entries: list[TimelineEntry]
    cursor: str
    query: Query


@dataclass(frozen=True)
class Counts:
    """Entries by kind and mark, and what is new since the viewer's last visit."""

    by_group: dict[str, int] = field(default_factory=dict)
    total: int = 0
    new: int = 0
    first_new: int | None = None
    seen_at: dt.datetime | None = None


def query_of(values: Mapping[str, Any]) -> Query:
    """From an address's values; what is not understood asks for nothing."""
    groups = values.getlist("tl") if hasattr(values, "getlist") else []
    at = str(values.get("at", ""))
    return Query(
        groups=tuple(key for key in dict.fromkeys(groups) if key in GROUP_BY_KEY),
        words=str(values.get("tlq", "")).replace("\0", "").strip()[:200],
        since=moment_of(values.get("from", "")),
        until=moment_of(values.get("to", "")),
        cursor=str(values.get("cursor", "")),
        at=int(at) if at.isdecimal() and at.isascii() and len(at) < 10 else None,
        down_to=str(values.get("down_to", "")),
    )


def moment_of(text: Any) -> dt.datetime | None:
    """An instant written as ISO 8601 (UTC where it names no zone), between 1971 and 9998; else None."""
    try:
        found = parse_datetime(str(text).replace(" ", "+")) if len(str(text)) < 40 else None
    except ValueError:
        return None
    if found is None or not 1971 <= found.year <= 9998:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def cursor_of(entry: TimelineEntry) -> str:
    """The place of an entry in the order of the page."""
    return f"{(entry.happened_at - _EPOCH) // _MICRO}-{entry.seq}"


def _place(cursor: str) -> tuple[dt.datetime, int] | None:
    match = _CURSOR.match(cursor)
    if match is None:
        return None
    try:
        return _EPOCH + int(match[1]) * _MICRO, int(match[2])
    except OverflowError:
        return None


def matching(incident: Incident, query: Query) -> QuerySet[TimelineEntry]:
    """The entries the filter lets through, newest first by when they happened."""
    rows = TimelineEntry.objects.filter(incident=incident)
    if query.groups:
        wanted = Q()
        for group in (GROUP_BY_KEY[key] for key in query.groups):
            wanted |= Q(kind__in=group.kinds)
            if group.starred:
                wanted |= Q(starred=True)
            if group.linked:
                wanted |= ~Q(evidence_link="")
        rows = rows.filter(wanted)
    if query.words:
        rows = rows.annotate(held=Cast("data", TextField()))
        rows = rows.filter(
            Q(text__icontains=query.words)
            | Q(held__icontains=query.words)
            | Q(author_label__icontains=query.words)
        )
    if query.since:
        rows = rows.filter(happened_at__gte=query.since)
    if query.until:
        rows = rows.filter(happened_at__lte=query.until)
    return rows.order_by("-happened_at", "-seq")


def page_of(incident: Incident, query: Query, *, size: int = FIRST) -> Page:
    """One page; with `down_to` all rows from the newest to that place, at most 300."""
    rows = matching(incident, query).select_related("author")
    start, end = _start(incident, query), _place(query.down_to)
    if start is not None:
        at, seq, included = start
        rows = rows.filter(
            Q(happened_at__lt=at) | Q(happened_at=at, **{"seq__lte" if included else "seq__lt": seq})
        )
    if end is not None:
        rows = rows.filter(Q(happened_at__gt=end[0]) | Q(happened_at=end[0], seq__gte=end[1]))
        found = list(rows[:300])
        if len(found) >= size:
            return Page(found, cursor_of(found[-1]), query)
        rows = matching(incident, query).select_related("author")
    found = list(rows[: size + 1])
    return Page(found[:size], cursor_of(found[size - 1]) if len(found) > size else "", query)


def _start(incident: Incident, query: Query) -> tuple[dt.datetime, int, bool] | None:
    """Where the page begins and whether that row is part of it."""
    place = _place(query.cursor)
    if place is not None:
        return (*place, False)
    if query.at is None:
        return None
    row = (
        TimelineEntry.objects.filter(incident=incident, seq=query.at)
        .values_list("happened_at", "seq")
        .first()
    )
    return (*row, True) if row else None


def marks_of(incident: Incident) -> tuple[list[tuple[str, dt.datetime, int]], Bands]:
    """The newest 400 weighty entries as (kind, when, seq), and the severities over time: one statement."""
    rows = TimelineEntry.objects.filter(incident=incident, kind__in=MARKED).order_by("-happened_at", "-seq")
    found = list(rows.values_list("kind", "happened_at", "seq", "data__old", "data__new")[:MARKS])[::-1]
    changes = [(at, _rank(old), _rank(new)) for kind, at, _seq, old, new in found if kind == "severity"]
    return [(kind, at, seq) for kind, at, seq, _old, _new in found], bands_of(changes)


def _rank(value: object) -> int | None:
    return value if isinstance(value, int) else None


def counts_of(incident: Incident, user_id: int | None) -> Counts:
    """Counts for the chips and since the last visit: one statement."""
    visits = IncidentVisit.objects.filter(incident=incident, user_id=user_id or 0)
    seen = Coalesce(Subquery(visits.values("seq")[:1]), 2**31 - 1, output_field=IntegerField())
    fresh = Q(seq__gt=F("seen")) & ~Q(author_id=user_id or 0)
    rows = (
        TimelineEntry.objects.filter(incident=incident)
        .order_by()
        .annotate(seen=seen, seen_at=Subquery(visits.values("seen_at")[:1]))
        .values("kind")
        .annotate(
            many=Count("id"),
            stars=Count("id", filter=Q(starred=True)),
            links=Count("id", filter=~Q(evidence_link="")),
            new=Count("id", filter=fresh),
            first=Coalesce(Min("seq", filter=fresh), 0),
            visit=Max("seen_at"),
        )
    )
    found = list(rows)
    by_group = {
        group.key: sum(
            row["stars"]
            if group.starred
            else row["many"]
            if row["kind"] in group.kinds
            else row["links"] * group.linked
            for row in found
        )
        for group in GROUPS
    }
    firsts = [row["first"] for row in found if row["first"]]
    return Counts(
        by_group=by_group,
        total=sum(row["many"] for row in found),
        new=sum(row["new"] for row in found),
        first_new=min(firsts, default=None),
        seen_at=found[0]["visit"] if found else None,
    )


def weighty_since(incident: Incident, seq: int, *, limit: int = 6) -> list[TimelineEntry]:
    """The newest weighty entries from `seq` on, oldest first."""
    rows = TimelineEntry.objects.filter(incident=incident, seq__gte=seq, kind__in=WEIGHTY)
    return list(rows.order_by("-seq")[:limit])[::-1]


def in_order(incident: Incident, *, starred: bool = False) -> Iterator[TimelineEntry]:
    """All entries by when they happened, oldest first, a few hundred at a time."""
    rows = TimelineEntry.objects.filter(incident=incident).order_by("happened_at", "seq")
    rows = rows.filter(starred=True) if starred else rows
    place: tuple[dt.datetime, int] | None = None
    while True:
        following = rows
        if place is not None:
            following = rows.filter(Q(happened_at__gt=place[0]) | Q(happened_at=place[0], seq__gt=place[1]))
        some = list(
            following.prefetch_related("files").annotate(changes=Count("revisions", distinct=True))[:500]
        )
        yield from some
        if len(some) < 500:
            return
        place = (some[-1].happened_at, some[-1].seq)
