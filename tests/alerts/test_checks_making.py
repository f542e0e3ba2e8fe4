"""Checks and locations are made, changed and deleted; who may; what is kept and for how long."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from alerts.actions import check_locations as places
from alerts.actions import check_work
from alerts.actions import checks as actions
from alerts.choices import AlertStatus, CheckStatus
from alerts.models import Alert, Check, CheckLocation, CheckResult, CheckRun, CheckSpan, Integration
from core.crypto import digest
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from teams.actor import system_actor
from teams.models import AuditEntry
from tests.alerts.test_checks import FAILED, START, WELL, Drain, Scene, make_check, make_location
from tests.alerts.test_checks import scene as scene
from tests.world import make_service, make_world

pytestmark = pytest.mark.django_db


def test_deleted_its_alerts_stay(scene: Scene, drain: Drain) -> None:
    scene.both(FAILED)
    drain()
    actions.delete_check(actor=scene.world.actor("ada"), check_id=scene.check.pk)
    drain()
    assert (Alert.objects.get().status, Check.objects.count()) == (AlertStatus.RESOLVED, 0)
    assert not Integration.objects.get(pk=scene.check.integration_id).is_active
    fresh = make_check(scene.world, [scene.berlin, scene.tokyo])
    actions.delete_check(actor=scene.world.actor("ada"), check_id=fresh.pk)
    assert not Integration.objects.filter(pk=fresh.integration_id).exists()


def test_moved_to_another_service_its_alerts_go_there(scene: Scene, drain: Drain) -> None:
    other = make_service(scene.world.team, "billing")
    actions.save_check(actor=scene.world.actor("ada"), check_id=scene.check.pk, service_id=other.pk)
    scene.both(FAILED)
    drain()
    assert Alert.objects.get().service == other


def test_headers_are_sealed_and_kept() -> None:
    world = make_world()
    check = make_check(
        world, [make_location("A"), make_location("B")], headers={"X-Key": "s3cret", "Accept": "a"}
    )
    assert "s3cret" not in check.headers_sealed
    change: dict[str, Any] = {"actor": world.actor("ada"), "check_id": check.pk}
    assert actions.headers_of(actions.save_check(**change, name="Other")) == {
        "X-Key": "s3cret",
        "Accept": "a",
    }
    assert actions.headers_of(actions.save_check(**change, headers={"X-Key": None})) == {"X-Key": "s3cret"}
    [work] = check_work.lease(location=CheckLocation.objects.get(name="A"), limit=1)
    assert work.headers == {"X-Key": "s3cret"}
    with pytest.raises(InvalidInput):
        actions.save_check(**change, headers={"Other": None})
    tcp = actions.save_check(**change, kind="tcp", target="db.example.org:5432")
    assert (tcp.headers_sealed, tcp.settings) == ("", {})


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", " ", "name"),
        ("interval_seconds", 19, "interval_seconds"),
        ("interval_seconds", 2**40, "interval_seconds"),
        ("timeout_seconds", 61, "timeout_seconds"),
        ("needed", 1, "needed"),
        ("severity", "loud", "severity"),
        ("kind", "ping", "kind"),
        ("target", "ftp://example.org", "target"),
        ("settings", {"statuses": "ok"}, "statuses"),
        ("headers", {"a b": "c"}, "headers"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any, named: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        make_check(world, [make_location("A"), make_location("B")], **{field: value})
    assert list(refused.value.fields) == [named]


def test_it_gives_up_before_it_is_asked_again() -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        make_check(world, [make_location("A"), make_location("B")], interval_seconds=20, timeout_seconds=30)
    assert list(refused.value.fields) == ["timeout_seconds"]


def test_only_managers_change_it() -> None:
    world = make_world(visibility="members")
    check = make_check(world, [make_location("A"), make_location("B")])
    with pytest.raises(InvalidInput, match="of that name"):
        make_check(world, list(CheckLocation.objects.all()))
    refused = {"bo": NotAllowed, "sam": NotVisible, "zoe": NotVisible}
    for change in (actions.pause_check, actions.check_now, actions.delete_check, actions.save_check):
        for name, error in refused.items():
            with pytest.raises(error):
                change(actor=world.actor(name), check_id=check.pk)
    with pytest.raises(NotAllowed):
        actions.save_check(actor=world.actor("bo"), name="X", service_id=world.service.pk)
    with pytest.raises(InvalidInput):
        actions.save_check(actor=world.actor("zoe"), name="X", service_id=world.service.pk)
    assert actions.pause_check(actor=world.actor("root"), check_id=check.pk).status == CheckStatus.PAUSED


def test_only_admins_set_locations_up() -> None:
    world = make_world()
    row = make_location("Berlin")
    for name in ("ada", "bo", "sam", "zoe"):
        actor = world.actor(name)
        with pytest.raises(NotAllowed):
            places.save_location(actor=actor, name="X", with_token=True)
        with pytest.raises(NotAllowed):
            places.save_location(actor=actor, location_id=row.pk, name="X")
        with pytest.raises(NotAllowed):
            places.renew_location_token(actor=actor, location_id=row.pk)
        with pytest.raises(NotAllowed):
            places.delete_location(actor=actor, location_id=row.pk)
    assert CheckLocation.objects.get().name == "Berlin"


def test_a_location_and_its_token() -> None:
    root = make_world().actor("root")
    row, token = places.save_location(actor=root, name=" Berlin  1 ", with_token=True)
    assert (row.name, row.token_digest, row.token_hint) == ("Berlin 1", digest(token), token[-4:])
    renewed, fresh = places.renew_location_token(actor=root, location_id=row.pk)
    assert (renewed.token_digest, fresh == token) == (digest(fresh), False)
    changed, none = places.save_location(actor=root, location_id=row.pk, name="Oslo", is_active=False)
    assert (changed.name, changed.is_active, none, changed.token_digest) == ("Oslo", False, "", digest(fresh))
    for name, field in (("", "name"), ("Oslo", "name")):
        with pytest.raises(InvalidInput) as refused:
            places.save_location(actor=root, name=name, with_token=True)
        assert list(refused.value.fields) == [field]
    with pytest.raises(NotVisible):
        places.renew_location_token(actor=root, location_id=10**9)
    trail = AuditEntry.objects.filter(object_type="check location").order_by("pk")
    assert list(trail.values_list("verb", "object_label")) == [
        ("created", "Berlin 1"),
        ("token renewed", "Berlin 1"),
        ("changed", "Oslo"),
    ]


def test_the_installation_is_one_location() -> None:
    root = make_world().actor("root")
    own = places.own_location()
    assert (own.name, own.token_digest, places.own_location()) == ("Here", None, own)
    places.save_location(actor=root, location_id=own.pk, name="Head office")
    assert places.own_location() == own
    with pytest.raises(Conflict):
        places.renew_location_token(actor=root, location_id=own.pk)
    with pytest.raises(InvalidInput):
        places.save_location(actor=root, name="Second")
    places.delete_location(actor=root, location_id=own.pk)
    places.save_location(actor=root, name="Here", with_token=True)
    assert places.own_location().name == "Here (this installation)"


def test_a_location_that_is_needed_stays(scene: Scene) -> None:
    with pytest.raises(Conflict, match="Shop would be left"):
        places.delete_location(actor=system_actor(), location_id=scene.berlin.pk)
    lima = make_location("Lima")
    ids = [scene.berlin.pk, scene.tokyo.pk, lima.pk]
    actions.save_check(actor=scene.world.actor("ada"), check_id=scene.check.pk, location_ids=ids)
    scene.both(FAILED)
    scene.say(lima, WELL)
    assert scene.status == CheckStatus.DOWN
    places.delete_location(actor=system_actor(), location_id=scene.berlin.pk)
    assert scene.status == CheckStatus.UP, "one of two is not enough"
    assert set(CheckResult.objects.values_list("location__name", "ok")) == {
        (None, False),
        ("Tokyo", False),
        ("Lima", True),
    }


def test_one_that_is_switched_off_is_not_chosen_anew(scene: Scene) -> None:
    off, _token = places.save_location(actor=system_actor(), name="Off", is_active=False, with_token=True)
    ada = scene.world.actor("ada")
    ids = [scene.berlin.pk, scene.tokyo.pk]
    with pytest.raises(InvalidInput, match="Off is switched off"):
        actions.save_check(actor=ada, check_id=scene.check.pk, location_ids=[*ids, off.pk])
    places.save_location(actor=system_actor(), location_id=scene.berlin.pk, name="Berlin", is_active=False)
    actions.save_check(actor=ada, check_id=scene.check.pk, location_ids=ids)
    assert CheckRun.objects.count() == 2


def test_old_results_and_spans_go(scene: Scene) -> None:
    now = START + dt.timedelta(days=500)
    check, day = scene.check, dt.timedelta(days=1)
    for days in (6, 7, 8):
        CheckResult.objects.create(made_for=check, location=scene.berlin, at=now - days * day, ok=True)
    CheckSpan.objects.update(until=now - 401 * day)
    CheckSpan.objects.create(made_for=check, status="up", since=now - 401 * day, until=now - 400 * day)
    CheckSpan.objects.create(made_for=check, status="down", since=now - 400 * day)
    assert check_work.drop_old_results(now) == 2
    assert [(now - row.at).days for row in CheckResult.objects.all()] == [6, 7]
    assert [row.status for row in CheckSpan.objects.order_by("since")] == ["up", "down"]


def test_the_audit_trail_names_who_did_what() -> None:
    world = make_world()
    check = make_check(world, [make_location("A"), make_location("B")], headers={"X-Key": "s3cret"})
    actions.check_now(actor=world.actor("root"), check_id=check.pk)
    actions.delete_check(actor=world.actor("ada"), check_id=check.pk)
    trail = AuditEntry.objects.filter(object_type="check").order_by("pk")
    assert list(trail.values_list("verb", "actor_id", "object_label")) == [
        ("created", world.ada.pk, "Shop"),
        ("asked for", world.root.pk, "Shop"),
        ("deleted", world.ada.pk, "Shop"),
    ]
    assert "s3cret" not in str(list(trail.values_list("data", flat=True)))
