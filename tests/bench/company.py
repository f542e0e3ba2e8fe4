"""People, services and keys for the benchmarks."""

from __future__ import annotations

import itertools

from services.models import Service
from teams.models import User
from tests.factories import make_team, make_user
from tests.world import make_integration, make_policy, make_service

_numbers = itertools.count(1)


def reachable_service() -> tuple[Service, User, str]:
    """A service whose policy pages one person by e-mail and browser, as is usual; with the integration's key."""
    number = next(_numbers)
    person = make_user(f"Bench {number}")
    team = make_team(f"Bench {number}", manager=person)
    policy = make_policy(team, (60, [person]))
    service = make_service(team, f"bench-{number}", escalation_policy=policy)
    return service, person, make_integration(service)[1]
