"""A metric's last day as a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from statuspage.models import Metric

WINDOW = dt.timedelta(days=1)
_WIDTH, _HEIGHT, _SLOTS = 600, 120, 288


@dataclass(frozen=True)
class Chart:
    """`line`: path data, "" without points. Numbers are formatted with the metric's unit."""

    metric: Metric
    line: str
    newest: str
    lowest: str
    highest: str
    label: str
    width: int = _WIDTH
    height: int = _HEIGHT


def chart(metric: Metric, points: Sequence[tuple[dt.datetime, float]], now: dt.datetime) -> Chart:
    """Five-minute means of the last 24 hours; a gap of half an hour breaks the line."""
    means = _means(points, now)
    if not means:
        return Chart(metric, "", "", "", "", _("No values in the last 24 hours."))
    values = [value for _slot, value in means]
    low, high = min(values), max(values)
    room = (high - low) or abs(high) or 1.0
    line, before = [], None
    for slot, value in means:
        x = slot / (_SLOTS - 1) * _WIDTH
        y = (_HEIGHT - 8) - (value - low) / room * (_HEIGHT - 16)
        line.append(f"{'M' if before is None or slot - before > 6 else 'L'}{x:.0f} {y:.1f}")
        before = slot
    newest, lowest, highest = (_shown(metric, value) for value in (values[-1], low, high))
    words = {"newest": newest, "low": lowest, "high": highest}
    label = _("Now %(newest)s; between %(low)s and %(high)s in the last 24 hours.") % words
    return Chart(metric, "".join(line), newest, lowest, highest, label)


def _means(points: Sequence[tuple[dt.datetime, float]], now: dt.datetime) -> list[tuple[int, float]]:
    sums: dict[int, tuple[float, int]] = {}
    begins = now - WINDOW
    for at, value in points:
        slot = min(_SLOTS - 1, int((at - begins) / WINDOW * _SLOTS))
        total, count = sums.get(slot, (0.0, 0))
        sums[slot] = (total + value, count + 1)
    return [(slot, total / count) for slot, (total, count) in sorted(sums.items())]


def _shown(metric: Metric, value: float) -> str:
    rounded = round(value, metric.decimals)
    number = number_format(rounded, decimal_pos=metric.decimals, use_l10n=True, force_grouping=True)
    return f"{number} {metric.suffix}".strip()
