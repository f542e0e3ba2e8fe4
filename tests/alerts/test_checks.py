"""Checks: confirmed from two locations before anybody is paged, recovery, unknown, pause, leases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.db import connection

from alerts.actions import check_locations as places
from alerts.actions import check_work
from alerts.actions import checks as actions
from alerts.checks.work import Result, Work
from alerts.choices import AlertStatus, CheckStatus
from alerts.models import (
    Alert,
    Check,
    CheckLocation,
    CheckResult,
    CheckRun,
    CheckSpan,
    IntakeItem,
)
from core import clock
from core.errors import Conflict, InvalidInput
from teams.actor import system_actor
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
START = dt.datetime(2026, 3, 2, 3, 12, tzinfo=dt.UTC)
FAILED, WELL = (False, "Connection refused"), (True, "Answered 200 in 12 ms")


def make_location(name: str) -> CheckLocation:
    return places.save_location(actor=system_actor(), name=name, with_token=True)[0]


def make_check(world: World, places: list[CheckLocation], **fields: Any) -> Check:
    given: dict[str, Any] = {"name": "Shop", "target": "https://shop.example.org/"} | fields
    return actions.save_check(
        actor=world.actor("ada"),
        service_id=given.pop("service_id", world.service.pk),
        location_ids=[each.pk for each in places],
        **given,
    )


def answer(work: Work, seen: tuple[bool, str]) -> Result:
    return Result(work.run_id, work.lease, seen[0], seen[1], 12)


@dataclass
class Scene:
    """A check every minute from Berlin and Tokyo; the clock stands still until it is moved."""

    world: World
    berlin: CheckLocation
    tokyo: CheckLocation
    check: Check
    clock: Any

    def say(self, location: CheckLocation, *seen: tuple[bool, str]) -> check_work.Reported:
        """The location makes what is due, and sees that."""
        leased = check_work.lease(location=location, limit=50)
        return check_work.report(
            location=location, results=[answer(*pair) for pair in zip(leased, seen, strict=True)]
        )

    def both(self, seen: tuple[bool, str]) -> None:
        for location in (self.berlin, self.tokyo):
            self.say(location, seen)

    def later(self, seconds: float) -> None:
        self.clock.shift(dt.timedelta(seconds=seconds))

    @property
    def status(self) -> str:
        self.check.refresh_from_db()
        return self.check.status

    def due(self, location: CheckLocation) -> float:
        """Seconds until the check is due there."""
        run = CheckRun.objects.get(made_for=self.check, location=location)
        return (run.next_at - clock.now()).total_seconds()

    def spans(self) -> list[tuple[str, float, float | None]]:
        """(status, begin, end) of the check's spans in seconds since the start."""
        rows = CheckSpan.objects.filter(made_for=self.check).order_by("since", "pk")
        return [
            (
                row.status,
                (row.since - START).total_seconds(),
                (row.until - START).total_seconds() if row.until else None,
            )
            for row in rows
        ]


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with time_machine.travel(START, tick=False) as moved:
        world = make_world()
        berlin, tokyo = make_location("Berlin"), make_location("Tokyo")
        yield Scene(world, berlin, tokyo, make_check(world, [berlin, tokyo]), moved)


def test_one_location_alone_opens_nothing_and_two_do(scene: Scene, drain: Drain) -> None:
    assert scene.status == CheckStatus.WAITING
    scene.both(WELL)
    assert scene.status == CheckStatus.UP
    scene.later(60)
    scene.say(scene.berlin, FAILED)
    scene.say(scene.tokyo, WELL)
    drain()
    assert (scene.status, Alert.objects.count(), IntakeItem.objects.count()) == (CheckStatus.UP, 0, 0)
    scene.later(60)
    scene.both(FAILED)
    drain()
    alert = Alert.objects.get()
    assert scene.status == CheckStatus.DOWN
    assert (alert.title, alert.dedup_key, alert.severity, alert.urgency) == (
        "Check Shop is down: Connection refused",
        f"check:{scene.check.pk}",
        "critical",
        "high",
    )
    assert (
        alert.description
        == "Seen from 2 of 2 locations.\n\nBerlin: Connection refused\nTokyo: Connection refused"
    )
    assert alert.labels == {
        "check": "Shop",
        "kind": "http",
        "target": "https://shop.example.org/",
        "reason": "down",
    }
    assert alert.incident is not None
    assert alert.integration == scene.check.integration
    scene.later(60)
    scene.both(FAILED)
    drain()
    assert Alert.objects.get().count == 1, "it goes on, and is not said again"


