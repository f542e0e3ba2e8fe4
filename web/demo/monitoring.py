"""What monitoring has sent in the last weeks, and what the teams have made of it: rules, silences, heartbeats."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from alerts.actions.alerting import set_alerting
from alerts.actions.heartbeats import ping, save_heartbeat
from alerts.actions.holding import add_silence, add_window
from alerts.actions.rules import save_rule
from alerts.choices import INTERNAL_KINDS, AlertStatus, HeartbeatStatus
from alerts.models import Alert, Heartbeat, HeartbeatSpan, Integration, RoutingRule
from alerts.watch.heartbeats import late
from core import clock
from incidents.models import Incident
from notifications.choices import Urgency
from teams.actions.saved_views import save_view
from teams.actor import actor_for
from web.demo.loader import Loaded, extra

_SEED = 20
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class _Noise:
    """An alert that comes again and again: how often in two weeks, for how many minutes, and whether anybody cared."""

    name: str
    title: str
    service: str
    times: int
    minutes: tuple[int, int]
    cared: bool = False
    flapping: bool = False
    severity: str = "warning"


_NOISES = (
    _Noise("QueueDepthHigh", "Queue of {service} is longer than 5,000", "order-service", 31, (1, 3)),
    _Noise("PodRestarted", "A pod of {service} was restarted", "basket", 18, (1, 2), flapping=True),
    _Noise(
        "CertificateExpiresSoon", "Certificate of {service} expires in 21 days", "storefront", 9, (240, 700)
    ),
    _Noise(
        "LatencyHigh", "{service} answers slowly", "checkout", 7, (8, 25), cared=True, severity="critical"
    ),
    _Noise("DiskSpaceLow", "Disk of {service} is 85 % full", "orders-db", 6, (50, 200), cared=True),
)


@extra
def history(made: Loaded, now: dt.datetime) -> None:
    """Rules first, then the alerts of past incidents and what the rules kept from becoming one."""
    chance = random.Random(_SEED)  # noqa: S311 - the same story every time, nothing secret
    rules = _rules(made)
    over = list(_of_incidents(chance))
    over += [row for noise in _NOISES for row in _of_noise(made, noise, rules, chance, now)]
    Alert.objects.bulk_create(sorted(over, key=lambda row: row.first_seen_at))
    _holds(made, now)
    _heartbeats(made)
    maya = actor_for(made.people["manager"])
    save_view(actor=maya, page="alerts", name="Held back", query="is=held", team_id=made.teams["checkout"].pk)


def _rules(made: Loaded) -> dict[str, RoutingRule]:
    maya, team = actor_for(made.people["manager"]), made.teams["checkout"].pk
    short = save_rule(
        actor=maya,
        team_id=team,
        name="Short peaks of queues are over by themselves",
        matchers=[{"name": "alertname", "op": "=~", "value": "Queue.*|PodRestarted"}],
        hold_minutes=5,
    )
    save_rule(
        actor=maya,
        team_id=team,
        name="Staging pages nobody",
        matchers=[{"name": "env", "op": "=~", "value": "staging|dev"}],
        suppress=True,
    )
    certificate = save_rule(
        actor=maya,
        team_id=team,
        name="Certificates can wait for the morning",
        matchers=[{"name": "alertname", "op": "=~", "value": "Certificate.*"}],
        urgency="low",
    )
    set_alerting(actor=maya, service_id=made.services["basket"].pk, group_by="service", window_minutes=30)
    return {"QueueDepthHigh": short, "PodRestarted": short, "CertificateExpiresSoon": certificate}


def _integration(team_id: int | None) -> Integration:
    """One of the team's, else the first of all."""
    rows = Integration.objects.exclude(kind__in=INTERNAL_KINDS).order_by("pk")
    found = rows.filter(team_id=team_id).first() or rows.first()
    assert found is not None
    return found


def _of_incidents(chance: random.Random) -> Iterator[Alert]:
    """One to three alerts for each past incident that had a service."""
    past = Incident.objects.filter(resolved_at__isnull=False, kind="real").prefetch_related("services")
    for incident in past.order_by("number"):
        service = next(iter(incident.services.all()), None)
        if service is None or incident.resolved_at is None:
            continue
        integration = _integration(service.team_id)
        for number in range(chance.randint(1, 3)):
            at = incident.started_at + dt.timedelta(seconds=chance.randint(5, 90) * number)
            yield Alert(
                integration=integration,
                service=service,
                team_id=service.team_id,
                dedup_key=f"past-{incident.number}-{number}",
                group_key=f"past-{incident.number}",
                status=AlertStatus.RESOLVED,
                severity="critical" if (incident.severity_id or 0) < 2 else "warning",
                title=incident.title if number == 0 else f"{service.name}: error rate above 5 %",
                source=f"{service.slug}-{number + 1}:9090",
                labels={"service": service.slug, "region": chance.choice(("eu-central", "us-east"))},
                count=chance.randint(1, 12),
                incident=incident,
                route=[
                    f"Came in over “{integration.name}” for {service.name}",
                    f"{'Opened' if number == 0 else 'Joined'} #{incident.number}",
                ],
                first_seen_at=at,
                last_seen_at=max(at, incident.resolved_at - dt.timedelta(minutes=5)),
                acknowledged_at=incident.acknowledged_at,
                resolved_at=incident.resolved_at,
            )


