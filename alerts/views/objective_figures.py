"""What the pages of objectives draw: what is left of a budget, and how it went down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from alerts.choices import ObjectiveSource
from alerts.models import Objective
from alerts.slo import burn, words
from alerts.slo.selectors import Day
from core import display

# Pixels above and below the line at which the budget is spent.
_ABOVE, _BELOW = 72, 24
# Of a budget that is nearly spent less than this is left.
_LITTLE = 0.25


@dataclass(frozen=True)
class Shown:
    """An objective as its line shows it: `state` is one of `alerts.slo.selectors.STATES`, `width` of its bar."""

    row: Objective
    state: str
    sli: str
    target: str
    left: str
    burns: str
    tone: str
    width: str

    @property
    def number(self) -> str:
        """The budget that is left, as a number with its sign."""
        percent = self.row.percent_left
        return "" if percent is None else f"{percent} %".replace("-", "−")


def shown(row: Objective) -> Shown:
    """What is said of it, whatever it is drawn as."""
    fraction = row.budget_left
    tone = "none"
    if fraction is not None:
        tone = "spent" if fraction <= 0 else "little" if fraction < _LITTLE else "good"
    width = f"{min(max(fraction or 0, 0), 1) * 100:.1f}%"
    sentence = words.left(row)
    return Shown(
        row=row,
        state=state_of(row),
        sli=words.percent(row.sli),
        target=target_of(row),
        left=sentence[:1].upper() + sentence[1:],
        burns=words.burns(row) if row.is_enabled else "",
        tone=tone,
        width=width,
    )


def state_of(row: Objective) -> str:
    """The one word for it: what asks for somebody first comes first."""
    if not row.is_enabled:
        return "off"
    if row.burning:
        return str(row.burning)
    if row.budget_left is None:
        return "none"
    return "spent" if row.budget_left <= 0 else "good"


def target_of(row: Objective) -> str:
    """99.9 %."""
    return f"{row.target:f}".rstrip("0").rstrip(".") + " %"


@dataclass(frozen=True)
class Column:
    """A day: `left` and `width` in percent, the rest in pixels from the top."""

    left: str
    width: str
    top: int
    height: int
    state: str
    title: str


@dataclass(frozen=True)
class BurnDown:
    """The budget at the end of each day of the window, and the same in words."""

    columns: list[Column]
    text: str
    since: dt.datetime
    height: int
    line: int = _ABOVE


def burn_down(days: list[Day]) -> BurnDown | None:
    """The picture of a window; None when nothing was measured in it."""
    if not days or days[-1].left is None:
        return None
    step, columns = 100 / len(days), []
    for number, day in enumerate(days):
        left = day.left or 0.0
        height = max(round(min(abs(left), 1) * (_ABOVE if left > 0 else _BELOW)), 1)
        columns.append(
            Column(
                left=f"{step * (number + 0.1):.3f}%",
                width=f"{step * 0.8:.3f}%",
                top=_ABOVE - height if left > 0 else _ABOVE,
                height=height,
                state="spent" if left <= 0 else "left",
                title=_("%(day)s: %(left)s; that day %(sli)s good")
                % {
                    "day": display.day_text(timezone.localtime(day.end)),
                    "left": _said(left),
                    "sli": words.percent(day.sli) or _("nothing"),
                },
            )
        )
    spent = any(column.state == "spent" for column in columns)
    return BurnDown(columns, _text(days), days[0].start, _ABOVE + (_BELOW if spent else 1))


def _said(left: float) -> str:
    percent = burn.left_of(left) or 0
    if percent > 0:
        return _("%d %% left") % percent
    return _("spent, %d %% over") % -percent if percent else _("spent")


def _text(days: list[Day]) -> str:
    worst = max(days, key=lambda day: day.seen.bad)
    last = days[-1].left or 0.0
    said = _("Error budget over %(days)d days: now %(left)s") % {"days": len(days), "left": _said(last)}
    if worst.seen.bad:
        day = display.day_text(timezone.localtime(worst.end))
        said = _("%(said)s; most was spent on %(day)s") % {"said": said, "day": day}
    return said


@dataclass(frozen=True)
class Rate:
    """A pair of lengths: over which both the rate must exceed `limit`, and how fast it is over each."""

    speed: str
    limit: str
    long: str
    long_rate: str
    short: str
    short_rate: str
    exceeded: bool


def rates(row: Objective) -> list[Rate]:
    """The four pairs as of the last evaluation."""
    found = []
    for speed, pair in burn.pairs(row.window_days):
        long, short = row.rates.get(str(pair.long)), row.rates.get(str(pair.short))
        found.append(
            Rate(
                speed=_("fast") if speed == "fast" else _("slow"),
                limit=words.times(pair.rate) if pair.rate != 14.4 else "14.4",
                long=words.length(pair.long),
                long_rate=_rate(long),
                short=words.length(pair.short),
                short_rate=_rate(short),
                exceeded=None not in (long, short) and min(long, short) > pair.rate,
            )
        )
    return found


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def unit_of(row: Objective) -> str:
    """What the budget is counted in, in words: 43 minutes, or 0.1 % of all events."""
    budget = burn.budget_of(row.target)
    if row.source != ObjectiveSource.COUNTS:
        return words.span(budget * row.window_days * burn.DAY)
    return _("%(share)s %% of all events") % {"share": f"{budget * 100:.4f}".rstrip("0").rstrip(".")}
