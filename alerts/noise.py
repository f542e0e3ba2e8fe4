"""Which alerts make the noise, and what would quieten each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Max, Q, Sum, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alerts.choices import AlertStatus
from alerts.models import Alert
from core.text import one_line
from teams.actor import Actor
from teams.choices import TeamRole

ROWS = 50
# An alert that was over sooner, with nobody having acknowledged it, would have been over without anybody.
SHORT = dt.timedelta(minutes=5)
DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Proposal:
    """What would quieten one source of noise: in words, and the address of the form that is filled in for it."""

    text: str
    url: str


@dataclass(frozen=True)
class Noise:
    """What fired under one name on one service. `repeats`: events folded into alerts that were open already;
    `alone`: over within five minutes with nobody's hand on it; `ignored`: never acknowledged; `ruled`: a routing rule
    decided about them already."""

    name: str
    by_label: bool
    service: str
    service_slug: str
    team_id: int | None
    team_slug: str
    fired: int
    repeats: int
    ignored: int
    alone: int
    flapping: int
    held: int
    ruled: int
    last_at: dt.datetime
    share: int
    proposal: Proposal | None

    @property
    def alone_share(self) -> int:
        """Percent of the alerts that were over by themselves within five minutes."""
        return round(100 * self.alone / self.fired)

    @property
    def ignored_share(self) -> int:
        """Percent of the alerts that nobody ever acknowledged."""
        return round(100 * self.ignored / self.fired)


@dataclass(frozen=True)
class Report:
    """The noise of some days: totals, and the loudest names first."""

    days: int
    fired: int
    repeats: int
    ignored: int
    alone: int
    flapping: int
    held: int
    ruled: int
    rows: list[Noise]


def report(actor: Actor, *, days: int, now: dt.datetime, team: str = "", service: str = "") -> Report:
    """What the actor may see of the last `days` days, of a team or service (slugs) if named. Two statements."""
    rows = Alert.objects.visible_to(actor).filter(first_seen_at__gt=now - dt.timedelta(days=days))
    if team:
        rows = rows.filter(team__slug=team)
    if service:
        rows = rows.filter(service__slug=service)
    totals = rows.order_by().aggregate(**_FIGURES)
    named = (
        rows.order_by()
        .annotate(label=KeyTextTransform("alertname", "labels"))
        .annotate(name=Coalesce("label", "title", output_field=TextField()))
        .values("name", "service__name", "service__slug", "integration__team_id", "integration__team__slug")
        .annotate(by_label=Count("label"), last_at=Max("first_seen_at"), **_FIGURES)
        .order_by("-fired", "name")[:ROWS]
    )
    whole = max(totals["fired"], 1)
    return Report(days=days, rows=[_noise(row, whole, actor) for row in named], **_numbers(totals))


_ALONE = Q(
    status=AlertStatus.RESOLVED, acknowledged_at__isnull=True, resolved_at__lt=F("first_seen_at") + SHORT
)
_FIGURES: dict[str, Any] = {
    "fired": Count("pk"),
    "repeats": Sum(F("count") - 1 + F("folded")),
    "ignored": Count("pk", filter=Q(acknowledged_at__isnull=True)),
    "alone": Count("pk", filter=_ALONE),
    "flapping": Count("pk", filter=Q(flapping=True)),
    "held": Count("pk", filter=~Q(held_by="")),
    "ruled": Count("pk", filter=Q(rule__isnull=False)),
}


def _numbers(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] or 0 for name in _FIGURES}


def _noise(row: dict[str, Any], whole: int, actor: Actor) -> Noise:
    found = Noise(
        name=row["name"] or "",
        by_label=row["by_label"] > 0,
        service=row["service__name"] or "",
        service_slug=row["service__slug"] or "",
        team_id=row["integration__team_id"],
        team_slug=row["integration__team__slug"] or "",
        last_at=row["last_at"],
        share=round(100 * row["fired"] / whole),
        proposal=None,
        **_numbers(row),
    )
    manages = found.team_id is not None and (
        actor.is_admin or actor.roles.get(found.team_id) == TeamRole.MANAGER
    )
    return replace(found, proposal=propose(found)) if manages else found


def propose(noise: Noise) -> Proposal | None:
    """The one rule that would take most of this noise away; None when it is as it should be, or a rule decides."""
    if 2 * noise.ruled > noise.fired:
        return None
    if noise.fired >= 3 and noise.flapping:
        return _rule(noise, _("Wait 15 minutes before it opens an incident"), hold_minutes=15)
    if noise.fired >= 3 and noise.alone_share >= 50:
        return _rule(noise, _("Wait 5 minutes before it opens an incident"), hold_minutes=5)
    if noise.fired >= 5 and noise.ignored_share >= 80:
        return _rule(noise, _("Make it low urgency"), urgency="low")
    return None


def _rule(noise: Noise, text: str, **outcome: Any) -> Proposal:
    label = "alertname" if noise.by_label else "@title"
    value = noise.name.replace("\\", "\\\\").replace('"', '\\"')
    query = {
        "team": noise.team_slug,
        "name": one_line(f"{noise.name}: {text}", 120),
        "matchers": f'{label}="{value}"',
        **outcome,
    }
    return Proposal(text, f"/alerts/rules/new/?{urlencode(query)}")
