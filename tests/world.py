"""A small company for tests: one team with a service, a two-step policy and an integration."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.models import Integration
from core.crypto import digest, new_key
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget
from services.models import Service
from teams.actor import Actor
from teams.choices import TeamVisibility
from teams.models import Team, User
from tests.factories import actor_of, make_team, make_user


@dataclass
class World:
    """Ada (owner, manager), Bo (teammate, responder), Sam (support), Zoe (stranger), Root (admin)."""

    team: Team
    service: Service
    policy: EscalationPolicy
    integration: Integration
    key: str
    ada: User
    bo: User
    sam: User
    zoe: User
    root: User

    def actor(self, name: str) -> Actor:
        return actor_of(getattr(self, name))


def make_policy(
    team: Team, *steps: tuple[int, list[User]], name: str = "Standard", repeat: int = 0
) -> EscalationPolicy:
    """A policy whose steps are (delay in minutes, people)."""
    policy = EscalationPolicy.objects.create(
        team=team, name=name, repeat=repeat, is_default=not team.policies.exists()
    )
    for position, (delay, people) in enumerate(steps):
        step = PolicyStep.objects.create(policy=policy, position=position, delay_minutes=delay)
        for person in people:
            PolicyTarget.objects.create(step=step, type="user", user=person)
    return policy


def make_service(team: Team | None, slug: str = "checkout", **fields: object) -> Service:
    return Service.objects.create(slug=slug, name=slug.title(), team=team, **fields)


def make_integration(
    service: Service, kind: str = "generic", name: str = "Monitor"
) -> tuple[Integration, str]:
    """The integration and its key."""
    key = new_key()
    row = Integration.objects.create(
        name=name, kind=kind, team=service.team, service=service, key_digest=digest(key), key_hint=key[-4:]
    )
    return row, key


def make_world(visibility: str = TeamVisibility.ORGANISATION) -> World:
    ada, bo = make_user("Ada"), make_user("Bo")
    team = make_team("Checkout", visibility=visibility, manager=ada, members=[bo])
    policy = make_policy(team, (5, [ada]), (5, [bo]))
    service = make_service(team, escalation_policy=policy)
    integration, key = make_integration(service)
    return World(
        team=team,
        service=service,
        policy=policy,
        integration=integration,
        key=key,
        ada=ada,
        bo=bo,
        sam=make_user("Sam", support=True),
        zoe=make_user("Zoe"),
        root=make_user("Root", admin=True),
    )
