"""How a burning error budget is said: the events its alerts are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from alerts.slo import words
from alerts.slo.burn import Firing, seconds_left
from alerts.sources.base import Parsed, link

_SEVERITIES = {"fast": "critical", "slow": "warning"}


class Aimed(Protocol):
    """What is needed of an objective."""

    pk: int
    name: str
    target: Decimal
    window_days: int
    sli: float | None
    budget_left: float | None
    rates: Mapping[str, float | None]


def burns(row: Aimed, fire: Firing, url: str) -> Parsed:
    """The budget is being spent too fast; `url`: the objective's page."""
    title = _("%(name)s burns its error budget %(times)s times too fast") % {
        "name": row.name,
        "times": words.times(fire.rate),
    }
    said = [
        _("Target %(target)s %% over %(days)d days; so far %(sli)s.")
        % {
            "target": f"{row.target:f}".rstrip("0").rstrip("."),
            "days": row.window_days,
            "sli": words.percent(row.sli) or _("nothing"),
        },
        _("%(left)s, measured over the last %(long)s and %(short)s.")
        % {
            "left": words.state(row)[:1].upper() + words.state(row)[1:],
            "long": words.length(fire.pair.long),
            "short": words.length(fire.pair.short),
        },
    ]
    rest = seconds_left(row.budget_left, fire.rate, row.window_days)
    if rest is not None:
        said.append(_("At this pace the rest is spent in %(span)s.") % {"span": words.span(rest)})
    return Parsed(
        action="trigger",
        dedup_key=_key(row, fire.speed),
        group_key=f"objective:{row.pk}",
        title=title[:300],
        description="\n".join(said),
        severity=_SEVERITIES[fire.speed],
        source=row.name,
        labels={"objective": row.name, "burn": fire.speed, "window": f"{row.window_days}d"},
        links=link(url, row.name),
    )


def over(row: Aimed, speed: str) -> Parsed:
    """It burns no more at that speed, or nobody measures any more."""
    return Parsed(
        action="resolve",
        dedup_key=_key(row, speed),
        group_key=f"objective:{row.pk}",
        source=row.name,
    )


def _key(row: Aimed, speed: str) -> str:
    return f"objective:{row.pk}:{speed}"
