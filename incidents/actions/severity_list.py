"""What a severity sets in motion: shown before it is set, done when it is set or raised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.actions.common import write_entry
from incidents.actions.paging import call_policies, policy_for
from incidents.choices import EntryKind, IncidentKind, UpdateAudience
from incidents.models import Incident, RoleDefinition, SeverityLevel
from oncall.models import EscalationPolicy
from oncall.selectors.basics import policy_snapshot
from oncall.selectors.paged import paged_now
from services.models import Service
from teams.actor import Actor


@dataclass(frozen=True)
class Called:
    """A policy of the level's list; `people`: whom its first step would page now."""

    policy: EscalationPolicy
    people: list[str]


@dataclass(frozen=True)
class SeverityPlan:
    """What setting a level would do and promise. Minutes and hours; empty where the level promises nothing."""

    level: SeverityLevel
    raises: bool
    called: list[Called]
    clocks: list[tuple[str, int]]
    missing_roles: list[str]
    warnings: list[str]


def plan(incident: Incident, level: SeverityLevel, now: dt.datetime) -> SeverityPlan:
    """What `set_severity` with this level would set in motion; reads only."""
    raising = raises(incident.severity_id, level)
    pages = raising and _pages(incident)
    policies = list(level.policies.order_by("name", "pk")) if pages else []
    return SeverityPlan(
        level=level,
        raises=raising,
        called=_called(policies, now),
        clocks=[
            (str(UpdateAudience(audience).label), minutes)
            for audience, minutes in (
                (UpdateAudience.INTERNAL, level.internal_update_minutes),
                (UpdateAudience.PUBLIC, level.first_public_minutes or level.public_update_minutes),
                (UpdateAudience.EXECUTIVE, level.executive_minutes),
            )
            if minutes
        ],
        missing_roles=missing_roles(incident, level),
        warnings=_warnings(incident, level),
    )


def run(
    incident: Incident, level: SeverityLevel, before: int | None, *, actor: Actor, now: dt.datetime
) -> None:
    """Page the level's list when the locked incident was raised to it; the caller saves the incident."""
    if not raises(before, level) or not _pages(incident):
        return
    called = call_policies(incident, list(level.policies.order_by("name", "pk")), now=now)
    if called:
        data = {"people": called, "by_severity": level.rank}
        write_entry(incident, actor=actor, kind=EntryKind.ESCALATED, now=now, data=data)


def raises(before: int | None, level: SeverityLevel) -> bool:
    """Whether the level is graver than what was set before; none is less grave than any."""
    return before is None or level.rank < before


def missing_roles(incident: Incident, level: SeverityLevel | None) -> list[str]:
    """Names of roles the level needs and nobody holds, in their order."""
    if level is None:
        return []
    needed = RoleDefinition.objects.filter(required_to_rank__gte=level.rank)
    held = incident.role_rows.filter(ended_at=None).values("role")
    return list(needed.exclude(key__in=held).values_list("name", flat=True))


def _pages(incident: Incident) -> bool:
    """A drill pages invited people alone, and what is over pages nobody."""
    return incident.is_active and incident.kind == IncidentKind.REAL


def _called(policies: Sequence[EscalationPolicy], now: dt.datetime) -> list[Called]:
    people = paged_now([policy.pk for policy in policies], now)
    return [
        Called(policy, [user.name for user in people[policy.pk].users] if policy.pk in people else [])
        for policy in policies
    ]


def _warnings(incident: Incident, level: SeverityLevel) -> list[str]:
    """The incident's own policy waits longer for its second step than the level gives for an acknowledge."""
    if level.ack_minutes is None:
        return []
    services = list(
        Service.objects.filter(incident_rows__incident=incident).order_by("incident_rows__position")
    )
    snapshot = policy_snapshot(policy_for(incident, services))
    if len(snapshot.steps) < 2:
        return []
    wait = snapshot.steps[0].delay_minutes
    if wait <= level.ack_minutes:
        return []
    words = {"policy": snapshot.name, "wait": wait, "window": level.ack_minutes}
    return [
        _("%(policy)s waits %(wait)s minutes for its first step; this level expects an answer in %(window)s.")
        % words
    ]
