"""What the catalog says about an incident: cause and symptoms, who suffers, what changed upstream."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert
from incidents.bearing import bearing
from incidents.models import ImpactRow, Incident
from incidents.selectors import for_page
from oncall.models import EscalationRun
from services.choices import VendorIndicator
from services.models import ChangeEvent, Dependency, Service, Vendor
from services.selectors import near_changes
from services.selectors.changes import weight_of
from tests.factories import make_team, make_user, signed_in
from tests.incidents.support import declare
from tests.world import World, make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


def need(downstream: Service, upstream: Service, kind: str = "hard") -> None:
    Dependency.objects.create(downstream=downstream, upstream=upstream, kind=kind)


def fire(world: World, service: Service, at: dt.datetime) -> None:
    Alert.objects.create(
        integration=world.integration,
        service=service,
        team=world.team,
        dedup_key=service.slug,
        title="Fires",
        first_seen_at=at,
    )


@pytest.fixture
def shop() -> dict[str, Any]:
    """journey → storefront → checkout → db; search is softly needed by the storefront."""
    world = make_world()
    made: dict[str, Any] = {"world": world, "checkout": world.service}
    for slug, tier in (("journey", 1), ("storefront", 1), ("db", 2), ("search", 3)):
        made[slug] = make_service(world.team, slug, tier=tier)
    need(made["journey"], made["storefront"])
    need(made["storefront"], made["checkout"])
    need(made["storefront"], made["search"], "soft")
    need(made["checkout"], made["db"])
    return made


def told(world: World, incident: Incident, who: str = "bo") -> Any:
    found = for_page(world.actor(who), incident.number)
    assert found is not None
    return bearing(found, list(found.service_rows.all()), world.actor(who))


def test_the_service_that_others_here_need_is_the_likely_cause(shop: dict[str, Any]) -> None:
    world = shop["world"]
    with time_machine.travel(START, tick=False):
        incident = declare(world)
        for name in ("storefront", "db"):
            incident.service_rows.create(service=shop[name])
        fire(world, shop["storefront"], START - dt.timedelta(minutes=4))
        fire(world, shop["db"], START - dt.timedelta(minutes=9))
        found = told(world, incident)
        assert (found.cause.slug, found.cause_first) == ("db", True)
        assert [node.slug for node in found.explains] == ["checkout", "storefront"]
        assert [row.reached.node.slug for row in found.proposals] == ["journey"]
        assert (found.suffering, found.counts) == (1, [(1, 1)])
        Alert.objects.filter(service=shop["db"]).update(first_seen_at=START)
        assert told(world, incident).cause_first is False
        page = signed_in(world.bo).get(f"/incidents/{incident.number}/fragment/graph/").content.decode()
        assert "Likely cause" in page and "though its alert came later" in page


def test_a_symptom_of_another_incident_and_the_other_way_round(shop: dict[str, Any]) -> None:
    world = shop["world"]
    ours = declare(world)
    theirs = declare(world, title="Disk full")
    theirs.service_rows.all().delete()
    theirs.service_rows.create(service=shop["db"])
    found = told(world, ours)
    assert [(link.symptom.slug, link.cause.slug, link.incident.number) for link in found.symptom_of] == [
        ("checkout", "db", theirs.number)
    ]
    assert [(row.node.slug, row.depth, row.incidents[0].number) for row in found.upstream] == [
        ("db", 1, theirs.number)
    ]
    back = told(world, theirs)
    assert [(link.symptom.slug, link.incident.number) for link in back.brings] == [("checkout", ours.number)]
    # A restricted one is known to nobody who may not see it.
    Incident.objects.filter(pk=theirs.pk).update(visibility="restricted")
    hidden = told(world, ours)
    assert (hidden.symptom_of, hidden.upstream) == ([], [])


def test_what_all_need_without_an_alert(shop: dict[str, Any]) -> None:
    world = shop["world"]
    need(shop["search"], shop["db"])
    incident = declare(world)
    incident.service_rows.create(service=shop["search"])
    found = told(world, incident)
    assert (found.cause, [node.slug for node in found.common]) == (None, ["db"])


def test_vendors_upstream_in_trouble_are_named(shop: dict[str, Any]) -> None:
    world = shop["world"]
    cards = make_service(world.team, "cards", kind="vendor")
    need(shop["db"], cards)
    row = Vendor.objects.create(service=cards, indicator=VendorIndicator.NONE)
    incident = declare(world)
    assert told(world, incident).upstream == []
    row.indicator = VendorIndicator.MAJOR
    row.save()
    assert [(each.node.slug, each.depth) for each in told(world, incident).upstream] == [("cards", 2)]


def test_proposals_become_impact_rows(shop: dict[str, Any]) -> None:
    world = shop["world"]
    incident = declare(world)
    incident.service_rows.update(condition="unavailable")
    found = told(world, incident)
    assert [(row.reached.node.slug, row.condition) for row in found.proposals] == [
        ("storefront", "unavailable"),
        ("journey", "unavailable"),
    ]
    storefront, journey = shop["storefront"].pk, shop["journey"].pk
    url = f"/incidents/{incident.number}/graph/impact/"
    body = {
        "service": [storefront, journey],
        f"condition-{storefront}": "degraded",
        f"condition-{journey}": "x",
    }
    for who in ("zoe", "sam"):
        assert signed_in(getattr(world, who)).post(url, body).status_code == 403, who
    answer = signed_in(world.bo).post(url, body, headers={"HX-Request": "true"})
    assert (answer.status_code, "/graph/impact/" in answer.content.decode()) == (200, False)
    assert set(ImpactRow.objects.values_list("service__slug", "condition")) == {
        ("storefront", "degraded"),
        ("journey", "degraded"),
    }
    assert told(world, incident).proposals == []
    assert signed_in(world.bo).post(url, {"service": ["x", 10**12]}).status_code == 302
    assert ImpactRow.objects.count() == 2


def test_services_of_other_teams_are_not_told_to_strangers(shop: dict[str, Any]) -> None:
    world = shop["world"]
    secret = make_service(make_team("Secret", visibility="members"), "secret")
    need(secret, shop["checkout"])
    incident = declare(world)
    assert "secret" not in [row.reached.node.slug for row in told(world, incident).proposals]
    assert "secret" in [row.reached.node.slug for row in told(world, incident, "root").proposals]
    url = f"/incidents/{incident.number}/graph/impact/"
    assert signed_in(world.bo).post(url, {"service": [secret.pk]}).status_code == 302
    assert not ImpactRow.objects.exists()


def test_changes_are_ranked_by_nearness_in_time_and_graph(shop: dict[str, Any]) -> None:
    world = shop["world"]

    def change(name: str, minutes: int) -> None:
        at = START - dt.timedelta(minutes=minutes)
        ChangeEvent.objects.create(service=shop[name], summary=f"{name} {minutes}", happened_at=at)

    change("db", 5)
    change("checkout", 100)
    change("checkout", 20)
    change("checkout", -10)
    change("db", 300)
    change("storefront", 1)
    found = near_changes(
        [shop["checkout"].pk],
        world.actor("bo"),
        start=START,
        since=START - dt.timedelta(hours=2),
        until=START + dt.timedelta(hours=2),
    )
    assert [(row.change.summary, row.hops) for row in found] == [
        ("checkout 20", 0),
        ("db 5", 1),
        ("checkout -10", 0),
        ("checkout 100", 0),
    ]
    assert weight_of(dt.timedelta(0), 0) == 1
    assert weight_of(dt.timedelta(minutes=30), 1) == pytest.approx(0.25)
    with time_machine.travel(START, tick=False):
        incident = declare(world)
        page = signed_in(world.bo).get(f"/incidents/{incident.number}/fragment/changes/").content.decode()
    assert page.index("checkout 20") < page.index("db 5") < page.index("checkout 100")
    assert ("1 hop up" in page, "storefront 1" in page) == (True, False)


def test_the_parts_take_a_fixed_number_of_statements(shop: dict[str, Any]) -> None:
    world = shop["world"]
    incident = declare(world)
    client = signed_in(world.bo)
    for part in ("graph", "changes"):
        url = f"/incidents/{incident.number}/fragment/{part}/"

        def count(url: str = url) -> int:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            return len(queries)

        before = count()
        for number in range(3):
            more = make_service(world.team, f"{part}-{number}", escalation_policy=world.policy)
            need(more, world.service)
            need(world.service, make_service(world.team, f"{part}-up-{number}"))
            incident.service_rows.create(service=more, position=number + 1)
            ChangeEvent.objects.create(service=more, summary="x", happened_at=incident.started_at)
        assert count() == before


def test_strangers_see_parts_as_they_see_the_incident(shop: dict[str, Any]) -> None:
    world = shop["world"]
    incident = declare(world)
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    for part in ("graph", "changes"):
        url = f"/incidents/{incident.number}/fragment/{part}/"
        codes = {
            who: signed_in(getattr(world, who)).get(url).status_code for who in ("root", "bo", "sam", "zoe")
        }
        assert codes == {"root": 200, "bo": 404, "sam": 404, "zoe": 404}


def test_who_knows_a_service_is_paged_and_becomes_an_expert(shop: dict[str, Any]) -> None:
    world = shop["world"]
    nia = make_user("Nia")
    other = make_team("Data", manager=nia)
    policy = make_policy(other, (5, [nia]), name="Data escalation")
    Service.objects.filter(pk=shop["db"].pk).update(team=other, escalation_policy=policy)
    incident = declare(world)
    theirs = declare(world, title="Disk full")
    theirs.service_rows.all().delete()
    theirs.service_rows.create(service=shop["db"])
    page = signed_in(world.bo).get(f"/incidents/{incident.number}/fragment/graph/").content.decode()
    assert "Page as expert" in page and "Nia" in page
    assert "Page as expert" not in (
        signed_in(world.zoe).get(f"/incidents/{incident.number}/fragment/graph/").content.decode()
    )
    url, body = f"/incidents/{incident.number}/graph/expert/", {"service": shop["db"].pk}
    for who in ("zoe", "sam"):
        assert signed_in(getattr(world, who)).post(url, body).status_code == 403, who
    answer = signed_in(world.bo).post(url, body, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert list(incident.role_rows.values_list("role", "user__name")) == [("expert", "Nia")]
    run = EscalationRun.objects.get(subject_key=incident.subject_key)
    assert run.policy == policy
    nobody = make_service(make_team("Empty"), "nobody")
    assert signed_in(world.bo).post(url, {"service": nobody.pk}).status_code == 409
    for wrong in ({}, {"service": "x"}, {"service": 10**12}):
        assert signed_in(world.bo).post(url, wrong).status_code == 404