def test_trouble_at_one_location_is_confirmed_at_once(scene: Scene) -> None:
    scene.both(WELL)
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (60, 60)
    scene.later(70)
    scene.say(scene.tokyo, WELL)
    scene.later(10)
    assert scene.due(scene.tokyo) == 40
    scene.say(scene.berlin, FAILED)
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (40, 0)
    scene.say(scene.tokyo, WELL)
    assert scene.status == CheckStatus.UP
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (40, 60), (
        "which is no news, so nobody is hurried"
    )
    scene.later(40)
    scene.say(scene.berlin, FAILED)
    assert scene.due(scene.tokyo) == 20, "it fails there as before: only a change is news"


def test_a_probe_that_began_before_the_trouble_is_made_again(scene: Scene) -> None:
    scene.both(WELL)
    scene.later(60)
    [on_its_way] = check_work.lease(location=scene.tokyo, limit=50)
    scene.say(scene.berlin, FAILED)
    assert check_work.lease(location=scene.tokyo, limit=50) == []
    check_work.report(location=scene.tokyo, results=[answer(on_its_way, WELL)])
    assert scene.due(scene.tokyo) == 0
    scene.say(scene.tokyo, FAILED)
    assert scene.status == CheckStatus.DOWN


def test_the_first_good_answers_hurry_nobody(scene: Scene) -> None:
    [berlin] = check_work.lease(location=scene.berlin, limit=50)
    [tokyo] = check_work.lease(location=scene.tokyo, limit=50)
    check_work.report(location=scene.berlin, results=[answer(berlin, WELL)])
    check_work.report(location=scene.tokyo, results=[answer(tokyo, WELL)])
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (60, 60)


def test_up_again_when_too_few_fail(scene: Scene, drain: Drain) -> None:
    scene.both(FAILED)
    drain()
    scene.later(60)
    scene.say(scene.tokyo, WELL)
    drain()
    assert (scene.status, Alert.objects.get().status) == (CheckStatus.UP, AlertStatus.RESOLVED)
    assert scene.spans() == [("waiting", 0, 0), ("down", 0, 60), ("up", 60, None)]


def test_three_locations_of_which_two_must_agree(scene: Scene) -> None:
    lima = make_location("Lima")
    check = make_check(scene.world, [scene.berlin, scene.tokyo, lima], name="API")
    for location, seen in ((scene.berlin, FAILED), (scene.tokyo, WELL), (lima, WELL)):
        found = [work for work in check_work.lease(location=location, limit=50) if _is_of(work, check)]
        check_work.report(location=location, results=[answer(found[0], seen)])
    check.refresh_from_db()
    assert check.status == CheckStatus.UP
    assert actions.save_check(actor=scene.world.actor("ada"), check_id=check.pk, needed=3).status == "up"
    [again] = [work for work in check_work.lease(location=lima, limit=50) if _is_of(work, check)] or [None]
    assert again is None
    scene.later(60)
    [again] = [work for work in check_work.lease(location=lima, limit=50) if _is_of(work, check)]
    check_work.report(location=lima, results=[answer(again, FAILED)])
    check.refresh_from_db()
    assert check.status == CheckStatus.UP, "two of three fail, and three must"
    assert actions.save_check(actor=scene.world.actor("ada"), check_id=check.pk, needed=2).status == "down"


def _is_of(work: Work, check: Check) -> bool:
    return CheckRun.objects.filter(pk=work.run_id, made_for=check).exists()


def test_workers_that_stay_away_are_said_and_a_page_stays_open(scene: Scene, drain: Drain) -> None:
    scene.both(FAILED)
    drain()
    window = 3 * 60 + 10 + 30
    scene.later(100)
    scene.say(scene.berlin, FAILED)
    scene.later(window - 100 - 1)
    assert check_work.mark_unseen() == 0
    scene.later(1)
    assert (check_work.mark_unseen(), check_work.mark_unseen()) == (1, 0)
    drain()
    down, unseen = Alert.objects.order_by("pk")
    assert (down.status, unseen.status) == (AlertStatus.FIRING, AlertStatus.FIRING)
    assert (unseen.title, unseen.dedup_key, unseen.severity, unseen.urgency) == (
        "Nobody is checking Shop: only 1 of 2 locations reports",
        f"check:{scene.check.pk}:unseen",
        "warning",
        "low",
    )
    assert scene.status == CheckStatus.UNKNOWN
    scene.say(scene.berlin, WELL)
    assert scene.status == CheckStatus.UNKNOWN
    scene.say(scene.tokyo, WELL)
    drain()
    assert set(Alert.objects.values_list("status", flat=True)) == {AlertStatus.RESOLVED}
    assert scene.spans() == [
        ("waiting", 0, 0),
        ("down", 0, window),
        ("unknown", window, window),
        ("up", window, None),
    ]


