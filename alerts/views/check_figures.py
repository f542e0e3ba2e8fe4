"""What the pages of checks draw: uptime by day, and how fast the answers came."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, DateTimeField, F, Func, Max, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.checks.uptime import Lengths, Period
from alerts.models import Check, CheckResult
from core import display
from core.templatetags._time import words

DAY = dt.timedelta(days=1)
# Checks made more seldom than this would leave a day's picture nearly empty: they get a week.
_OFTEN_SECONDS = 900
_PICTURE = 72


def percent(uptime: float | None) -> str:
    """99.98 %, rounded down: only what was never down is 100 %. "" without data."""
    if uptime is None:
        return ""
    return "100 %" if uptime >= 1 else f"{math.floor(uptime * 10_000 + 1e-6) / 100:.2f} %"


@dataclass(frozen=True)
class Cell:
    """One day of a bar: `left` and `width` in percent; state up, down (at any time of it) or none."""

    left: str
    width: str
    state: str
    title: str


@dataclass(frozen=True)
class Bar:
    """Days side by side, and the same in words."""

    cells: list[Cell]
    text: str


def last_days(count: int, now: dt.datetime) -> list[Period]:
    """Whole days by the viewer's clock, today last."""
    today = timezone.localtime(now).date()
    zone = timezone.get_current_timezone()
    edges = [
        dt.datetime.combine(today - DAY * back, dt.time(), tzinfo=zone) for back in range(count - 1, -2, -1)
    ]
    return list(itertools.pairwise(edges))


def bar(days: list[Period], found: list[Lengths]) -> Bar:
    """The picture of `days`, oldest first."""
    step = 100 / len(days)
    cells, downs, blank = [], [], 0
    for number, ((start, _end), length) in enumerate(zip(days, found, strict=True)):
        day = display.day_text(timezone.localtime(start))
        if length.down:
            state, said = "down", _("%(day)s: down for %(length)s")
            downs.append(f"{day} ({words(length.down)})")
        elif length.up:
            state, said = "up", _("%(day)s: up")
        else:
            state, said, blank = "none", _("%(day)s: no data"), blank + 1
        title = said % {"day": day, "length": words(length.down)}
        cells.append(Cell(f"{step * (number + 0.1):.3f}%", f"{step * 0.8:.3f}%", state, title))
    return Bar(cells, _bar_text(len(days), downs, blank))


def _bar_text(days: int, downs: list[str], blank: int) -> str:
    if blank == days:
        return _("Last %(days)d days: no data") % {"days": days}
    said = _("never down")
    if downs:
        named = ", ".join(downs[-5:])
        said = ngettext("down on %(many)d day: %(named)s", "down on %(many)d days: %(named)s", len(downs))
        said %= {"many": len(downs), "named": f"… {named}" if len(downs) > 5 else named}
    if blank:
        said = f"{said}; {ngettext('%d day without data', '%d days without data', blank) % blank}"
    return _("Last %(days)d days: %(said)s") % {"days": days, "said": said}


@dataclass(frozen=True)
class Speed:
    """What came from somewhere in a while: milliseconds of those that were well, and how many were not."""

    average: int | None = None
    slowest: int | None = None
    results: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Column:
    """A while of the picture: `left` and `width` in percent, the rest in pixels from its top."""

    left: str
    width: str
    top: int
    height: int
    slow_top: int
    slow_height: int
    failed: bool
    title: str


@dataclass(frozen=True)
class Answers:
    """How fast the answers of the last day (or week) came, over all locations and at each."""

    hours: int
    columns: list[Column]
    whole: Speed
    by_location: dict[int, Speed]
    since: dt.datetime
    top: int
    height: int = _PICTURE

    @property
    def text(self) -> str:
        """The picture in words."""
        values = {
            "average": self.whole.average,
            "slowest": self.whole.slowest,
            "failed": self.whole.failed,
            "results": self.whole.results,
        }
        if self.whole.average is None:
            return _("None of %(results)d results was good") % values
        return _(
            "%(average)d ms on average, %(slowest)d ms at most; %(failed)d of %(results)d results failed"
        ) % (values)


def answers(check: Check, now: dt.datetime) -> Answers | None:
    """From the kept results; None when there is none in that time. One statement."""
    often = check.interval_seconds <= _OFTEN_SECONDS
    width = dt.timedelta(minutes=30) if often else dt.timedelta(hours=4)
    span = DAY if often else 7 * DAY
    since = now - span
    good = Q(ok=True, milliseconds__isnull=False)
    rows: list[Any] = list(
        CheckResult.objects.filter(made_for=check, at__gt=since, at__lte=now)
        .annotate(
            start=Func(Value(width), F("at"), Value(since), function="date_bin", output_field=DateTimeField())
        )
        .order_by()
        .values("start", "location_id")
        .annotate(
            average=Avg("milliseconds", filter=good),
            slowest=Max("milliseconds", filter=good),
            good=Count("pk", filter=good),
            results=Count("pk"),
            failed=Count("pk", filter=Q(ok=False)),
        )
    )
    if not rows:
        return None
    whole = _together(rows)
    starts = [since + width * number for number in range(span // width)]
    top = max(whole.slowest or 0, 1)
    return Answers(
        hours=int(span.total_seconds() // 3600),
        columns=_columns(rows, starts, top, dated=not often),
        whole=whole,
        by_location={
            place: _together([row for row in rows if row["location_id"] == place])
            for place in {row["location_id"] for row in rows}
            if place is not None
        },
        since=since,
        top=top,
    )


def _together(rows: list[Any]) -> Speed:
    good = sum(row["good"] for row in rows)
    return Speed(
        average=round(sum(row["average"] * row["good"] for row in rows if row["good"]) / good)
        if good
        else None,
        slowest=max((row["slowest"] for row in rows if row["good"]), default=None),
        results=sum(row["results"] for row in rows),
        failed=sum(row["failed"] for row in rows),
    )


def _columns(rows: list[Any], starts: list[dt.datetime], top: int, *, dated: bool) -> list[Column]:
    step = 100 / len(starts)
    columns = []
    for number, start in enumerate(starts):
        mine = [row for row in rows if row["start"] == start]
        if not mine:
            continue
        speed = _together(mine)
        height = max(2, round((speed.average or 0) / top * _PICTURE)) if speed.average is not None else 0
        slow = max(height, round((speed.slowest or 0) / top * _PICTURE))
        at = display.time_text(timezone.localtime(start))
        day = display.day_text(timezone.localtime(start))
        columns.append(
            Column(
                left=f"{step * (number + 0.1):.3f}%",
                width=f"{step * 0.8:.3f}%",
                top=_PICTURE - height,
                height=height,
                slow_top=_PICTURE - slow,
                slow_height=slow,
                failed=speed.failed > 0,
                title=f"{f'{day} {at}' if dated else at}: {_said(speed)}",
            )
        )
    return columns


def _said(speed: Speed) -> str:
    parts = []
    if speed.average is not None:
        parts.append(_("%d ms") % speed.average)
    if speed.failed:
        parts.append(
            _("%(failed)d of %(results)d failed") % {"failed": speed.failed, "results": speed.results}
        )
    return ", ".join(parts) or _("no time")
