"""Heartbeats: late, back, failed, paused; who may do what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection

from alerts.actions import heartbeats as actions
from alerts.choices import AlertStatus, HeartbeatStatus, IntakeStatus
from alerts.intake.messages import Reply
from alerts.intake.receive import handle
from alerts.models import Alert, Heartbeat, IntakeItem, Integration
from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible
from tests.alerts.support import request
from tests.factories import actor_of
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
START = dt.datetime(2026, 3, 2, 3, 12, tzinfo=dt.UTC)


def make_beat(world: World, **fields: Any) -> tuple[Heartbeat, str]:
    given: dict[str, Any] = {"name": "Backup", "interval_seconds": 300, "grace_seconds": 60}
    given |= {"service_id": world.service.pk, **fields}
    return actions.save_heartbeat(actor=world.actor("ada"), **given)


def call(key: str, tail: str = "", *, method: str = "GET", body: bytes = b"") -> Reply:
    return handle(request(f"/api/v1/heartbeat/{key}/{tail}", body, method=method, user_agent="curl/8.5"))


def test_a_sign_that_stays_away_alerts_once_and_its_return_resolves(drain: Drain) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock_at:
        beat, key = make_beat(world)
        clock_at.move_to(START + dt.timedelta(days=3))
        assert actions.mark_late() == 0, "before the first sign nothing is late"
        clock_at.move_to(START)
        assert (call(key).status, call(key).body) == (200, {"status": "ok"})
        beat.refresh_from_db()
        assert (beat.status, beat.due_at) == (HeartbeatStatus.HEALTHY, START + dt.timedelta(seconds=360))
        clock_at.move_to(START + dt.timedelta(seconds=359))
        assert actions.mark_late() == 0
        clock_at.move_to(START + dt.timedelta(seconds=360))
        assert (actions.mark_late(), actions.mark_late()) == (1, 0)
        drain()
        alert = Alert.objects.get()
        assert (alert.title, alert.urgency, alert.status) == (
            "Heartbeat Backup is late: last sign 03:12 UTC, expected every 5 minutes",
            "high",
            AlertStatus.FIRING,
        )
        assert alert.incident is not None
        call(key)
        drain()
    alert.refresh_from_db()
    beat.refresh_from_db()
    assert (alert.status, beat.status) == (AlertStatus.RESOLVED, HeartbeatStatus.HEALTHY)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_every_usual_method_is_a_sign(method: str) -> None:
    beat, key = make_beat(make_world())
    assert call(key, method=method, body=b"\xff\x00").status == 200
    beat.refresh_from_db()
    assert (beat.status, beat.last_ping_from) == (HeartbeatStatus.HEALTHY, "curl/8.5")


def test_wrong_addresses_and_methods() -> None:
    world = make_world()
    _beat, key = make_beat(world)
    assert [call(key, tail).status for tail in ("start/", "fail/x/")] == [404, 404]
    assert [call(wrong).status for wrong in ("nothing", "%00", world.key)] == [404] * 3
    assert call(key, method="DELETE").status == 405
    Integration.objects.filter(heartbeat__isnull=False).update(is_active=False)
    assert call(key).status == 404


def test_too_many_signs_are_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    _beat, key = make_beat(make_world())
    monkeypatch.setattr("core.ratelimit.take", lambda *_args, **_kwargs: 7)
    answer = call(key)
    assert (answer.status, answer.headers) == (429, {"Retry-After": "7"})


def test_a_job_that_fails_says_so_at_once(drain: Drain) -> None:
    world = make_world()
    beat, key = make_beat(world, severity="warning")
    assert call(key, "fail/", method="POST", body=b"disk full \x00\xff<b>").status == 200
    assert call(key, "fail").status == 200
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.urgency, alert.count) == ("Heartbeat Backup reports a failure", "low", 2)
    assert IntakeItem.objects.order_by("pk").first().parsed["description"] == "disk full �<b>"  # type: ignore[union-attr]
    assert actions.mark_late() == 0
    call(key)
    drain()
    alert.refresh_from_db()
    assert alert.status == AlertStatus.RESOLVED
    beat.refresh_from_db()
    assert beat.due_at is not None


def test_paused_it_is_silent_and_resumed_it_counts_anew(drain: Drain) -> None:
    world = make_world()
    ada = world.actor("ada")
    with time_machine.travel(START, tick=False) as clock_at:
        beat, key = make_beat(world)
        call(key)
        clock_at.shift(dt.timedelta(hours=1))
        actions.mark_late()
        drain()
        actions.pause_heartbeat(actor=ada, heartbeat_id=beat.pk)
        drain()
        assert Alert.objects.get().status == AlertStatus.RESOLVED
        call(key)
        call(key, "fail/")
        clock_at.shift(dt.timedelta(days=1))
        assert actions.mark_late() == 0
        beat.refresh_from_db()
        assert (beat.status, beat.last_ping_at) == (HeartbeatStatus.PAUSED, START + dt.timedelta(hours=1))
        resumed = actions.resume_heartbeat(actor=ada, heartbeat_id=beat.pk)
        assert (resumed.status, resumed.due_at) == (
            HeartbeatStatus.HEALTHY,
            clock.now() + dt.timedelta(seconds=360),
        )
    assert IntakeItem.objects.count() == 2


def test_resumed_before_the_first_sign_it_waits() -> None:
    world = make_world()
    beat, _key = make_beat(world)
    actions.pause_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk)
    found = actions.resume_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk)
    assert (found.status, found.due_at) == (HeartbeatStatus.WAITING, None)


def test_by_the_name_and_any_key_of_the_team() -> None:
    world, other = make_world(), None
    beat, _key = make_beat(world)
    assert actions.ping_by_name(world.key, "Backup")
    beat.refresh_from_db()
    assert beat.status == HeartbeatStatus.HEALTHY
    assert not actions.ping_by_name(world.key, "Other\x00")
    assert not actions.ping_by_name("nothing", "Backup")
    from tests.factories import make_team
    from tests.world import make_integration, make_service

    other = make_team("Other")
    _row, foreign = make_integration(make_service(other, "other"))
    assert not actions.ping_by_name(foreign, "Backup")


def test_a_schedule_with_grace(drain: Drain) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock_at:
        beat, key = make_beat(world, cron="15 3 * * *", timezone="Europe/Berlin", grace_seconds=600)
        call(key)
        beat.refresh_from_db()
        assert beat.due_at == dt.datetime(2026, 3, 3, 2, 25, tzinfo=dt.UTC)
        clock_at.move_to(beat.due_at)
        assert actions.mark_late() == 1
        drain()
    assert Alert.objects.get().title.endswith(
        "is late: last sign 02 Mar 03:12 UTC, expected by “15 3 * * *” in Europe/Berlin"
    )


def test_a_sign_just_before_its_time_is_meant_for_it() -> None:
    world = make_world()
    with time_machine.travel(dt.datetime(2026, 3, 2, 2, 59, 55, tzinfo=dt.UTC), tick=False):
        beat, key = make_beat(world, cron="0 3 * * *", grace_seconds=0)
        call(key)
    beat.refresh_from_db()
    assert beat.due_at == dt.datetime(2026, 3, 3, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("interval_seconds", 9),
        ("interval_seconds", 2**40),
        ("grace_seconds", -1),
        ("cron", "61 * * * *"),
        ("cron", "0 0 31 2 *"),
        ("cron", "* * * *"),
        ("timezone", "Mars/Base"),
        ("timezone", "../etc"),
        ("severity", "loud"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_beat(make_world(), **{field: value})
    assert list(refused.value.fields) == [field]


def test_a_name_once_a_team() -> None:
    world = make_world()
    make_beat(world)
    with pytest.raises(InvalidInput, match="of that name"):
        make_beat(world)


def test_only_managers_change_it() -> None:
    world = make_world(visibility="members")
    beat, _key = make_beat(world)
    refused = {"bo": NotAllowed, "sam": NotVisible, "zoe": NotVisible}
    for change in (actions.pause_heartbeat, actions.delete_heartbeat, actions.renew_heartbeat_key):
        for name, error in refused.items():
            with pytest.raises(error):
                change(actor=world.actor(name), heartbeat_id=beat.pk)
    with pytest.raises(NotAllowed):
        actions.save_heartbeat(actor=world.actor("bo"), name="X", service_id=world.service.pk)
    with pytest.raises(InvalidInput):
        actions.save_heartbeat(actor=world.actor("zoe"), name="X", service_id=world.service.pk)
    assert actions.renew_heartbeat_key(actor=world.actor("root"), heartbeat_id=beat.pk)[1]


def test_a_new_key_ends_the_old_address() -> None:
    world = make_world()
    beat, old = make_beat(world)
    _beat, new = actions.renew_heartbeat_key(actor=world.actor("ada"), heartbeat_id=beat.pk)
    assert (call(old).status, call(new).status) == (404, 200)


def test_deleted_its_alerts_stay(drain: Drain) -> None:
    world = make_world()
    beat, key = make_beat(world)
    call(key, "fail/")
    drain()
    actions.delete_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk)
    drain()
    assert (Alert.objects.get().status, call(key).status) == (AlertStatus.RESOLVED, 404)
    fresh, _key = make_beat(world)
    actions.delete_heartbeat(actor=world.actor("ada"), heartbeat_id=fresh.pk)
    assert not Integration.objects.filter(pk=fresh.integration_id).exists()


def test_moved_to_another_service_its_alerts_go_there(drain: Drain) -> None:
    from tests.world import make_service

    world = make_world()
    other = make_service(world.team, "billing")
    beat, key = make_beat(world)
    actions.save_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk, service_id=other.pk, name="Bills")
    call(key, "fail/")
    drain()
    alert = Alert.objects.get()
    assert (alert.service, alert.title) == (other, "Heartbeat Bills reports a failure")


@pytest.mark.django_db(transaction=True)
def test_two_workers_open_one_alert() -> None:
    world = make_world()
    now = clock.now()
    for number in range(20):
        _beat, key = make_beat(world, name=f"Job {number}")
        actions.ping(key=key, now=now - dt.timedelta(hours=1))

    def work(_number: int) -> int:
        try:
            return actions.mark_late(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 20
    items = IntakeItem.objects.filter(status=IntakeStatus.PENDING)
    assert items.values("dedup_key").distinct().count() == items.count() == 20


def test_the_owner_sees_the_actor_in_the_audit_trail() -> None:
    from teams.models import AuditEntry

    world = make_world()
    make_beat(world)
    entry = AuditEntry.objects.get(object_type="heartbeat")
    assert (entry.verb, entry.actor_id, entry.object_label) == (
        "created",
        actor_of(world.ada).user_id,
        "Backup",
    )