def test_unknown_after_up_resolves_no_page_of_its_own(scene: Scene, drain: Drain) -> None:
    scene.both(WELL)
    scene.later(1000)
    assert check_work.mark_unseen() == 1
    scene.both(WELL)
    drain()
    assert list(IntakeItem.objects.values_list("action", flat=True).order_by("pk")) == ["trigger", "resolve"]
    assert Alert.objects.get().title == "Nobody is checking Shop: none of 2 locations reports"


def test_a_new_check_waits_as_long_as_a_result_would_count(scene: Scene) -> None:
    scene.later(3 * 60 + 10 + 29)
    assert check_work.mark_unseen() == 0
    scene.later(1)
    assert (check_work.mark_unseen(), scene.status) == (1, CheckStatus.UNKNOWN)


def test_paused_it_is_silent_and_resumed_it_begins_anew(scene: Scene, drain: Drain) -> None:
    ada = scene.world.actor("ada")
    scene.both(FAILED)
    drain()
    scene.later(60)
    [on_its_way] = check_work.lease(location=scene.berlin, limit=50)
    actions.pause_check(actor=ada, check_id=scene.check.pk)
    drain()
    assert Alert.objects.get().status == AlertStatus.RESOLVED
    late = check_work.report(location=scene.berlin, results=[answer(on_its_way, FAILED)])
    assert late == check_work.Reported(late=1)
    scene.later(5000)
    assert check_work.lease(location=scene.berlin, limit=50) == []
    assert check_work.next_due(scene.berlin, clock.now()) is None
    assert (check_work.mark_unseen(), scene.status) == (0, CheckStatus.PAUSED)
    for refused in (actions.pause_check, actions.check_now):
        with pytest.raises(Conflict):
            refused(actor=ada, check_id=scene.check.pk)
    actions.resume_check(actor=ada, check_id=scene.check.pk)
    assert scene.status == CheckStatus.WAITING
    with pytest.raises(Conflict):
        actions.resume_check(actor=ada, check_id=scene.check.pk)
    scene.say(scene.berlin, FAILED)
    assert scene.status == CheckStatus.WAITING, "what Tokyo saw before the pause does not count"
    scene.say(scene.tokyo, FAILED)
    drain()
    assert (scene.status, Alert.objects.filter(status=AlertStatus.FIRING).count()) == (CheckStatus.DOWN, 1)


def test_a_lease_that_crossed_the_pause_counts_for_nothing(scene: Scene) -> None:
    [crossed] = check_work.lease(location=scene.berlin, limit=50)
    held = CheckRun.objects.get(pk=crossed.run_id).leased_until
    actions.pause_check(actor=scene.world.actor("ada"), check_id=scene.check.pk)
    CheckRun.objects.filter(pk=crossed.run_id).update(leased_until=held)
    assert check_work.report(location=scene.berlin, results=[answer(crossed, FAILED)]) == (0, 1, 0)
    assert not CheckResult.objects.exists()


def test_paused_while_unknown_both_alerts_resolve(scene: Scene, drain: Drain) -> None:
    scene.both(FAILED)
    scene.later(1000)
    check_work.mark_unseen()
    drain()
    assert Alert.objects.filter(status=AlertStatus.FIRING).count() == 2
    actions.pause_check(actor=scene.world.actor("ada"), check_id=scene.check.pk)
    drain()
    assert set(Alert.objects.values_list("status", flat=True)) == {AlertStatus.RESOLVED}


def test_asked_for_it_is_due_everywhere(scene: Scene) -> None:
    scene.both(WELL)
    actions.check_now(actor=scene.world.actor("ada"), check_id=scene.check.pk)
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (0, 0)


def test_a_lease_holds_then_ends(scene: Scene) -> None:
    [first] = check_work.lease(location=scene.berlin, limit=50)
    assert first._replace(lease="") == Work(
        first.run_id,
        "",
        "http",
        "https://shop.example.org/",
        {
            "method": "GET",
            "statuses": "200-399",
            "contains": "",
            "not_contains": "",
            "follow_redirects": True,
            "verify_tls": True,
        },
        {},
        10,
    )
    scene.later(40)
    assert check_work.lease(location=scene.berlin, limit=50) == []
    assert check_work.next_due(scene.berlin, clock.now()) == clock.now()
    scene.later(0.001)
    [second] = check_work.lease(location=scene.berlin, limit=50)
    assert second.run_id == first.run_id
    late = check_work.report(location=scene.berlin, results=[answer(first, FAILED)])
    kept = check_work.report(location=scene.berlin, results=[answer(second, WELL), answer(second, FAILED)])
    again = check_work.report(location=scene.berlin, results=[answer(second, FAILED)])
    assert [late, kept, again] == [(0, 1, 0), (1, 1, 0), (0, 1, 0)]
    assert [row.ok for row in CheckResult.objects.all()] == [True]
    scene.later(25)
    [third] = check_work.lease(location=scene.berlin, limit=50)
    scene.later(41)
    assert check_work.report(location=scene.berlin, results=[answer(third, FAILED)]) == (0, 1, 0)


