"""The catalog beside names and edges: details, structure, agreements, readiness, transfers; who may what."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput
from incidents.models import ImpactRow, Incident
from services import actions, readiness
from services.models import (
    AccessConfirmation,
    AccessItem,
    Agreement,
    Dependency,
    Domain,
    Environment,
    OwnershipTransfer,
    Service,
    ServiceField,
    System,
)
from services.selectors import health
from services.selectors.ownership import offers_for
from services.selectors.page import strip
from teams.actor import system_actor
from teams.models import AuditEntry
from tests.factories import People, actor_of, make_membership, make_team, make_user, signed_in
from tests.incidents.support import declare
from tests.world import make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
WHO = ("owner", "teammate", "support", "stranger")
NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
SYSTEM = system_actor()


def by(people: People, call: Any) -> dict[str, int]:
    return {who: call(people.browser(who)).status_code for who in WHO}


def test_details_are_kept_and_told_in_the_history(people: People) -> None:
    service = make_service(people.team, "pay")
    place = actions.save_environments(actor=SYSTEM, names=[(None, "Production")])[0]
    actions.save_field(actor=SYSTEM, key="cost", new=True, name="Cost centre", kind="number")
    actions.save_field(
        actor=SYSTEM, key="data", new=True, name="Data", kind="choice", choices=["public", "secret"]
    )
    api = people.api("owner")
    body = {
        "kind": "database",
        "labels": {"team/size": "3", "legacy": ""},
        "custom": {"cost": 4711, "data": "secret"},
        "contacts": [
            {"part": "DBA", "user": people.teammate.pk},
            {"part": "Mail", "value": "dba@example.com"},
        ],
        "environments": [
            {"environment": "production", "regions": ["eu", "us"], "url": "https://pay.example"}
        ],
        "stands_alone": True,
    }
    answer = api.patch("/api/v1/services/pay/", body, format="json")
    assert answer.status_code == 200, answer.json()
    told = answer.json()
    assert {name: told[name] for name in ("kind", "labels", "custom", "stands_alone")} == {
        "kind": "database",
        "labels": {"legacy": "", "team/size": "3"},
        "custom": {"cost": 4711, "data": "secret"},
        "stands_alone": True,
    }
    assert told["contacts"] == [
        {"part": "DBA", "user": people.teammate.pk, "value": ""},
        {"part": "Mail", "user": None, "value": "dba@example.com"},
    ]
    assert told["environments"] == [
        {"environment": "production", "regions": ["eu", "us"], "url": "https://pay.example"}
    ]
    for query in ("kind=database", "label=legacy", "label=team/size:3"):
        found = api.get(f"/api/v1/services/?{query}").json()["results"]
        assert [row["slug"] for row in found] == ["pay"], query
    assert api.get("/api/v1/services/?label=team/size:4").json()["results"] == []
    # The same again is no edit.
    entries = AuditEntry.objects.filter(object_type="service", object_id=str(service.pk))
    assert entries.count() == 1
    api.patch("/api/v1/services/pay/", body, format="json")
    assert entries.count() == 1
    history = api.get("/api/v1/services/pay/history/").json()["results"]
    assert history[0]["fields"]["kind"] == ["service", "database"]
    assert history[0]["fields"]["custom"] == ["–", "cost: 4711, data: secret"]
    assert history[0]["fields"]["contacts"] == ["–", "DBA Tom Teammate; Mail dba@example.com"]
    page = people.browser("stranger").get("/services/pay/history/")
    assert (page.status_code, "secret" in page.content.decode()) == (200, True)
    assert "<del>Service</del> → <ins>Database</ins>" in page.content.decode()
    shown = people.browser("teammate").get("/services/pay/").content.decode()
    for words in ("Cost centre", "4711", "legacy", "dba@example.com", "Production"):
        assert words in shown, words
    assert place.slug == "production"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"labels": {"<b>": "x"}}, "labels"),
        ({"labels": {"a" * 64: "x"}}, "labels"),
        ({"custom": {"nope": 1}}, "custom.nope"),
        ({"custom": {"cost": "many"}}, "custom.cost"),
        ({"custom": {"cost": 1e300}}, "custom.cost"),
        ({"custom": {"day": "2026-13-01"}}, "custom.day"),
        ({"custom": {"yes": "maybe"}}, "custom.yes"),
        ({"custom": {"link": "javascript:x"}}, "custom.link"),
        ({"custom": {"data": "x"}}, "custom.data"),
        ({"contacts": [{"part": "A"}]}, "contacts.0.value"),
        ({"environments": [{"environment": "moon"}]}, "environments.0.environment"),
        ({"kind": "toaster"}, "kind"),
        ({"system": "nope"}, "system"),
    ],
)
def test_bad_details(people: People, body: dict[str, Any], field: str) -> None:
    make_service(people.team, "pay")
    kinds = {"cost": "number", "day": "date", "yes": "boolean", "link": "url"}
    for key, kind in kinds.items():
        ServiceField.objects.create(key=key, name=key, kind=kind)
    ServiceField.objects.create(key="data", name="Data", kind="choice", choices=["public"])
    answer = people.api("owner").patch("/api/v1/services/pay/", body, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    before = Service.objects.get()
    assert (before.labels, before.custom, before.kind) == ({}, {}, "service")


def test_a_required_field_is_asked_for_its_kinds(people: People) -> None:
    ServiceField.objects.create(key="cost", name="Cost", required=True, kinds=["database"])
    browser = people.browser("owner")
    form = {
        "name": "Db",
        "slug": "db",
        "team": people.team.pk,
        "tier": "2",
        "kind": "database",
        "lifecycle": "production",
    }
    refused = browser.post("/services/new/", form)
    assert (refused.status_code, "Must be filled in." in refused.content.decode()) == (422, True)
    assert browser.post("/services/new/", {**form, "custom_cost": "4711"}).status_code == 302
    assert browser.post("/services/new/", {**form, "slug": "web", "kind": "website"}).status_code == 302


def test_domains_and_systems(private_people: People) -> None:
    people = private_people
    api = people.api("owner")
    money = api.post("/api/v1/domains/", {"name": "Money", "team": people.team.slug}, format="json")
    cards = api.post(
        "/api/v1/domains/", {"name": "Cards", "team": people.team.slug, "parent": "money"}, format="json"
    )
    assert (money.status_code, cards.status_code, cards.json()["parent"]) == (201, 201, "money")
    circle = api.patch("/api/v1/domains/money/", {"parent": "cards"}, format="json")
    assert (circle.status_code, list(circle.json()["errors"])) == (400, ["parent"])
    made = api.post(
        "/api/v1/systems/", {"name": "Pay", "team": people.team.slug, "domain": "cards"}, format="json"
    )
    assert (made.status_code, made.json()["slug"], made.json()["domain"]) == (201, "pay", "cards")
    make_service(people.team, "gateway", system=System.objects.get())
    page = people.browser("teammate").get("/services/systems/").content.decode()
    assert "1 service" in page and "Money" in page
    assert "Money" not in people.browser("stranger").get("/services/systems/").content.decode()
    denied = {"owner": 200, "teammate": 403, "support": 404, "stranger": 404}
    assert by(people, lambda b: b.get("/services/systems/pay/")) == denied
    for who in reversed(WHO):
        gone = people.browser(who).post("/services/domains/cards/delete/")
        assert gone.status_code == {**denied, "owner": 302}[who], who
    assert (System.objects.get().domain, Domain.objects.count()) == (None, 1)
    assert {who: people.api(who).get("/api/v1/systems/pay/").status_code for who in WHO} == {
        "owner": 200,
        "teammate": 200,
        "support": 404,
        "stranger": 404,
    }


def test_only_admins_set_up_the_catalog(people: People) -> None:
    assert by(people, lambda b: b.get("/settings/catalog/")) == dict.fromkeys(WHO, 404)
    browser = people.browser("admin")
    rows = {"environment": ["0", "1"], "environment-name-0": "Production", "environment-name-1": "Staging"}
    assert browser.post("/settings/catalog/", rows).status_code == 302
    prod = Environment.objects.get(slug="production")
    service = make_service(people.team, "pay")
    service.environment_rows.create(environment=prod)
    kept = browser.post("/settings/catalog/", {"environment": ["0"], "environment-name-0": "Other"})
    assert (kept.status_code, "Services run in Production" in kept.content.decode()) == (422, True)
    field = {"name": "Cost", "kind": "choice", "choices": "a\nb", "active": "on"}
    assert browser.post("/settings/catalog/fields/new/", field).status_code == 302
    assert ServiceField.objects.get().choices == ["a", "b"]
    assert (
        people.api("owner").post("/api/v1/service-fields/", {"name": "X"}, format="json").status_code == 403
    )
    assert (
        people.api("owner").post("/api/v1/environments/", {"environments": []}, format="json").status_code
        == 403
    )


def impact(
    world: Any, start: dt.datetime, end: dt.datetime | None, condition: str = "unavailable"
) -> Incident:
    with time_machine.travel(start, tick=False):
        incident = declare(world)
    ImpactRow.objects.create(
        incident=incident, service=world.service, condition=condition, started_at=start, ended_at=end
    )
    return incident


def test_agreements_stand_by_the_impact_rows() -> None:
    world = make_world()
    impact(world, NOW - dt.timedelta(days=3), NOW - dt.timedelta(days=3) + dt.timedelta(minutes=30))
    impact(world, NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=2) + dt.timedelta(hours=9), "degraded")
    lasting = impact(world, NOW - dt.timedelta(minutes=20), None)
    drill = declare(world, kind="drill")
    ImpactRow.objects.create(
        incident=drill, service=world.service, condition="unavailable", started_at=NOW - dt.timedelta(days=5)
    )
    rows = [
        {"name": "Promise", "target": "99.9 %"},
        {"name": "Strict", "target": 99.99, "counts_degraded": True},
    ]
    actions.set_agreements(actor=world.actor("ada"), service_id=world.service.pk, rows=rows)
    from tests.factories import api_client

    with time_machine.travel(NOW, tick=False):
        found = api_client(world.bo).get("/api/v1/services/checkout/agreements/").json()["results"]
        promise, strict = found[0]["running"], found[1]["running"]
        assert (promise["down_seconds"], promise["breached"]) == (50 * 60, True)
        assert promise["incidents"] == [lasting.number, 1]
        assert strict["down_seconds"] == 50 * 60 + 9 * 3600
        assert [each["percent"] for each in found[0]["earlier"]] == [100.0] * 3
        page = signed_in(world.bo).get("/services/checkout/").content.decode()
        assert "Breached" in page and "6 min 48 s more than agreed" in page
        days = strip(world.service, world.actor("bo"), NOW)
        assert [day.state for day in days[-4:]] == ["down", "degraded", "ok", "down"]


def test_agreements_are_checked(people: People) -> None:
    make_service(people.team, "pay")
    api, url = people.api("owner"), "/api/v1/services/pay/agreements/"
    for row, field in [
        ({"name": "", "target": 99}, "agreements.0.name"),
        ({"name": "A", "target": 101}, "agreements.0.target"),
        ({"name": "A", "target": "x"}, "agreements.0.target"),
        ({"name": "A", "target": 99, "zone": "Mars/Base"}, "agreements.0.zone"),
        ({"name": "A", "target": 99, "url": "javascript:x"}, "agreements.0.url"),
        (
            {"name": "A", "target": 99, "starts_on": "2026-02-02", "ends_on": "2026-01-01"},
            "agreements.0.ends_on",
        ),
    ]:
        answer = api.put(url, {"agreements": [row]}, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), row
    assert not Agreement.objects.exists()
    form = {
        "agreement": ["0"],
        "agreement-name-0": "Contract",
        "agreement-target-0": "99,95",
        "agreement-period-0": "year",
    }
    page = "/services/pay/agreements/"
    assert by(people, lambda b: b.post(page, form)) == {
        "owner": 302,
        "teammate": 403,
        "support": 403,
        "stranger": 403,
    }
    assert float(Agreement.objects.get().target) == 99.95
    wrong = people.browser("owner").post(page, {**form, "agreement-target-0": "none"})
    assert (wrong.status_code, "A percentage such as 99.95." in wrong.content.decode()) == (422, True)


def line(service: Service, key: str, who: Any) -> Any:
    found = readiness.of_services([service], actor_of(who), NOW)[0]
    return next(check for check in found.checks if check.key == key)


def test_readiness_line_by_line(people: People) -> None:
    service = make_service(people.team, "pay", tier=1)
    assert [
        (check.key, check.ok)
        for check in readiness.of_services([service], actor_of(people.owner), NOW)[0].checks
    ] == [
        ("owner", True),
        ("policy", False),
        ("runbook", False),
        ("slo", False),
        ("dependencies", False),
        ("tiers", None),
        ("access", False),
    ]
    service.escalation_policy = make_policy(people.team, (5, [people.teammate]))
    service.save()
    assert line(service, "policy", people.owner).ok
    minor = make_service(people.team, "minor", tier=4)
    edge = Dependency.objects.create(downstream=service, upstream=minor)
    assert line(service, "dependencies", people.owner).ok
    assert line(service, "tiers", people.owner).detail == "It fails with Minor (tier 4)."
    edge.kind = "soft"
    edge.save()
    assert line(service, "tiers", people.owner).ok
    edge.delete()
    service.stands_alone = True
    service.save()
    assert line(service, "dependencies", people.owner).ok


def test_the_access_checklist_goes_stale_after_ninety_days(people: People) -> None:
    policy = make_policy(people.team, (5, [people.teammate]))
    service = make_service(people.team, "pay", escalation_policy=policy)
    rows = {
        "item": ["0", "1"],
        "item-text-0": "Logs",
        "item-url-0": "https://logs.example",
        "item-text-1": "Deploys",
    }
    page = "/services/pay/readiness/items/"
    assert by(people, lambda b: b.post(page, rows)) == {
        "owner": 302,
        "teammate": 403,
        "support": 403,
        "stranger": 403,
    }
    logs, deploys = AccessItem.objects.all()
    with time_machine.travel(NOW, tick=False):
        browser = people.browser("teammate")
        browser.post("/services/pay/readiness/confirm/", {"item": [logs.pk]})
        assert line(service, "access", people.owner).ok is False
        browser.post("/services/pay/readiness/confirm/", {"item": [logs.pk, deploys.pk]})
        assert line(service, "access", people.owner).ok is True
        other = browser.post("/services/pay/readiness/confirm/", {"item": [10**9]})
        assert other.status_code in (302, 400, 422)
    later = NOW + dt.timedelta(days=90)
    second = dt.timedelta(seconds=1)
    for at, complete in ((later, True), (later + second, False)):
        found = readiness.of_services([service], actor_of(people.owner), at)[0]
        assert found.access.complete(people.teammate.pk) is complete
    # Another wording is another thing to try; the same one keeps what was tried.
    actions.set_access_items(
        actor=actor_of(people.owner),
        service_id=service.pk,
        rows=[{"text": "Deploys"}, {"text": "Logs of production", "url": "https://logs.example"}],
    )
    assert AccessConfirmation.objects.count() == 1
    scores = by(people, lambda b: b.get("/services/readiness/"))
    assert scores == dict.fromkeys(WHO, 200)


def test_ownership_goes_over_when_it_is_accepted(private_people: People) -> None:
    people = private_people
    policy = make_policy(people.team, (5, [people.owner]))
    service = make_service(people.team, "pay", escalation_policy=policy)
    nia = make_user("Nia")
    others = make_team("Others", manager=nia)
    offered = by(
        people, lambda b: b.post("/services/pay/transfer/", {"to_team": others.pk, "note": "All yours"})
    )
    assert offered == {"owner": 302, "teammate": 403, "support": 404, "stranger": 404}
    offer = OwnershipTransfer.objects.get()
    again = people.api("owner").post(
        "/api/v1/services/pay/transfers/", {"to_team": others.slug}, format="json"
    )
    assert again.status_code == 409
    assert [row.pk for row in offers_for(actor_of(nia))] == [offer.pk]
    assert not offers_for(actor_of(people.owner)).exists()
    now = signed_in(nia).get("/").content.decode()
    assert "Services offered to my team" in now and "All yours" in now
    url = f"/services/transfers/{offer.pk}/accept/"
    assert by(people, lambda b: b.post(url)) == {
        "owner": 403,
        "teammate": 403,
        "support": 404,
        "stranger": 404,
    }
    responder = make_user("Rea")
    make_membership(responder, others)
    assert signed_in(responder).post(url).status_code == 404
    assert signed_in(nia).post(url).status_code == 302
    service.refresh_from_db()
    assert (service.team_id, service.escalation_policy_id) == (others.pk, None)
    assert signed_in(nia).post(url).status_code == 409
    assert not offers_for(actor_of(nia)).exists()


def test_an_offer_ends_with_the_ownership_it_was_made_with(people: People) -> None:
    service, nia = make_service(people.team, "pay"), make_user("Nia")
    others, third = make_team("Others", manager=nia), make_team("Third")
    offer = actions.ask_transfer(actor=actor_of(people.owner), service_id=service.pk, to_team_id=others.pk)
    actions.update_service(actor=actor_of(people.admin), service_id=service.pk, team_id=third.pk)
    with pytest.raises(Conflict) as refused:
        actions.accept_transfer(actor=actor_of(nia), transfer_id=offer.pk)
    service.refresh_from_db()
    assert (refused.value.code, service.team_id) == ("moved", third.pk)
    actions.decline_transfer(actor=actor_of(nia), transfer_id=offer.pk)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1969-12-31", "2200-01-01"])
def test_days_at_the_ends_of_the_calendar_are_refused(people: People, day: str) -> None:
    service = make_service(people.team, "pay")
    for field in ("starts_on", "ends_on"):
        row = {"name": "A", "target": 99, "zone": "Asia/Tokyo", field: day}
        with pytest.raises(InvalidInput):
            actions.set_agreements(actor=actor_of(people.owner), service_id=service.pk, rows=[row])


def test_nan_is_no_percentage(people: People) -> None:
    service = make_service(people.team, "pay")
    for target in ("nan", "sNaN", "inf", "-inf", "1e400"):
        with pytest.raises(InvalidInput):
            actions.set_agreements(
                actor=actor_of(people.owner), service_id=service.pk, rows=[{"name": "A", "target": target}]
            )


def test_an_offer_is_declined_or_withdrawn(people: People) -> None:
    make_service(people.team, "pay")
    nia = make_user("Nia")
    others = make_team("Others", manager=nia)
    api = people.api("owner")
    for verb, who in (("decline", nia), ("withdraw", people.owner)):
        offer = api.post("/api/v1/services/pay/transfers/", {"to_team": others.slug}, format="json").json()[
            "id"
        ]
        assert signed_in(who).post(f"/services/transfers/{offer}/{verb}/").status_code == 302
    assert sorted(OwnershipTransfer.objects.values_list("status", flat=True)) == ["declined", "withdrawn"]
    assert Service.objects.get().team_id == people.team.pk


def test_health_follows_open_incidents_and_the_graph() -> None:
    world = make_world()
    shop, mail = make_service(world.team, "shop"), make_service(world.team, "mail")
    Dependency.objects.create(downstream=shop, upstream=world.service)
    Dependency.objects.create(downstream=mail, upstream=shop, kind="soft")
    assert health(world.actor("bo")) == {}
    drill = declare(world, kind="drill")
    assert health(world.actor("bo")) == {}
    incident = declare(world)
    found = health(world.actor("bo"))
    assert {pk: (row.state, row.origin, row.depth) for pk, row in found.items()} == {
        world.service.pk: ("failing", world.service.pk, 0),
        shop.pk: ("hit", world.service.pk, 1),
        mail.pk: ("degraded", world.service.pk, 2),
    }
    assert [row.number for row in found[mail.pk].incidents] == [incident.number]
    assert drill.number != incident.number
    from tests.factories import api_client

    told = api_client(world.zoe).get("/api/v1/services/mail/health/").json()
    assert told == {"state": "degraded", "origin": "checkout", "depth": 2, "incidents": [incident.number]}
    page = signed_in(world.zoe).get("/services/shop/").content.decode()
    assert "Suffers from Checkout" in page
    listed = signed_in(world.zoe).get("/services/?trouble=1").content.decode()
    assert "shop" in listed
    # An incident that is seen, of a service that is not: neither it nor what it hits is told of.
    secret = make_service(make_team("Secret", visibility="members"), "secret")
    Dependency.objects.create(downstream=mail, upstream=secret)
    incident.service_rows.all().delete()
    incident.service_rows.create(service=secret)
    assert health(world.actor("zoe")) == {}
    assert set(health(world.actor("root"))) == {secret.pk, mail.pk}
    incident.visibility = "restricted"
    incident.save(update_fields=["visibility"])
    assert health(world.actor("zoe")) == {}
