"""What is left of an error budget and how fast it goes, in words. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.slo.burn import Firing, firing, left_of


class Figured(Protocol):
    """What is needed of an evaluated objective."""

    window_days: int
    budget_left: float | None
    rates: Mapping[str, float | None]


def fire_of(row: Figured) -> Firing | None:
    """By which pair it burns as of its last evaluation."""
    return firing({int(seconds): value for seconds, value in row.rates.items()}, row.window_days)


def times(rate: float) -> str:
    """14, 2.3: the rate as it is said."""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}".removesuffix(".0")


def left(row: Figured) -> str:
    """12 % of the error budget left."""
    percent = left_of(row.budget_left)
    if percent is None:
        return _("nothing measured yet")
    if percent < 0:
        return _("error budget spent, %(over)d %% over") % {"over": -percent}
    if percent == 0:
        return _("error budget spent")
    return _("%(percent)d %% of the error budget left") % {"percent": percent}


def burns(row: Figured) -> str:
    """Burning 14 times too fast; "" when it does not."""
    fire = fire_of(row)
    return _("burning %(times)s times too fast") % {"times": times(fire.rate)} if fire else ""


def state(row: Figured) -> str:
    """Both."""
    fast = burns(row)
    return f"{left(row)}, {fast}" if fast else left(row)


def percent(fraction: float | None) -> str:
    """99.982 %: cut, not rounded, so that only what was never bad is 100 %. "" without data."""
    if fraction is None:
        return ""
    if fraction >= 1:
        return "100 %"
    return f"{int(fraction * 100_000 + 1e-7) / 1000:.3f} %"


def span(seconds: float) -> str:
    """About how long: 40 minutes, 5 hours, 3 days."""
    if seconds < 2 * 3600:
        minutes = max(round(seconds / 60), 1)
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    if seconds < 2 * 86_400:
        return ngettext("%d hour", "%d hours", round(seconds / 3600)) % round(seconds / 3600)
    days = round(seconds / 86_400)
    return ngettext("%d day", "%d days", days) % days


def length(seconds: int) -> str:
    """A length that rates are measured over: 5 min, 1 h 30 min, 3 d."""
    whole = dt.timedelta(seconds=seconds)
    hours, minutes = divmod(whole.seconds // 60, 60)
    parts = [(whole.days, _("%d d")), (hours, _("%d h")), (minutes, _("%d min"))]
    return " ".join(unit % number for number, unit in parts if number)
