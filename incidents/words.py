"""Reads about what was said: the parts of the incident page, "Needs me", deliveries of an update."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncHour

from incidents.choices import ACTIVE, Role, UpdateAudience, UpdateState
from incidents.models import (
    CustomerReport,
    Incident,
    IncidentUpdate,
    RoleAssignment,
    SupportQuestion,
    UpdatePromise,
)
from notifications.models import Delivery
from teams.actor import Actor

HOURS = 12


@dataclass(frozen=True)
class Word:
    """The last word to an audience and the promise of the next; either may be missing."""

    audience: str
    update: IncidentUpdate | None
    promise: UpdatePromise | None

    @property
    def label(self) -> str:
        return str(UpdateAudience(self.audience).label)


@dataclass(frozen=True)
class Words:
    """All that is said and about to be said on one incident."""

    rows: list[Word]
    waiting: list[IncidentUpdate]
    sent_back: list[IncidentUpdate]
    drafts: list[IncidentUpdate]


def words_of(incident: Incident, actor: Actor, *, updates: bool = True, promises: bool = True) -> Words:
    """Two statements, less one for what is known not to be there (`updates`, `promises`). `sent_back`: the actor's
    own; `drafts`: one row for each batch."""
    rows = _shown(incident, actor) if updates else []
    kept = UpdatePromise.objects.filter(incident=incident) if promises else []
    promised = {row.audience: row for row in kept}
    latest = {row.audience: row for row in rows if row.state == UpdateState.SENT}
    drafts = {row.batch: row for row in rows if row.state == UpdateState.DRAFT}
    return Words(
        rows=[Word(name, latest.get(name), promised.get(name)) for name in UpdateAudience.values],
        waiting=[row for row in rows if row.state == UpdateState.WAITING],
        sent_back=[row for row in rows if row.state == UpdateState.REJECTED and _open(row, latest)][-3:],
        drafts=list(drafts.values()),
    )


def _shown(incident: Incident, actor: Actor) -> list[IncidentUpdate]:
    """The last word to each audience, what waits, drafts, and what was sent back to the actor."""
    updates = IncidentUpdate.objects.filter(incident=incident)
    sent = updates.filter(state=UpdateState.SENT)
    last = sent.order_by("audience", "-sent_at", "-pk").distinct("audience")
    own = Q(state=UpdateState.REJECTED, author_id=actor.user_id)
    shown = Q(pk__in=last.values("pk")) | Q(state__in=[UpdateState.WAITING, UpdateState.DRAFT]) | own
    return list(updates.filter(shown).order_by("pk")[:100])


def _open(row: IncidentUpdate, latest: dict[str, IncidentUpdate]) -> bool:
    """Nothing newer has gone to that audience since it was sent back."""
    newer = latest.get(row.audience)
    return newer is None or newer.sent_at is None or row.decided_at is None or newer.sent_at < row.decided_at


@dataclass(frozen=True)
class Hour:
    """Reports in one hour; `height` of 24 in the drawing, `x` its place there."""

    at: dt.datetime
    count: int
    height: int
    x: int

    @property
    def y(self) -> int:
        return 24 - self.height


@dataclass
class Reports:
    """How many customers reported an incident, in all and by hour for the last twelve."""

    total: int = 0
    last_hour: int = 0
    hours: list[Hour] = field(default_factory=list)


def reports_of(incident_ids: Sequence[int], now: dt.datetime) -> dict[int, Reports]:
    """Incident id → its reports; one statement for any number of incidents."""
    rows = (
        CustomerReport.objects.filter(incident_id__in=incident_ids)
        .annotate(hour=TruncHour("reported_at", tzinfo=dt.UTC))
        .values("incident_id", "hour")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(reported_at__gt=now - dt.timedelta(hours=1))))
        .order_by("incident_id", "hour")
    )
    found: dict[int, Reports] = {}
    counts: dict[int, dict[dt.datetime, int]] = {}
    for row in rows:
        mine = found.setdefault(row["incident_id"], Reports())
        mine.total += row["count"]
        mine.last_hour += row["late"]
        counts.setdefault(row["incident_id"], {})[row["hour"]] = row["count"]
    for pk, mine in found.items():
        mine.hours = _hours(counts[pk], now)
    return found


def _hours(counts: dict[dt.datetime, int], now: dt.datetime) -> list[Hour]:
    end = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    shown = [end - dt.timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    most = max([counts.get(at, 0) for at in shown] + [1])
    return [
        Hour(at, counts.get(at, 0), -(-counts.get(at, 0) * 22 // most), number * 10)
        for number, at in enumerate(shown)
    ]


def questions_of(incident_ids: Sequence[int]) -> dict[int, list[SupportQuestion]]:
    """Incident id → its newest twenty questions, the newest first; one statement."""
    found: dict[int, list[SupportQuestion]] = {}
    rows = SupportQuestion.objects.filter(incident_id__in=incident_ids).select_related("answered_by")
    for row in rows.order_by("-pk")[:500]:
        mine = found.setdefault(row.incident_id, [])
        if len(mine) < 20:
            mine.append(row)
    return found


def tickets_of(incident: Incident) -> list[CustomerReport]:
    """The newest reports that name a customer or a ticket; one statement."""
    rows = CustomerReport.objects.filter(incident=incident).exclude(customer="", ticket="")
    return list(rows.order_by("-pk")[:30])


def led_by(actor: Actor) -> QuerySet[Incident]:
    """The active incidents the actor speaks for or leads."""
    held = RoleAssignment.objects.filter(
        user_id=actor.user_id or 0,
        role__in=[Role.COMMUNICATIONS, Role.DEPUTY, Role.COMMANDER],
        ended_at__isnull=True,
    )
    mine = Q(commander_id=actor.user_id) | Q(pk__in=held.values("incident_id"))
    rows: QuerySet[Incident] = Incident.objects.visible_to(actor).filter(mine, status__in=ACTIVE)
    return rows


def waiting_for(actor: Actor) -> list[IncidentUpdate]:
    """Public updates that wait for the actor's look, the oldest first; one statement."""
    rows = IncidentUpdate.objects.filter(state=UpdateState.WAITING, incident__in=led_by(actor))
    return list(rows.select_related("incident").order_by("pk")[:20])


def questions_for(actor: Actor) -> list[SupportQuestion]:
    """Questions of support that wait for the actor's answer, the oldest first; one statement."""
    rows = SupportQuestion.objects.filter(answered_at__isnull=True, incident__in=led_by(actor))
    return list(rows.select_related("incident").order_by("pk")[:20])


def deliveries_of(incident: Incident, source: str) -> list[Delivery]:
    """What became of the messages of an update (`update:<id>`) or a customer message, in order."""
    rows = Delivery.objects.filter(subject_key=incident.subject_key, source=source)
    return list(rows.select_related("user").order_by("pk")[:2000])


def counts_of(deliveries: Iterable[Delivery]) -> dict[str, int]:
    """Sent, waiting, failed and taken back."""
    found = {"sent": 0, "waiting": 0, "failed": 0, "withdrawn": 0}
    names = {"sent": "sent", "delivered": "sent", "failed": "failed", "withdrawn": "withdrawn"}
    for row in deliveries:
        found[names.get(row.status, "waiting")] += 1
    return found


def delivery_data(row: Delivery) -> dict[str, Any]:
    """One result as the API shows it; addresses outside are shortened."""
    return {
        "name": str(row.user) if row.user else row.address_hint,
        "user": row.user_id,
        "channel": row.channel,
        "status": row.status,
        "reason": row.error,
        "sent_at": row.sent_at,
    }
