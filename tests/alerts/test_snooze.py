"""Snoozing one alert: when its incident stops paging, and when it goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts.actions import snooze_alert
from alerts.models import Alert
from incidents import actions as incident_actions
from incidents.models import Incident
from incidents.sentences import sentence
from incidents.tasks import run_timers
from notifications.models import Delivery
from oncall.models import EscalationRun
from tests.alerts.support import native
from tests.factories import api_client, signed_in
from tests.incidents.support import START, grant
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world(drain: Drain) -> Any:
    """Two alerts in one incident, which pages, at a standing clock."""
    with time_machine.travel(START, tick=False) as clock:
        made = make_world()
        for key in ("a", "b"):
            native(made.key, {"title": f"Alert {key}", "dedup_key": key, "severity": "critical"})
        drain()
        incident_actions.merge(actor=made.actor("bo"), number=2, into=1)
        drain()
        made.clock = clock  # type: ignore[attr-defined]
        yield made


def snooze(world: World, key: str, minutes: int, who: str = "bo") -> None:
    snooze_alert(actor=world.actor(who), alert_id=Alert.objects.get(dedup_key=key).pk, minutes=minutes)


def paging() -> tuple[str, Any, bool]:
    row = Incident.objects.get(number=1)
    wait = (row.snoozed_until - START) / MINUTE if row.snoozed_until else None
    running = EscalationRun.objects.filter(subject_key="incident:1", status="active").exists()
    return row.page_status, wait, running


def last(count: int = 1) -> list[tuple[str, str]]:
    rows = Incident.objects.get(number=1).timeline.order_by("-seq")[:count]
    return [(row.kind, sentence(row)) for row in rows]


def test_paging_waits_once_all_are_snoozed_until_the_first_ends(world: World, drain: Drain) -> None:
    snooze(world, "a", 30)
    assert paging() == ("paging", None, True)
    assert last() == [("snoozed", "An alert was snoozed for 30 minutes")]
    snooze(world, "b", 20)
    assert paging() == ("none", 20, False)
    assert last() == [
        ("snoozed", "An alert was snoozed for 20 minutes; all that fire are, so paging waits"),
    ]
    world.clock.shift(20 * MINUTE - dt.timedelta(seconds=1))  # type: ignore[attr-defined]
    run_timers()
    assert paging() == ("none", 20, False)
    world.clock.shift(dt.timedelta(seconds=1))  # type: ignore[attr-defined]
    sent = Delivery.objects.filter(subject_key="incident:1").count()
    run_timers()
    drain()
    assert paging() == ("paging", None, True)
    assert not Incident.objects.get(number=1).snoozed_by_alerts
    assert Delivery.objects.filter(subject_key="incident:1").count() > sent


def test_snoozing_again_moves_the_end(world: World) -> None:
    snooze(world, "a", 10)
    snooze(world, "b", 20)
    snooze(world, "a", 60)
    assert paging() == ("none", 20, False)


def test_a_new_alert_pages_at_once(world: World, drain: Drain) -> None:
    snooze(world, "a", 30)
    snooze(world, "b", 30)
    native(world.key, {"title": "Repeat", "dedup_key": "a", "severity": "critical"})
    drain()
    assert paging() == ("none", 30, False)
    native(world.key, {"title": "Alert a", "dedup_key": "a", "status": "resolved"})
    native(world.key, {"title": "Alert a", "dedup_key": "a", "severity": "critical"})
    drain()
    assert paging() == ("paging", None, True)
    assert ("escalated", "An alert joined that is not snoozed: paging again") in last(4)


def test_an_alert_that_a_merge_brings_pages_at_once(world: World, drain: Drain) -> None:
    snooze(world, "a", 30)
    snooze(world, "b", 30)
    native(world.key, {"title": "Other", "dedup_key": "c", "severity": "critical"})
    drain()
    assert paging() == ("none", 30, False)
    incident_actions.merge(actor=world.actor("bo"), number=3, into=1)
    drain()
    assert paging() == ("paging", None, True)


def test_what_people_did_is_stronger(world: World, drain: Drain) -> None:
    incident_actions.snooze(actor=world.actor("bo"), number=1, minutes=60)
    snooze(world, "a", 5)
    snooze(world, "b", 5)
    assert paging() == ("none", 60, False)
    native(world.key, {"title": "Other", "dedup_key": "c", "severity": "critical"})
    drain()
    assert paging() == ("none", 60, False)
    incident_actions.acknowledge(actor=world.actor("bo"), number=1)
    assert paging() == ("acknowledged", None, False)
    drain()
    snooze(world, "a", 5)
    assert paging() == ("acknowledged", None, False)


@pytest.mark.parametrize("name", ["ada", "bo", "guest", "sam", "zoe", "root"])
def test_who_may(world: World, name: str) -> None:
    if name == "guest":
        grant(Incident.objects.get(number=1), world.zoe.pk)
    user = world.zoe if name == "guest" else getattr(world, name)
    alert = Alert.objects.get(dedup_key="a")
    may = name not in ("sam", "zoe")
    answer = api_client(user).post(f"/api/v1/alerts/{alert.pk}/snooze/", {"minutes": 5}, format="json")
    assert answer.status_code == (200 if may else 403)
    alert.refresh_from_db()
    assert alert.snoozed_until == (START + 5 * MINUTE if may else None)
    if may:
        assert answer.json()["snoozed_until"] == "2026-11-20T03:05:00Z"
    page = signed_in(user).get(f"/alerts/{alert.pk}/").content.decode()
    assert (f'action="/alerts/{alert.pk}/snooze/"' in page) is may
    assert ("It pages nobody until" in page) is may
    sent = signed_in(user).post(f"/alerts/{alert.pk}/snooze/", {"minutes": 15})
    assert sent.status_code == (302 if may else 403)


def test_refusals(world: World) -> None:
    alert = Alert.objects.get(dedup_key="a")
    url, api = f"/api/v1/alerts/{alert.pk}/snooze/", api_client(world.bo)

    def post(**body: Any) -> tuple[int, str]:
        answer = api.post(url, body, format="json")
        return answer.status_code, answer.json().get("code", "")

    for body in ({}, {"minutes": 0}, {"minutes": 1441}, {"minutes": "x"}):
        assert post(**body)[0] == 400
    assert api_client(world.bo, scopes=["read"]).post(url, {"minutes": 5}, format="json").status_code == 403
    assert signed_in(world.bo).post(f"/alerts/{alert.pk}/snooze/", {"minutes": "x"}).status_code == 422
    Alert.objects.filter(pk=alert.pk).update(status="resolved", resolved_at=START)
    assert post(minutes=5) == (409, "resolved")
    Alert.objects.filter(pk=alert.pk).update(status="firing", incident=None)
    assert post(minutes=5) == (409, "no_incident")
    Alert.objects.filter(pk=alert.pk).update(incident=Incident.objects.get(number=2))
    assert post(minutes=5) == (409, "not_active")
    Alert.objects.filter(pk=alert.pk).update(incident=Incident.objects.get(number=1))
    Incident.objects.filter(number=1).update(visibility="restricted")
    assert post(minutes=5) == (403, "not_allowed")
    world.team.visibility = "members"
    world.team.save()
    assert api_client(world.zoe).post(url, {"minutes": 5}, format="json").status_code == 404
