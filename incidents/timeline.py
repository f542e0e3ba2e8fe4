"""How a timeline is read: groups of kinds, what is quiet, and what stands between the rows. Without a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.choices import EntryKind

K = EntryKind
GAP = dt.timedelta(minutes=10)
LATE = dt.timedelta(minutes=5)
FOLD_FROM = 2

# Written by the product while people work; folded where several stand together.
QUIET = frozenset(
    (
        K.PAGE_SENT,
        K.ALERT_ATTACHED,
        K.PLAYBOOK,
        K.FIELDS,
        K.TYPE,
        K.JOINED,
        K.LEFT,
        K.LINKED,
        K.CUSTOMER_REPORT,
    )
)
# What somebody who comes late has to know.
WEIGHTY = frozenset(
    (
        K.DECLARED,
        K.STATE,
        K.SEVERITY,
        K.IMPACT,
        K.DECISION,
        K.HYPOTHESIS,
        K.UPDATE_SENT,
        K.PUBLIC_NOTICE,
        K.ALERTS_CLEAR,
        K.HANDOVER,
        K.MERGED,
        K.ROLE,
        K.CHANGE_EVENT,
        K.CUSTOMERS_TOLD,
    )
)
_TICKS: dict[str, str] = {
    K.ALERT_ATTACHED: "alert",
    K.ALERTS_CLEAR: "alert",
    K.CHANGE_EVENT: "change",
    K.UPDATE_SENT: "update",
    K.PUBLIC_NOTICE: "update",
    K.CUSTOMERS_TOLD: "update",
    K.DECLARED: "state",
    K.STATE: "state",
    K.SEVERITY: "state",
    K.DECISION: "state",
    K.ACKNOWLEDGED: "state",
}


@dataclass(frozen=True)
class Group:
    """A filter chip. `starred` and `linked` ask for a mark instead of a kind."""

    key: str
    label: Promise | str
    kinds: frozenset[str] = frozenset()
    starred: bool = False
    linked: bool = False


GROUPS: tuple[Group, ...] = (
    Group(
        "people",
        _("People"),
        frozenset((K.NOTE, K.DECISION, K.HYPOTHESIS, K.HANDOVER, K.ROLE, K.JOINED, K.LEFT, K.CORRECTION)),
    ),
    Group("decisions", _("Decisions"), frozenset((K.DECISION,))),
    Group(
        "pages",
        _("Pages"),
        frozenset((K.PAGE_SENT, K.PAGE_FAILED, K.ACKNOWLEDGED, K.ESCALATED, K.SNOOZED)),
    ),
    Group("alerts", _("Alerts and changes"), frozenset((K.ALERT_ATTACHED, K.ALERTS_CLEAR, K.CHANGE_EVENT))),
    Group(
        "state",
        _("State"),
        frozenset(
            (K.DECLARED, K.STATE, K.SEVERITY, K.IMPACT, K.TYPE, K.VISIBILITY, K.HOLD, K.TIMES, K.FIELDS)
            + (K.EXIT_CRITERION, K.MERGED, K.LINKED)
        ),
    ),
    Group(
        "updates",
        _("Updates"),
        frozenset(
            (K.UPDATE_SENT, K.UPDATE_PROPOSED, K.PUBLIC_NOTICE, K.CUSTOMERS_TOLD, K.CUSTOMER_REPORT)
            + (K.QUESTION,)
        ),
    ),
    Group("tasks", _("Tasks"), frozenset((K.TASK, K.PLAYBOOK, K.RUNBOOK))),
    Group("evidence", _("Evidence"), frozenset((K.EVIDENCE,)), linked=True),
    Group("starred", _("Starred"), starred=True),
)
GROUP_BY_KEY = {group.key: group for group in GROUPS}


class Entry(Protocol):
    """What grouping looks at; `TimelineEntry` has it."""

    kind: str
    happened_at: dt.datetime
    starred: bool
    data: dict[str, Any]


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True)
class Day:
    """The head of a day, in the viewer's zone."""

    at: dt.datetime


@dataclass(frozen=True)
class Hour:
    at: dt.datetime


@dataclass(frozen=True)
class Gap:
    """Nothing was written for so long, from `since` on."""

    length: dt.timedelta
    since: dt.datetime
    severity: int | None


@dataclass(frozen=True)
class Row:
    """`entry` is what was given to `laid_out`."""

    entry: Any
    severity: int | None


@dataclass(frozen=True)
class Fold:
    """Quiet rows that stand together, newest first."""

    rows: list[Row] = field(default_factory=list)


Item = Day | Hour | Gap | Row | Fold


