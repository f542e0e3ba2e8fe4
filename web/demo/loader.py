"""Fills an empty database with the demo company. Everything goes through the product's own actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.db import transaction

from alerts.actions import create_integration
from core import clock
from core.crypto import derived
from core.models import OutboxEvent
from notifications.actions.contacts import ensure_default_methods
from oncall.actions.overrides import add_override
from oncall.actions.policies import StepInput, TargetInput, create_policy
from oncall.actions.rotations import add_rotation
from oncall.actions.schedules import create_schedule
from oncall.models import EscalationPolicy, Schedule
from services.actions import create_service, record_change, set_dependency
from services.models import Service
from teams.actions.memberships import create_team, set_member
from teams.actor import Actor, system_actor
from teams.models import Team, User
from web.demo import company, live_story, past

Extra = Callable[["Loaded", dt.datetime], None]
_extras: list[Extra] = []


class Loaded:
    """What has been made so far, by its own name."""

    def __init__(self) -> None:
        self.actor: Actor = system_actor("Demo")
        self.people: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.schedules: dict[str, Schedule] = {}
        self.policies: dict[str, EscalationPolicy] = {}
        self.services: dict[str, Service] = {}


def is_empty() -> bool:
    """Whether the database holds nobody yet."""
    return not User.objects.exists()


def load() -> None:
    """Make the whole company in one transaction."""
    now = clock.now()
    with transaction.atomic():
        made = Loaded()
        _people_and_teams(made, now)
        _rotas(made, now)
        _catalogue(made, now)
        past.load(made, now)
        # The past has been told; nobody is to be notified of it, and no page shows it as news.
        OutboxEvent.objects.filter(status="pending").update(status="done")
        for extra in _extras:
            extra(made, now)
        live_story.load(made, now)


def extra(function: Extra) -> Extra:
    """Register another room's demo data, made after the past incidents."""
    _extras.append(function)
    return function


def integration_key(name: str) -> str:
    """The key of a demo integration: derived, so that it can be printed although only its digest is kept."""
    return derived("demo-integration", name)


def _people_and_teams(made: Loaded, now: dt.datetime) -> None:
    for slug, name, visibility, text in company.TEAMS:
        made.teams[slug] = create_team(
            actor=made.actor, name=name, slug=slug, description=text, visibility=visibility
        )
    for person in company.PEOPLE:
        user = User.objects.create_user(
            person.email,
            company.PASSWORD if person.login else None,
            name=person.name,
            time_zone=person.zone,
            is_superuser=person.admin,
            is_staff=person.admin,
            is_support=person.support,
        )
        ensure_default_methods(user, now=now)
        made.people[person.email.partition("@")[0]] = user
        for team, role in person.teams.items():
            set_member(actor=made.actor, team_id=made.teams[team].pk, user_id=user.pk, role=role)


def _rotas(made: Loaded, now: dt.datetime) -> None:
    plan = {
        "checkout": ("Checkout primary", "Europe/Berlin", [["responder"]]),
        "payments": ("Payments primary", "Europe/Berlin", [["jonas.weber"], ["grace.kim"], ["bo.tran"]]),
        "platform": (
            "Platform primary",
            "Europe/Berlin",
            [["leo.marchetti"], ["tess.walker"], ["wei.zhang"]],
        ),
        "catalogue": ("Catalogue primary", "Europe/Berlin", [["ines.costa"], ["omar.haddad"], ["wei.zhang"]]),
    }
    starts = (now - dt.timedelta(days=330)).strftime("%Y-%m-%dT09:00")
    for team, (name, zone, turns) in plan.items():
        schedule = create_schedule(actor=made.actor, team_id=made.teams[team].pk, name=name, timezone=zone)
        members = [[made.people[person].pk for person in turn] for turn in turns]
        values = {"name": "Weekly", "starts_at": starts, "unit": "week", "count": 1, "members": members}
        add_rotation(actor=made.actor, schedule_id=schedule.pk, values=values)
        made.schedules[team] = schedule
    second = create_schedule(
        actor=made.actor,
        team_id=made.teams["checkout"].pk,
        name="Checkout secondary",
        timezone="Europe/Berlin",
    )
    members = [[made.people["bo.tran"].pk], [made.people["manager"].pk]]
    values = {"name": "Weekly", "starts_at": starts, "unit": "week", "count": 1, "members": members}
    add_rotation(actor=made.actor, schedule_id=second.pk, values=values)
    made.schedules["checkout-2"] = second
    add_override(
        actor=made.actor,
        schedule_id=made.schedules["platform"].pk,
        user_id=made.people["tess.walker"].pk,
        starts_at=now + dt.timedelta(days=2),
        ends_at=now + dt.timedelta(days=2, hours=10),
    )
    for team in ("checkout", "payments", "platform", "catalogue"):
        made.policies[team] = _policy(made, team)


def _policy(made: Loaded, team: str) -> EscalationPolicy:
    first = StepInput(5, (TargetInput("schedule", made.schedules[team].pk),))
    steps = [first]
    if team == "checkout":
        steps.append(StepInput(10, (TargetInput("schedule", made.schedules["checkout-2"].pk),)))
    if team == "payments":
        # Somebody who is away or silent is followed by a backup before the rest of the team.
        steps = [replace(first, backup=made.people["bo.tran"].pk, backup_after_minutes=3)]
    if team == "platform":
        pair = [TargetInput("user", made.people[name].pk) for name in ("leo.marchetti", "wei.zhang")]
        steps.append(StepInput(10, pair, pick="fair", severities=(0, 1, 2)))
    steps.append(StepInput(15, (TargetInput("team", made.teams[team].pk),)))
    return create_policy(
        actor=made.actor,
        team_id=made.teams[team].pk,
        name=f"{made.teams[team].name} escalation",
        steps=steps,
        repeat=1,
        is_default=True,
        acknowledge_timeout_minutes=60 if team == "payments" else None,
        hold_low=team == "catalogue",
    )


def _catalogue(made: Loaded, now: dt.datetime) -> None:
    for slug, name, team, tier, text in company.SERVICES:
        links = [
            {
                "kind": "runbook",
                "title": f"{name}: first steps",
                "url": f"https://wiki.example.com/runbooks/{slug}",
            },
            {
                "kind": "dashboard",
                "title": f"{name} overview",
                "url": f"https://grafana.example.com/d/{slug}",
            },
        ]
        made.services[slug] = create_service(
            actor=made.actor,
            name=name,
            slug=slug,
            team_id=made.teams[team].pk,
            tier=tier,
            description=text,
            escalation_policy_id=made.policies[team].pk,
            links=links,
        )
    for downstream, upstream, kind in company.EDGES:
        set_dependency(
            actor=made.actor,
            downstream_id=made.services[downstream].pk,
            upstream_id=made.services[upstream].pk,
            kind=kind,
        )
    for name, kind, service in company.INTEGRATIONS:
        create_integration(
            actor=made.actor,
            name=name,
            kind=kind,
            service_id=made.services[service].pk,
            key=integration_key(name),
        )
    for number, slug in enumerate(("checkout", "storefront", "inventory-api", "authentication", "search")):
        record_change(
            actor=made.actor,
            service_id=made.services[slug].pk,
            summary=f"Release 2026.{46 - number}: dependency updates",
            source="deploy pipeline",
            happened_at=now - dt.timedelta(hours=9 * number + 5),
        )
