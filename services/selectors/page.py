"""What a service's own page shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from services import hooks
from services.choices import TransferStatus
from services.models import ChangeEvent, DanglingReference, OwnershipTransfer, Service, Vendor
from services.selectors.changes import upstream_of
from services.vendors.agreements import Attainment, attainments
from services.vendors.attainment import merged
from teams.actor import Actor
from teams.models import Team, User

STRIP_DAYS = 90
CHANGES_SINCE = dt.timedelta(days=14)


@dataclass(frozen=True)
class Day:
    """One day of the strip, from midnight UTC. `down`, `degraded`: how long; `numbers`: its incidents."""

    day: dt.date
    down: dt.timedelta
    degraded: dt.timedelta
    numbers: list[int]

    @property
    def state(self) -> str:
        if self.down:
            return "down"
        return "degraded" if self.degraded else "ok"


def strip_text(days: list[Day]) -> str:
    """What the strip says, for who cannot see it."""
    down, degraded = (sum(day.state == state for day in days) for state in ("down", "degraded"))
    words = []
    if down:
        words.append(
            ngettext("%(count)d day with an outage", "%(count)d days with an outage", down) % {"count": down}
        )
    if degraded:
        words.append(
            ngettext("%(count)d day degraded", "%(count)d days degraded", degraded) % {"count": degraded}
        )
    return ", ".join(words) or _("90 days without an outage")


@dataclass(frozen=True)
class ChangeRow:
    change: ChangeEvent
    hops: int


def strip(service: Service, actor: Actor, now: dt.datetime) -> list[Day]:
    """The last 90 days by the impact rows of incidents the actor sees, oldest first; one statement."""
    today = now.astimezone(dt.UTC).date()
    first = today - dt.timedelta(days=STRIP_DAYS - 1)
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    outages = hooks.outages([service.pk], actor, since, now).get(service.pk, [])
    days = []
    for number in range(STRIP_DAYS):
        start = since + dt.timedelta(days=number)
        end = start + dt.timedelta(days=1)
        inside = [
            (max(each.start, start), min(each.end or now, end), each)
            for each in outages
            if each.start < end and (each.end or now) > start
        ]
        down = merged((a, b) for a, b, each in inside if each.condition == "unavailable")
        worse = merged((a, b) for a, b, each in inside)
        length = sum((b - a for a, b in down), dt.timedelta())
        whole = sum((b - a for a, b in worse), dt.timedelta())
        numbers = sorted({each.number for _a, _b, each in inside})
        days.append(Day(start.date(), length, whole - length, numbers))
    return days


def changes(service: Service, actor: Actor, now: dt.datetime, limit: int = 15) -> list[ChangeRow]:
    """The newest changes of the service and of what it needs, those of the last two weeks; newest first."""
    far = upstream_of([service.pk], actor)
    rows = ChangeEvent.objects.visible_to(actor).filter(
        service_id__in=far, happened_at__gte=now - CHANGES_SINCE
    )
    found = [ChangeRow(row, far[row.service_id]) for row in rows.select_related("service")[:limit]]
    if found:
        return found
    last = ChangeEvent.objects.visible_to(actor).filter(service=service).select_related("service")[:5]
    return [ChangeRow(row, 0) for row in last]


def agreements_of(service: Service, actor: Actor, now: dt.datetime) -> list[Attainment]:
    """How its agreements stand."""
    return attainments(list(service.agreements.all()), actor, now)


def vendors(actor: Actor, *, troubled: bool = False) -> list[Vendor]:
    """Every visible vendor, those in trouble first, then by name; or `troubled` ones alone."""
    rows = Vendor.objects.visible_to(actor).select_related("service__team")
    if troubled:
        rows = rows.filter(~Q(failure="") | ~Q(indicator__in=("none", "unknown")))
    rank = {"critical": 0, "major": 1, "minor": 2, "maintenance": 3, "unknown": 5, "none": 6}
    return sorted(rows, key=lambda row: (4 if row.failure else rank[row.indicator], row.service.name, row.pk))


def transfers_of(service: Service, actor: Actor) -> QuerySet[OwnershipTransfer]:
    """Its offers, newest first, as far as the actor sees the teams; its managers see all."""
    rows: QuerySet[OwnershipTransfer] = service.transfers.all()
    if not actor.manages(service.team_id):
        teams = Team.objects.visible_to(actor)
        rows = rows.filter(Q(from_team=None) | Q(from_team__in=teams), to_team__in=teams)
    return rows


def offer_of(service: Service, actor: Actor) -> OwnershipTransfer | None:
    """The open offer to another team."""
    rows = transfers_of(service, actor).filter(status=TransferStatus.WAITING)
    return rows.select_related("to_team", "asked_by").first()


def dangling(service: Service) -> list[DanglingReference]:
    """What it refers to that the catalog does not know."""
    return list(service.dangling.all())


def contacts(service: Service) -> list[tuple[str, User | None, str, str]]:
    """(part, person, address as text, link) of each."""
    rows = service.contacts.select_related("user")
    return [(row.part, row.user, row.value, _link(row.value)) for row in rows]


def _link(value: str) -> str:
    if value.startswith(("https://", "http://")):
        return value
    if "@" in value and " " not in value:
        return f"mailto:{value}"
    digits = value.replace(" ", "").replace("-", "")
    return f"tel:{digits}" if digits.startswith("+") and digits[1:].isdigit() else ""
