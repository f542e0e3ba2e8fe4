"""Quiet incidents resolve, snoozed ones page again, those on hold go on."""

from __future__ import annotations

import datetime as dt

from incidents.actions.acknowledge import wake_snoozed
from incidents.actions.alerts import QUIET, resolve_quiet
from incidents.actions.holds import end_hold
from incidents.models import Incident

AT_ONCE = 500


def _quiet(now: dt.datetime) -> None:
    quiet = Incident.objects.filter(status="triage", alerts_clear_at__lte=now - QUIET)
    for number in quiet.values_list("number", flat=True)[:AT_ONCE]:
        resolve_quiet(number=number, now=now)


def _snoozed(now: dt.datetime) -> None:
    for number in Incident.objects.filter(snoozed_until__lte=now).values_list("number", flat=True)[:AT_ONCE]:
        wake_snoozed(number=number, now=now)


def _on_hold(now: dt.datetime) -> None:
    waiting = Incident.objects.filter(on_hold_until__lte=now)
    for number in waiting.values_list("number", flat=True)[:AT_ONCE]:
        end_hold(number=number, now=now)


TIMERS = (_quiet, _snoozed, _on_hold)
