"""The demo's objectives: one is fine, one burns slowly, one has spent its budget; a later start moves them to now."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from alerts.actions.objectives import evaluate
from alerts.models import Alert, IntakeItem, Objective
from tests.factories import make_team, make_user
from tests.world import make_service
from web.demo import objectives
from web.demo.loader import Loaded

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def states() -> list[tuple[str, str]]:
    found = Objective.objects.order_by("pk")
    return [("spent" if row.is_spent else "left", row.burning) for row in found]


def test_as_it_is_told_and_a_week_later() -> None:
    made = Loaded()
    made.people["admin"] = make_user("Robin", admin=True)
    team = make_team("Platform")
    for demo in objectives._OBJECTIVES:
        made.services[demo.service] = make_service(team, demo.service)
    made.services["order-service"] = make_service(team, "order-service")
    # The last is measured by a heartbeat the service does not have here.
    told = [("left", ""), ("left", "slow"), ("spent", ""), ("left", "")]
    with time_machine.travel(NOW, tick=False):
        objectives.objectives(made, NOW)
        assert states() == told
    with time_machine.travel(NOW + dt.timedelta(days=7), tick=False):
        objectives.refresh()
        evaluate(NOW + dt.timedelta(days=7))
        assert states() == told
    assert Alert.objects.count() == 1
    assert not IntakeItem.objects.exists()