def test_the_rhythm_is_kept_after_a_standstill(scene: Scene) -> None:
    scene.later(601)
    assert len(check_work.lease(location=scene.berlin, limit=50)) == 1
    assert scene.due(scene.berlin) == 59


def test_a_location_reports_for_itself_alone(scene: Scene) -> None:
    [work] = check_work.lease(location=scene.berlin, limit=50)
    assert check_work.report(location=scene.tokyo, results=[answer(work, FAILED)]) == (0, 0, 1)
    gone = answer(work, FAILED)._replace(run_id=work.run_id + 1000)
    assert check_work.report(location=scene.berlin, results=[gone]) == (0, 0, 1)
    CheckLocation.objects.filter(pk=scene.berlin.pk).update(is_active=False)
    assert check_work.report(location=scene.berlin, results=[answer(work, FAILED)]) == (0, 0, 1)
    assert check_work.lease(location=scene.berlin, limit=50) == []
    assert not CheckResult.objects.exists()


def test_a_worker_is_noted_as_seen_every_ten_seconds(scene: Scene) -> None:
    for seconds, expected in ((0, 0), (9, 0), (1, 10)):
        scene.later(seconds)
        scene.berlin.refresh_from_db()
        check_work.lease(location=scene.berlin, limit=1)
        found = CheckLocation.objects.get(pk=scene.berlin.pk).last_seen_at
        assert found is not None
        assert (found - START).total_seconds() == expected


def test_what_is_asked_anew_is_asked_at_once(scene: Scene) -> None:
    ada = scene.world.actor("ada")
    scene.both(WELL)
    scene.later(60)
    [old] = check_work.lease(location=scene.berlin, limit=50)
    actions.save_check(actor=ada, check_id=scene.check.pk, name="Store", severity="warning")
    assert check_work.report(location=scene.berlin, results=[answer(old, WELL)]).taken == 1
    scene.later(60)
    [old] = check_work.lease(location=scene.berlin, limit=50)
    actions.save_check(actor=ada, check_id=scene.check.pk, settings={"contains": "Welcome"})
    assert check_work.report(location=scene.berlin, results=[answer(old, WELL)]).late == 1
    assert (scene.due(scene.berlin), scene.due(scene.tokyo)) == (0, 0)
    [new] = check_work.lease(location=scene.berlin, limit=50)
    assert (new.settings["contains"], new.settings["statuses"]) == ("Welcome", "200-399")


def test_locations_change(scene: Scene) -> None:
    lima = make_location("Lima")
    ada = scene.world.actor("ada")
    scene.both(FAILED)
    change: dict[str, Any] = {"actor": ada, "check_id": scene.check.pk}
    for wrong in ([], [scene.berlin.pk], [scene.berlin.pk, 10**9]):
        with pytest.raises(InvalidInput) as refused:
            actions.save_check(**change, location_ids=wrong)
        assert list(refused.value.fields) == ["locations"]
    with pytest.raises(InvalidInput, match="at least 3"):
        actions.save_check(**change, needed=3)
    found = actions.save_check(**change, location_ids=[scene.berlin.pk, lima.pk])
    assert found.status == CheckStatus.UNKNOWN, "one result is too few for a verdict"
    assert set(CheckRun.objects.values_list("location__name", "ok")) == {("Berlin", False), ("Lima", None)}


@pytest.mark.django_db(transaction=True)
def test_two_workers_of_one_location_share_the_work() -> None:
    world = make_world()
    a, b = make_location("A"), make_location("B")
    for number in range(30):
        make_check(world, [a, b], name=f"Check {number}")
    now = clock.now()

    def work(_number: int) -> list[int]:
        try:
            return [
                each.run_id for _round in range(10) for each in check_work.lease(location=a, limit=3, now=now)
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        leased = [run for found in pool.map(work, range(4)) for run in found]
    assert sorted(leased) == sorted(CheckRun.objects.filter(location=a).values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_locations_that_report_together_open_one_alert() -> None:
    world = make_world()
    rows = [make_location(name) for name in ("A", "B", "C", "D")]
    check = make_check(world, rows)
    leased = [(row, check_work.lease(location=row, limit=1)[0]) for row in rows]

    def tell(pair: tuple[CheckLocation, Work]) -> int:
        try:
            return check_work.report(location=pair[0], results=[answer(pair[1], FAILED)]).taken
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tell, leased)) == 4
    assert IntakeItem.objects.filter(dedup_key=f"check:{check.pk}").count() == 1
    assert list(CheckSpan.objects.order_by("pk").values_list("status", flat=True)) == ["waiting", "down"]
