"""What incidents say about services: the hooks of the catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from incidents.choices import ImpactCondition, IncidentKind, IncidentStatus
from incidents.models import ImpactRow, Incident, IncidentService, Runbook, RunbookService
from incidents.runbooks.selectors import external
from services.hooks import Outage, ReadinessCheck
from teams.actor import Actor

_COUNTED = (IncidentKind.REAL, IncidentKind.BACKFILLED)
_NONE_AT_ALL = (IncidentStatus.DECLINED, IncidentStatus.MERGED)


def outages(
    service_ids: Sequence[int], actor: Actor, since: dt.datetime, until: dt.datetime
) -> dict[int, list[Outage]]:
    """Service id → when it was unavailable or degraded in the window, by the impact rows of visible incidents; one
    statement. Drills, maintenance and what was declined or merged count for nothing."""
    incidents = Incident.objects.visible_to(actor).filter(kind__in=_COUNTED).exclude(status__in=_NONE_AT_ALL)
    rows = (
        ImpactRow.objects.filter(
            service_id__in=service_ids,
            condition__in=(ImpactCondition.UNAVAILABLE, ImpactCondition.DEGRADED),
            started_at__lt=until,
            incident__in=incidents,
        )
        .annotate(over=Coalesce("ended_at", "incident__resolved_at"))
        .filter(Q(over__isnull=True) | Q(over__gt=since))
        .order_by("started_at", "pk")
        .values_list("service_id", "started_at", "over", "condition", "incident__number")
    )
    found: dict[int, list[Outage]] = {}
    for service_id, start, over, condition, number in rows:
        found.setdefault(service_id, []).append(Outage(start, over, condition, number))
    return found


def last_incidents(service_ids: Sequence[int], actor: Actor) -> dict[int, dt.datetime]:
    """Service id → when its newest visible incident began; drills left out; one statement."""
    rows = (
        IncidentService.objects.filter(
            service_id__in=service_ids,
            incident__in=Incident.objects.visible_to(actor).exclude(kind=IncidentKind.DRILL),
        )
        .order_by()
        .values_list("service_id")
    )
    began = Coalesce("incident__impact_started_at", "incident__detected_at", "incident__created_at")
    return dict(rows.annotate(last=Max(began)))


def runbook_readiness(
    service_ids: Sequence[int], actor: Actor, now: dt.datetime
) -> dict[int, ReadinessCheck]:
    """Whether each has a runbook in use whose review is not due. One elsewhere that is linked cannot be judged."""
    kept: dict[int, list[Runbook]] = {}
    rows = RunbookService.objects.filter(
        service__in=service_ids, runbook__in=Runbook.objects.visible_to(actor).filter(active=True)
    )
    for row in rows.select_related("runbook").order_by("runbook__name", "pk"):
        kept.setdefault(row.service_id, []).append(row.runbook)
    linked = {link.service_id for link in external(actor, service_ids)}
    return {pk: _runbook_line(kept.get(pk, []), pk in linked, now) for pk in service_ids}


def _runbook_line(rows: list[Runbook], linked: bool, now: dt.datetime) -> ReadinessCheck:
    label = _("Runbook, reviewed")
    fresh = [row for row in rows if row.version and not row.is_stale(now)]
    if fresh:
        return ReadinessCheck("runbook", label, True, fresh[0].name, fresh[0].get_absolute_url())
    if rows:
        detail = _("%(name)s: its review is due.") % {"name": rows[0].name}
        return ReadinessCheck("runbook", label, False, detail, rows[0].get_absolute_url())
    if linked:
        detail = _("One elsewhere is linked; whether it is reviewed is not known here.")
        return ReadinessCheck("runbook", label, False, detail, "/runbooks/new/")
    return ReadinessCheck("runbook", label, False, _("It has none."), "/runbooks/new/")