@dataclass(frozen=True)
class Bands:
    """Severities over time: (from, rank), oldest first; `before` was in force until the first."""

    steps: tuple[tuple[dt.datetime, int | None], ...] = ()
    before: int | None = None

    def at(self, moment: dt.datetime) -> int | None:
        """The rank in force at that moment."""
        rank = self.before
        for since, new in self.steps:
            if since > moment:
                break
            rank = new
        return rank


def bands_of(changes: Sequence[tuple[dt.datetime, int | None, int | None]]) -> Bands:
    """Bands of (when, former rank, new rank), oldest first."""
    steps = tuple((at, new) for at, _old, new in changes)
    return Bands(steps, changes[0][1] if changes else None)


def is_quiet(entry: Entry) -> bool:
    """By its kind, or because its writer said so (`data.quiet`: tasks that move by themselves)."""
    return (entry.kind in QUIET or entry.data.get("quiet") is True) and not entry.starred


def laid_out(
    entries: Sequence[Entry],
    *,
    bands: Bands,
    zone: dt.tzinfo,
    fold: bool = True,
    active_until: dt.datetime | None = None,
    gaps: bool = True,
    after: dt.datetime | None = None,
) -> list[Item]:
    """The rows, newest first, with heads of days and hours, gaps and folds between them.

    A gap counts while the incident was active, so not after `active_until` (None: it still is). `after`: when
    the row happened that stands above the first one, on a page before this one.
    """
    items: list[Item] = []
    above = after
    for run in _runs(entries, zone, fold=fold):
        newest = run[0].happened_at
        if gaps and above is not None and _is_gap(above, newest, active_until):
            items.append(Gap(above - newest, newest, bands.at(newest)))
        items += _heads(above, newest, zone)
        rows = [Row(entry, bands.at(entry.happened_at)) for entry in run]
        items += [Fold(rows)] if len(rows) >= FOLD_FROM else rows
        above = run[-1].happened_at
    return items


def _runs(entries: Sequence[E], zone: dt.tzinfo, *, fold: bool) -> list[list[E]]:
    """Quiet rows of one day that stand together, every other row by itself."""
    runs: list[list[E]] = []
    for entry in entries:
        last = runs[-1] if runs else None
        joins = (
            fold
            and last is not None
            and is_quiet(entry)
            and is_quiet(last[-1])
            and _day(last[-1].happened_at, zone) == _day(entry.happened_at, zone)
        )
        if joins and last is not None:
            last.append(entry)
        else:
            runs.append([entry])
    return runs


def _is_gap(above: dt.datetime, below: dt.datetime, active_until: dt.datetime | None) -> bool:
    return above - below > GAP and (active_until is None or below < active_until)


def _heads(above: dt.datetime | None, at: dt.datetime, zone: dt.tzinfo) -> list[Item]:
    if above is None or _day(above, zone) != _day(at, zone):
        return [Day(at)]
    one, other = above.astimezone(zone), at.astimezone(zone)
    return [] if (one.hour, one.utcoffset()) == (other.hour, other.utcoffset()) else [Hour(at)]


def _day(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    return moment.astimezone(zone).date()


@dataclass(frozen=True)
class Tick:
    """A mark of the overview: `x` in thousandths of its length."""

    what: str
    x: int
    seq: int
    at: dt.datetime


@dataclass(frozen=True)
class Band:
    x: int
    width: int
    severity: int | None


@dataclass(frozen=True)
class Overview:
    """The bar on top: from `since` to `until`, drawn 1,000 wide."""

    since: dt.datetime
    until: dt.datetime
    ticks: list[Tick]
    bands: list[Band]


def overview(
    marks: Sequence[tuple[str, dt.datetime, int]], bands: Bands, *, since: dt.datetime, until: dt.datetime
) -> Overview | None:
    """The bar of (kind, when, seq); marks at the same place and of one sort become one. None for no length."""
    length = (until - since).total_seconds()
    if length < 60 or len(marks) < 2:
        return None

    def place(moment: dt.datetime) -> int:
        return round(min(max((moment - since).total_seconds() / length, 0), 1) * 1000)

    ticks: dict[tuple[str, int], Tick] = {}
    for kind, at, seq in marks:
        what = _TICKS.get(kind)
        if what is not None:
            x = place(at)
            ticks.setdefault((what, x // 4), Tick(what, x, seq, at))
    edges = [(since, bands.at(since)), *[(at, new) for at, new in bands.steps if since < at < until]]
    drawn = []
    for index, (begin, rank) in enumerate(edges):
        end = edges[index + 1][0] if index + 1 < len(edges) else until
        drawn.append(Band(place(begin), max(place(end) - place(begin), 0), rank))
    return Overview(since, until, sorted(ticks.values(), key=lambda tick: tick.x), drawn)
