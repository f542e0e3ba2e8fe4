"""Promised updates: a word before they are due, and when they are late."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from incidents.actions.common import lock_by_number, save_incident, write_entry
from incidents.choices import EntryKind, UpdateAudience
from incidents.models import Incident, UpdatePromise
from incidents.reactions.communications import tell
from incidents.recipients import in_charge
from teams.actor import system_actor

AT_ONCE = 200
BEFORE = dt.timedelta(minutes=5)
AGAIN = dt.timedelta(minutes=10)


def _soon(now: dt.datetime) -> None:
    """Five minutes before, or a quarter of the time there was if that is less."""
    rows = UpdatePromise.objects.filter(
        reminded_at__isnull=True, due_at__gt=now, due_at__lte=now + BEFORE
    ).select_related("incident")
    for row in rows.order_by("due_at", "pk")[:AT_ONCE]:
        if row.due_at - min(BEFORE, (row.due_at - row.began_at) / 4) <= now:
            with transaction.atomic():
                _remind(row.pk, row.incident.number, now)


def _late(now: dt.datetime) -> None:
    """When it has passed, and once more ten minutes later."""
    first = Q(overdue_told_at__isnull=True)
    second = Q(overdue_told_at__lt=F("due_at") + AGAIN, due_at__lte=now - AGAIN)
    rows = UpdatePromise.objects.filter(first | second, due_at__lte=now).select_related("incident")
    for row in rows.order_by("due_at", "pk")[:AT_ONCE]:
        with transaction.atomic():
            _say_late(row.pk, row.incident.number, now)


def _remind(pk: int, number: int, now: dt.datetime) -> None:
    incident = lock_by_number(number)
    row = UpdatePromise.objects.filter(pk=pk, reminded_at__isnull=True, due_at__gt=now).first()
    if row is None or not incident.is_active:
        return
    row.reminded_at = now
    row.save(update_fields=["reminded_at"])
    title = _("#%(number)s: %(audience)s update due at %(time)s UTC") % _words(row, incident)
    _tell(incident, row, "soon", title, now)


def _say_late(pk: int, number: int, now: dt.datetime) -> None:
    incident = lock_by_number(number)
    row = UpdatePromise.objects.filter(pk=pk, due_at__lte=now).first()
    if row is None or not incident.is_active:
        return
    before = row.overdue_told_at
    if before is not None and (before >= row.due_at + AGAIN or now < row.due_at + AGAIN):
        return
    row.overdue_told_at, row.reminded_at = now, row.reminded_at or now
    row.save(update_fields=["overdue_told_at", "reminded_at"])
    if before is None:
        data = {"audience": row.audience, "due_at": row.due_at.isoformat()}
        actor = system_actor("Promises", via="rule")
        write_entry(incident, actor=actor, kind=EntryKind.PROMISE_MISSED, now=now, data=data)
        save_incident(incident, now)
    title = _("#%(number)s: the %(audience)s update is late, it was due at %(time)s UTC")
    _tell(incident, row, "late" if before is None else "again", title % _words(row, incident), now)


def _tell(incident: Incident, row: UpdatePromise, moment: str, title: str, now: dt.datetime) -> None:
    tell(
        incident,
        in_charge(incident)[:1],
        source=f"promise:{row.pk}:{int(row.due_at.timestamp())}:{moment}",
        title=title,
        body=_("“No change” is an update too: one tap on the incident's page sends it."),
        why=_("You get this because you speak for this incident, lead it or took it on."),
        now=now,
    )


def _words(row: UpdatePromise, incident: Incident) -> dict[str, str]:
    return {
        "number": str(incident.number),
        "audience": str(UpdateAudience(row.audience).label).lower(),
        "time": f"{row.due_at.astimezone(dt.UTC):%H:%M}",
    }


TIMERS = (_soon, _late)