def _of_noise(
    made: Loaded, noise: _Noise, rules: dict[str, RoutingRule], chance: random.Random, now: dt.datetime
) -> Iterator[Alert]:
    """What a rule or somebody's look has kept from becoming an incident."""
    service, rule = made.services[noise.service], rules.get(noise.name)
    integration = _integration(service.team_id)
    why = f"Rule “{rule.name}”" if rule else "Seen on the board and put right before it paged anybody"
    for number in range(noise.times):
        at = now - 14 * _DAY * ((noise.times - number) / (noise.times + 1))
        at -= dt.timedelta(minutes=chance.randint(0, 300))
        end = at + dt.timedelta(minutes=chance.randint(*noise.minutes))
        yield Alert(
            integration=integration,
            service=service,
            team_id=service.team_id,
            dedup_key=f"{noise.name}-{noise.service}",
            group_key=f"{noise.name}-{noise.service}",
            status=AlertStatus.RESOLVED,
            urgency=Urgency.LOW,
            severity=noise.severity,
            title=noise.title.format(service=service.name),
            source=f"{service.slug}:9090",
            labels={"alertname": noise.name, "service": service.slug, "env": "production"},
            count=chance.randint(1, 9),
            rule=rule,
            flapping=noise.flapping and number > 12,
            changes=number if noise.flapping else 0,
            route=[
                f"Came in over “{integration.name}” for {service.name}",
                why,
                "Resolved before its time came: nothing was opened",
            ],
            first_seen_at=at,
            last_seen_at=at,
            acknowledged_at=at + dt.timedelta(minutes=2) if noise.cared else None,
            resolved_at=min(end, now),
        )


def _holds(made: Loaded, now: dt.datetime) -> None:
    add_silence(
        actor=actor_for(made.people["omar.haddad"]),
        service_id=made.services["recommendations"].pk,
        reason="The new model is warming up; slow answers are expected",
        starts_at=now - dt.timedelta(hours=2),
        ends_at=now + dt.timedelta(hours=20),
        matchers=[{"name": "alertname", "op": "=~", "value": "Latency.*"}],
    )
    sunday = (now + _DAY * ((6 - now.weekday()) % 7 or 7)).replace(hour=1, minute=0, second=0, microsecond=0)
    add_window(
        actor=actor_for(made.people["leo.marchetti"]),
        service_id=made.services["catalogue-db"].pk,
        reason="Weekly vacuum and index work",
        starts_at=sunday,
        ends_at=sunday + dt.timedelta(hours=2),
        repeat="weekly",
        weekdays=[6],
        repeats_until=sunday + 180 * _DAY,
        timezone="Europe/Berlin",
    )


def _heartbeats(made: Loaded) -> None:
    """One that is healthy for weeks, and one that waits for its first sign: neither pages in a demo left alone."""
    maya = actor_for(made.people["manager"])
    beat, key = save_heartbeat(
        actor=maya,
        name="Monthly invoices",
        service_id=made.services["order-service"].pk,
        interval_seconds=31 * 86_400,
        grace_seconds=86_400,
    )
    ping(key=key, by="billing-1")
    _was_late(beat, clock.now())
    save_heartbeat(
        actor=maya,
        name="Nightly backup of orders",
        service_id=made.services["order-service"].pk,
        cron="0 2 * * *",
        timezone="Europe/Berlin",
        grace_seconds=1800,
    )


def _was_late(beat: Heartbeat, now: dt.datetime) -> None:
    """Healthy for months but for five hours three weeks ago, with the alert of that time."""
    since, back = now - 23 * _DAY, now - 23 * _DAY + dt.timedelta(hours=5)
    beat.last_ping_at = since - 32 * _DAY
    told = late(beat, since)
    beat.spans.all().delete()
    HeartbeatSpan.objects.bulk_create(
        HeartbeatSpan(beat=beat, status=status, since=start, until=end)
        for status, start, end in (
            (HeartbeatStatus.HEALTHY, now - 120 * _DAY, since),
            (HeartbeatStatus.LATE, since, back),
            (HeartbeatStatus.HEALTHY, back, None),
        )
    )
    Alert.objects.create(
        integration=beat.integration,
        service_id=beat.service_id,
        team_id=beat.team_id,
        dedup_key=told.dedup_key,
        group_key=told.group_key,
        status=AlertStatus.RESOLVED,
        severity=told.severity,
        title=told.title,
        source=told.source,
        labels=told.labels,
        route=[f"Came in over “{beat.name}” for {beat.service.name}"],
        first_seen_at=since,
        last_seen_at=since,
        acknowledged_at=since + dt.timedelta(minutes=6),
        resolved_at=back,
    )
