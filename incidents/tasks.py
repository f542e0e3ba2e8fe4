from __future__ import annotations

from celery import shared_task

from core import clock
from incidents.actions.acknowledge import wake_snoozed
from incidents.actions.alerts import QUIET, resolve_quiet
from incidents.models import Incident


@shared_task(name="incidents.run_timers", ignore_result=True)
def run_timers() -> None:
    """Resolve what has been quiet for long enough, page again where a snooze has run out."""
    now = clock.database_now()
    quiet = Incident.objects.filter(status="triage", alerts_clear_at__lte=now - QUIET)
    for number in quiet.values_list("number", flat=True)[:500]:
        resolve_quiet(number=number, now=now)
    for number in Incident.objects.filter(snoozed_until__lte=now).values_list("number", flat=True)[:500]:
        wake_snoozed(number=number, now=now)
