"""How the agreements of services stand, now and in the periods before."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from services import hooks
from services.choices import Period
from services.models import Agreement
from services.vendors.attainment import Span, Standing, period_of, standing
from teams.actor import Actor

EARLIER = 3


@dataclass(frozen=True)
class Attainment:
    """An agreement, its running period, and up to `EARLIER` whole ones before, newest first. `numbers`: incidents that
    count in the running period. `running` None: not in force now."""

    agreement: Agreement
    running: Standing | None
    earlier: list[Standing]
    numbers: list[int]

    @property
    def target(self) -> str:
        return f"{self.agreement.target.normalize():f}"

    @property
    def percent(self) -> str:
        """Available so far in the running period; cut, so that only what was never down is 100."""
        return _cut(self.running.percent) if self.running else ""

    @property
    def used(self) -> int:
        """Of what may be missing, in whole percent, at most 100."""
        return min(100, int(100 * self.running.share_used)) if self.running else 0

    @property
    def tone(self) -> str:
        if self.running is None:
            return ""
        return "danger" if self.running.breached else "warn" if self.running.share_used > _LITTLE else ""

    @property
    def left_text(self) -> str:
        """What may still be missing of the running period, in words."""
        if self.running is None:
            return ""
        if self.running.breached:
            return _("%(time)s more than agreed") % {"time": length(-self.running.left)}
        words = {
            Period.MONTH: _("%(time)s left this month"),
            Period.QUARTER: _("%(time)s left this quarter"),
            Period.YEAR: _("%(time)s left this year"),
        }
        return words[Period(self.agreement.period)] % {"time": length(self.running.left)}

    @property
    def before(self) -> list[tuple[str, str, bool]]:
        """(when, percent, met) of the earlier periods."""
        zone = ZoneInfo(self.agreement.zone)
        return [
            (date_format(row.start.astimezone(zone), "M Y"), _cut(row.percent), not row.breached)
            for row in self.earlier
        ]


_LITTLE = 0.5


def _cut(percent: float) -> str:
    """Three decimals, never rounded up."""
    return f"{math.floor(percent * 1000 + 1e-9) / 1000:.3f}"


def length(time: dt.timedelta) -> str:
    """A length in its two largest units: 3 h 20 min, 4 min 12 s."""
    seconds = int(time.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds % 60}


def attainments(agreements: Sequence[Agreement], actor: Actor, now: dt.datetime) -> list[Attainment]:
    """How each stands, from the incidents the actor sees: one statement for all."""
    if not agreements:
        return []
    periods = {row.pk: _periods(row, now) for row in agreements}
    since = min((start for spans in periods.values() for start, _end in filter(None, spans)), default=now)
    outages = hooks.outages(sorted({row.service_id for row in agreements}), actor, since, now)
    return [_attained(row, periods[row.pk], outages.get(row.service_id, []), now) for row in agreements]


def _attained(
    row: Agreement, periods: list[Span | None], outages: Sequence[hooks.Outage], now: dt.datetime
) -> Attainment:
    counted = [each for each in outages if row.counts_degraded or each.condition == "unavailable"]
    down = [(each.start, each.end or now) for each in counted]
    running, *earlier = [standing(span, row.target, down, now) if span else None for span in periods]
    numbers = (
        {each.number for each in counted if (each.end or now) > running.start and each.start < running.end}
        if running
        else set()
    )
    return Attainment(row, running, [each for each in earlier if each], sorted(numbers, reverse=True))


def _periods(row: Agreement, now: dt.datetime) -> list[Span | None]:
    """The running period and those before, cut to the days the agreement is in force; None where it is not."""
    zone = ZoneInfo(row.zone)
    starts = dt.datetime.combine(row.starts_on, dt.time(), zone).astimezone(dt.UTC) if row.starts_on else None
    over = row.ends_on + dt.timedelta(days=1) if row.ends_on else None
    ends = dt.datetime.combine(over, dt.time(), zone).astimezone(dt.UTC) if over else None
    found: list[Span | None] = []
    for back in range(EARLIER + 1):
        start, end = period_of(now, row.period, row.zone, back)
        start, end = max(start, starts) if starts else start, min(end, ends) if ends else end
        inside = start < end and (back > 0 or start <= now < end)
        found.append((start, end) if inside else None)
    return found
