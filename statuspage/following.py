"""Components that follow incidents or checks: what those say now, in a constant number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from alerts.choices import CheckStatus
from alerts.models import Check
from core import clock
from incidents.choices import ImpactCondition, IncidentKind, Reach, Visibility
from incidents.models import ImpactRow, Incident
from statuspage.choices import ComponentStatus, Follows
from statuspage.models import Component, StatusPage
from statuspage.statuses import worst

_BY_CONDITION: dict[str, str] = {
    ImpactCondition.UNAVAILABLE: ComponentStatus.MAJOR,
    ImpactCondition.DEGRADED: ComponentStatus.DEGRADED,
    ImpactCondition.BUG: ComponentStatus.DEGRADED,
}


def statuses_now(components: Iterable[Component]) -> dict[int, str]:
    """Component pk → what it follows says; those nothing is known about are left out. At most three statements."""
    follows = {row.pk: row.follows for row in components if row.follows != Follows.HAND}
    if not follows:
        return {}
    links = Component.services.through.objects.filter(component__in=follows)
    services: dict[int, list[int]] = {}
    for component_id, service_id in links.values_list("component_id", "service_id"):
        services.setdefault(component_id, []).append(service_id)
    every = {pk for pks in services.values() for pk in pks}
    kinds = set(follows.values())
    impacts = _impacts(every) if Follows.INCIDENTS in kinds else {}
    checks = _checks(every) if Follows.CHECKS in kinds else {}
    return {
        pk: _by_checks([state for service in found for state in checks.get(service, ())])
        if follows[pk] == Follows.CHECKS
        else worst(impacts.get(service, ComponentStatus.OPERATIONAL) for service in found)
        for pk, found in services.items()
    }


def _impacts(service_ids: Iterable[int]) -> dict[int, str]:
    """The gravest open impact of each service. Nothing restricted, no drill: what follows is public."""
    going_on = Incident.objects.active().filter(visibility=Visibility.OPEN, kind=IncidentKind.REAL)
    rows = ImpactRow.objects.filter(service__in=service_ids, ended_at=None, incident__in=going_on)
    found: dict[int, str] = {}
    for service_id, condition in rows.exclude(reach=Reach.INTERNAL).values_list("service_id", "condition"):
        status = _BY_CONDITION.get(condition, ComponentStatus.OPERATIONAL)
        found[service_id] = worst([found.get(service_id, ComponentStatus.OPERATIONAL), status])
    return found


def _checks(service_ids: Iterable[int]) -> dict[int, list[str]]:
    """What each service's checks that know it say: up or down."""
    rows = Check.objects.filter(service__in=service_ids, status__in=(CheckStatus.UP, CheckStatus.DOWN))
    found: dict[int, list[str]] = {}
    for service_id, status in rows.values_list("service_id", "status"):
        found.setdefault(service_id, []).append(status)
    return found


def _by_checks(states: list[str]) -> str:
    """All checks down is an outage, some of them a partial one."""
    down = states.count(CheckStatus.DOWN)
    if not down:
        return ComponentStatus.OPERATIONAL
    return ComponentStatus.MAJOR if down == len(states) else ComponentStatus.PARTIAL


def follow(now: dt.datetime | None = None) -> int:
    """Bring every component that follows something to where it should be; how many moved.

    A component that somebody or a notice has set stays as it was set.
    """
    now = now or clock.database_now()
    rows = list(Component.objects.exclude(follows=Follows.HAND).filter(override="").order_by("page_id", "pk"))
    if not rows:
        return 0
    wanted = statuses_now(rows)
    moving: dict[int, list[int]] = {}
    for row in rows:
        if row.status != wanted.get(row.pk, ComponentStatus.OPERATIONAL):
            moving.setdefault(row.page_id, []).append(row.pk)
    return sum(_move(page_id, ids, now) for page_id, ids in moving.items())


def _move(page_id: int, ids: list[int], now: dt.datetime) -> int:
    from statuspage.actions.common import show
    from statuspage.actions.components import move
    from teams.actor import system_actor

    with transaction.atomic():
        locked = StatusPage.objects.select_for_update(of=("self",), no_key=True)
        page = locked.filter(pk=page_id).first()
        rows = list(Component.objects.filter(pk__in=ids, override="").exclude(follows=Follows.HAND))
        wanted = statuses_now(rows)
        moved = [row for row in rows if row.status != wanted.get(row.pk, ComponentStatus.OPERATIONAL)]
        if page is None or not moved:
            return 0
        for row in moved:
            move(row, wanted.get(row.pk, ComponentStatus.OPERATIONAL), now)
        names = ", ".join(f"{row.name}: {row.get_status_display()}" for row in moved)
        show(page, now, system_actor(), names)
    return len(moved)
