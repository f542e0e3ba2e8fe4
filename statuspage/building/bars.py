"""Ninety days of a component as bars, and the same in words; months as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statuspage.building.load import Loaded
from statuspage.choices import ComponentStatus
from statuspage.models import Component
from statuspage.uptime import Day, Span, days, months, together

DAYS = 90
MONTHS = 12
# Units of the picture: a day is three wide.
_STEP, _HEIGHT = 3, 32


@dataclass(frozen=True)
class Trouble:
    """A day on which something was wrong; `back`: days before today."""

    date: dt.date
    back: int
    words: str


@dataclass(frozen=True)
class Bars:
    """`paths`: (status or "unknown", path data), one path a status. `share`: "99.95 %" or "" without data."""

    paths: Sequence[tuple[str, str]]
    share: str
    label: str
    troubles: Sequence[Trouble]
    count: int = DAYS
    width: int = DAYS * _STEP
    height: int = _HEIGHT


def bars(loaded: Loaded, component: Component) -> Bars:
    """The last ninety days of the page's calendar, today last."""
    today = loaded.now.astimezone(loaded.zone).date()
    found = days(_counted(loaded, component), loaded.zone, today, DAYS)
    drawn: dict[str, list[str]] = {}
    for number, day in enumerate(found):
        drawn.setdefault(day.tally.worst or "unknown", []).append(f"M{number * _STEP + 1.5:g} 0v{_HEIGHT}")
    share = percent(together(day.tally for day in found).uptime)
    troubles = [
        Trouble(day.date, DAYS - 1 - number, _what(day))
        for number, day in enumerate(found)
        if day.tally.worst not in ("", ComponentStatus.OPERATIONAL, ComponentStatus.MAINTENANCE)
    ][::-1]
    return Bars(
        [(status, "".join(parts)) for status, parts in drawn.items()],
        share,
        _label(share, len(troubles)),
        troubles,
    )


def table(loaded: Loaded, components: Sequence[Component]) -> dict[str, object]:
    """Months (newest first) and a row for each component that shows its uptime."""
    today = loaded.now.astimezone(loaded.zone).date()
    rows: list[tuple[Component, list[str]]] = []
    heads: list[dt.date] = []
    for component in components:
        if not component.showcase:
            continue
        found = months(_counted(loaded, component), loaded.zone, today, MONTHS)[::-1]
        heads = [month.date for month in found]
        rows.append((component, [percent(month.tally.uptime) for month in found]))
    return {"months": heads, "rows": rows}


def percent(share: float | None) -> str:
    """`99.95 %` as the language writes it; only what was perfect says 100; "" when nothing is known."""
    if share is None:
        return ""
    hundredths = int(share * 10_000 + 1e-6)
    return "100 %" if hundredths >= 10_000 else f"{number_format(hundredths / 100, 2, use_l10n=True)} %"


def _counted(loaded: Loaded, component: Component) -> Sequence[Span]:
    return counted(loaded.spans.get(component.pk, []), component, loaded.zone)


def counted(spans: Sequence[Span], component: Component, zone: ZoneInfo) -> Sequence[Span]:
    """How a component did, from the day on that it counts from; `zone` is the page's."""
    if component.start_date is None:
        return spans
    start = dt.datetime.combine(component.start_date, dt.time(), zone).astimezone(dt.UTC)
    return [Span(span.status, max(span.since, start), span.until) for span in spans if span.until > start]


def _what(day: Day) -> str:
    parts = [
        f"{ComponentStatus(status).label} {length(seconds)}"
        for status, seconds in sorted(day.tally.seconds.items(), key=lambda item: -item[1])
        if status != ComponentStatus.OPERATIONAL and seconds >= 60
    ]
    return ", ".join(parts)


def length(seconds: float) -> str:
    """`42 min` or `3 h 5 min`."""
    minutes = max(1, round(seconds / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": rest}
    if not rest:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}


def _label(share: str, troubles: int) -> str:
    if not share:
        return _("Nothing is known yet about the last %(days)d days.") % {"days": DAYS}
    told = ngettext("%(count)d day with trouble", "%(count)d days with trouble", troubles)
    words = {"share": share, "days": DAYS, "trouble": told % {"count": troubles}}
    return _("%(share)s uptime over %(days)d days, %(trouble)s.") % words
