"""Which service's items are taken first."""

from __future__ import annotations

import datetime as dt

import pytest

from alerts.models import Alert, IntakeItem
from alerts.processing.worker import _one_batch
from core import clock
from teams.models import Team
from tests.alerts.support import native
from tests.world import make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
MILLISECOND = dt.timedelta(milliseconds=1)


def waiting(team: Team, slug: str, count: int, age_ms: int) -> None:
    service = make_service(team, slug)
    _integration, key = make_integration(service)
    native(key, [{"title": f"{slug} {n}", "dedup_key": str(n)} for n in range(count)])
    IntakeItem.objects.filter(service=service).update(received_at=clock.now() - age_ms * MILLISECOND)


def order() -> list[str]:
    taken = []
    while _one_batch():
        taken.append(Alert.objects.order_by("-pk").values_list("service__slug", flat=True)[0])
    return taken


def test_a_storm_delays_no_other_service() -> None:
    team = make_world().team
    waiting(team, "storm", 400, age_ms=500)
    waiting(team, "quiet", 1, age_ms=0)
    assert order() == ["quiet", "storm"]


def test_services_with_a_little_are_taken_in_turn() -> None:
    """What has gathered goes first, not what was just emptied and has one again."""
    team = make_world().team
    waiting(team, "just-emptied", 1, age_ms=0)
    waiting(team, "gathered", 20, age_ms=300)
    assert order() == ["gathered", "just-emptied"]


def test_a_storm_is_not_put_off_for_ever() -> None:
    team = make_world().team
    waiting(team, "fresh", 1, age_ms=0)
    waiting(team, "storm", 400, age_ms=2_000)
    assert order() == ["storm", "fresh"]
