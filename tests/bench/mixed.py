"""Every monitor at once, through reading, two hundred rules and grouping."""

from __future__ import annotations

import threading

from django.db import connection
from django.db.models import Count

from alerts.models import Alert, IntakeItem, RoutingRule
from config.launcher.process import wait_for
from core import clock
from incidents.models import Incident
from services.models import Service
from teams.models import Team
from tests.bench import traffic
from tests.bench.ground import Ground
from tests.bench.load import post_all
from tests.bench.sections import WORKERS, Rows
from tests.factories import make_team, make_user
from tests.world import make_integration, make_policy, make_service

SERVICES = 24
RULES = 200
SECONDS = 30
# A fifth above the aim, so that what is kept up with is more than it.
OFFERED = 480


def mixed_sources(ground: Ground) -> Rows:
    """A burst of thirty seconds at a fixed rate, with all programs on this machine."""
    team, services = _house()
    keys = {
        kind: [
            make_integration(services[each * 5 % SERVICES], kind, f"{kind} {each}")[1] for each in range(6)
        ]
        for kind in traffic.SHARES
    }
    waiting = IntakeItem.objects.filter(status="pending")
    unplaced = Alert.objects.open().filter(place_at__isnull=False)
    with ground.programs("web", *WORKERS) as port:
        post_all(port, traffic.requests(keys, 60), seconds=5.0)
        wait_for(lambda: not waiting.exists() and not unplaced.exists(), seconds=60, interval=0.2)
        before = _processed()
        count = SECONDS * OFFERED
        half: list[int] = []
        halfway = threading.Timer(SECONDS / 2, lambda: half.append(_processed()))
        halfway.start()
        begun = clock.now()
        found = post_all(port, traffic.requests(keys, count), seconds=SECONDS + 30.0, rate=OFFERED)
        ended = clock.now()
        done = _processed()
        halfway.join()
        left = waiting.count() + unplaced.count()
        emptied = wait_for(lambda: not waiting.exists() and not unplaced.exists(), seconds=120, interval=0.1)
        over = (clock.now() - ended).total_seconds()
        busy = (ended - begun).total_seconds()
    yield "mixed sources accepted, /s", f"{found.rate:.0f}", f"{OFFERED} offered"
    yield "mixed sources accepted, p99 ms", f"{found.percentile(0.99) * 1000:.0f}", "< 100"
    refused = sum(found.statuses.values()) - found.statuses[202]
    if refused:
        yield "mixed sources not accepted", str(refused), "0"
    yield "mixed sources processed while accepting, alerts/s", f"{(done - before) / busy:.0f}", ">= 400"
    # By then the incidents are open, and have paged.
    later = (done - half[0]) / (busy - SECONDS / 2)
    yield "mixed sources processed in the second half of the burst, alerts/s", f"{later:.0f}", ""
    yield "mixed sources waiting at the end of the burst", str(left), ""
    yield "mixed sources until nothing waits, s", f"{over:.1f}" if emptied else "never", "< 10"
    alerts = Alert.objects.filter(team=team).aggregate(n=Count("pk"))
    incidents = Incident.objects.filter(team=team).count()
    yield "mixed sources alerts and incidents", f"{alerts['n']}, {incidents}", ""


def _processed() -> int:
    try:
        return IntakeItem.objects.exclude(status="pending").count()
    finally:
        connection.close()


def _house() -> tuple[Team, list[Service]]:
    person = make_user("Mixed")
    team = make_team("Mixed", manager=person)
    policy = make_policy(team, (60, [person]))
    services = [make_service(team, f"mixed-{each}", escalation_policy=policy) for each in range(SERVICES)]
    RoutingRule.objects.bulk_create(_rule(team, services, each) for each in range(RULES))
    return team, services


def _rule(team: Team, services: list[Service], number: int) -> RoutingRule:
    """Of every four rules one sends on to another service, two set the urgency, one never matches."""
    expression = f"c-({number}|{number + RULES})"
    matchers = [{"name": "component", "op": "=~", "value": expression}]
    if number % 4 == 3:
        matchers.append({"name": "instance", "op": "!~", "value": ".+"})
        matchers.append({"name": "job", "op": "=", "value": f"job-{number}"})
    return RoutingRule(
        team=team,
        name=f"Rule {number}",
        position=number,
        matchers=matchers,
        service=services[number % len(services)] if number % 4 == 0 else None,
        urgency=("", "low", "high", "")[number % 4],
    )


ALL = (mixed_sources,)
