"""Routing: what an integration adds, the first rule that matches, and where the alert goes then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import actions
from alerts.models import Alert, RoutingRule
from alerts.processing import place_due, process_intake
from alerts.routing.tryout import try_out
from core import wakeup
from core.errors import InvalidInput
from incidents.models import Incident, SeverityLevel
from notifications.models import Delivery
from oncall.models import EscalationRun
from services.models import Service
from tests.alerts.support import native
from tests.factories import make_team
from tests.incidents.support import START, at_once
from tests.world import World, make_integration, make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def search(world: World) -> Service:
    return make_service(world.team, "search", escalation_policy=world.policy)


def rule(world: World, name: str = "To search", **fields: Any) -> RoutingRule:
    return actions.save_rule(actor=world.actor("ada"), team_id=world.team.pk, name=name, **fields)


def matcher(name: str, op: str, value: str) -> list[dict[str, str]]:
    return [{"name": name, "op": op, "value": value}]


def route() -> list[str]:
    return list(Alert.objects.get().route)


def test_the_first_rule_that_matches_decides(world: World, search: Service, drain: Drain) -> None:
    rule(world, "Nobody", matchers=matcher("team", "=~", "x|y"), suppress=True)
    second = rule(
        world, matchers=matcher("app", "=~", "search.*"), service_id=search.pk, urgency="low", severity=2
    )
    rule(world, "Never reached", suppress=True)
    native(world.key, {"title": "Slow", "severity": "critical", "labels": {"app": "search-1"}})
    drain()
    alert = Alert.objects.get()
    incident = Incident.objects.get()
    assert (alert.rule, alert.service, alert.urgency, alert.incident) == (second, search, "low", incident)
    assert (list(incident.services.all()), incident.severity_id, incident.urgency) == ([search], 2, "low")
    assert alert.place_at is None
    assert alert.route == [
        "Came in over “Monitor” for Checkout",
        f"Rule “To search”: to Search, urgency Low, opens as {SeverityLevel.objects.get(pk=2)}",
        "Opened #1: no open incident with this grouping key",
    ]
    # A repeat is not routed anew, and keeps the urgency the rule gave.
    RoutingRule.objects.update(suppress=True)
    native(world.key, {"title": "Slow", "severity": "critical", "labels": {"app": "search-1"}})
    drain()
    alert.refresh_from_db()
    assert (alert.count, alert.urgency, len(alert.route), alert.incident) == (2, "low", 3, incident)


def test_a_severity_opens_as_if_somebody_had_set_it(world: World, drain: Drain) -> None:
    level = SeverityLevel.objects.get(pk=0)
    listed = make_policy(world.team, (5, [world.bo]), name="Everybody")
    level.policies.add(listed)
    night = make_policy(world.team, (5, [world.root]), name="Night")
    rule(world, "Gravest", severity=0, policy_id=night.pk)
    native(world.key, {"title": "Down", "severity": "critical"})
    drain()
    incident = Incident.objects.get()
    runs = set(EscalationRun.objects.values_list("policy__name", "severity"))
    assert (incident.severity_id, runs) == (0, {("Everybody", 0), ("Night", 0)})
    assert (incident.next_update_due_at is not None) is bool(level.internal_update_minutes)
    assert set(Delivery.objects.values_list("user__name", flat=True)) == {"Bo", "Root"}
    kinds = list(incident.timeline.order_by("seq").values_list("kind", flat=True))
    assert kinds.index("declared") < kinds.index("escalated")


def test_suppressed_is_recorded_and_opens_nothing_ever(world: World, drain: Drain) -> None:
    rule(world, "Test systems", matchers=matcher("env", "!=", "prod"), suppress=True)
    for _each in range(2):
        native(world.key, {"title": "x", "dedup_key": "x", "labels": {"env": "test"}})
        drain()
    alert = Alert.objects.get()
    assert (alert.incident, alert.count, alert.held_by) == (
        None,
        2,
        "the rule “Test systems”, which suppresses it",
    )
    assert route()[-1] == "Rule “Test systems”: recorded only, nobody is paged"
    native(world.key, {"title": "x", "dedup_key": "x", "status": "resolved"})
    native(world.key, {"title": "y", "labels": {"env": "prod"}})
    drain()
    assert list(Alert.objects.order_by("pk").values_list("status", "incident__number")) == [
        ("resolved", None),
        ("firing", 1),
    ]


def test_on_hold_it_opens_only_if_it_still_fires(world: World, search: Service, drain: Drain) -> None:
    rule(world, "Wait", matchers=matcher("wait", "=", "yes"), service_id=search.pk, hold_minutes=5)
    with time_machine.travel(START, tick=False) as clock:
        for key in ("short", "long"):
            native(world.key, {"title": key, "dedup_key": key, "labels": {"wait": "yes"}})
        drain()
        assert set(Alert.objects.values_list("place_at", "service__slug")) == {(START + 5 * MINUTE, "search")}
        clock.shift(4 * MINUTE)
        native(world.key, {"title": "short", "dedup_key": "short", "status": "resolved"})
        native(world.key, {"title": "long", "dedup_key": "long", "labels": {"wait": "yes"}})
        drain()
        assert not Incident.objects.exists()
        clock.shift(MINUTE)
        drain()
    short, long = (Alert.objects.get(dedup_key=key) for key in ("short", "long"))
    assert (short.incident, short.place_at) == (None, None)
    assert short.route[-1] == "Resolved before its time came: nothing was opened"
    assert (long.incident, long.place_at, long.count) == (Incident.objects.get(), None, 2)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ({"matchers": [{"name": "a", "op": "=~", "value": "("}]}, "does not compile"),
        ({"matchers": {"a": "b"}}, "The stored conditions cannot be read."),
        ({"hours": [{"days": 3}]}, "The stored hours cannot be read."),
        ({"timezone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”."),
    ],
)
def test_a_rule_that_cannot_be_used_never_stops_an_alert(
    world: World, search: Service, drain: Drain, stored: dict[str, Any], reason: str
) -> None:
    broken = rule(world, "Broken", service_id=search.pk)
    RoutingRule.objects.filter(pk=broken.pk).update(**stored)
    rule(world, "After it", suppress=True)
    native(world.key, {"title": "x", "labels": {"a": "("}})
    drain()
    assert list(Incident.objects.get().services.all()) == [world.service]
    assert route()[1].startswith("The rule “Broken” could not be used, so the default route was taken: ")
    assert reason in route()[1]


def test_rules_look_at_the_hour(world: World, search: Service, drain: Drain) -> None:
    night = [{"days": [0, 1, 2, 3, 4, 5, 6], "start": "22:00", "end": "06:00"}]
    rule(world, "Night", hours=night, timezone="Europe/Berlin", service_id=search.pk)
    with time_machine.travel(START, tick=False) as clock:
        native(world.key, {"title": "At four in Berlin"})
        drain()
        clock.shift(dt.timedelta(hours=2))
        native(world.key, {"title": "At six"})
        drain()
    assert list(Alert.objects.order_by("pk").values_list("service__slug", flat=True)) == [
        "search",
        "checkout",
    ]


def test_a_label_names_the_service(world: World, search: Service, drain: Drain) -> None:
    world.integration.service_label = "app"
    world.integration.save(update_fields=["service_label"])
    make_service(None, "shared")
    make_service(make_team("Others"), "foreign")
    for app in ("search", "shared", "foreign", "none"):
        native(world.key, {"title": app, "labels": {"app": app}})
    native(world.key, {"title": "plain"})
    drain()
    rows = Alert.objects.order_by("pk")
    assert list(rows.values_list("title", "service__slug")) == [
        ("search", "search"),
        ("shared", "shared"),
        ("foreign", "checkout"),
        ("none", "checkout"),
        ("plain", "checkout"),
    ]
    assert Incident.objects.count() == 5
    assert [row.route[1] for row in rows[:3]] == [
        "The label app=search names Search",
        "The label app=shared names Shared",
        "The label app=foreign names no service of this team",
    ]


def test_templates_give_words_and_key_and_never_stop_a_page(world: World, drain: Drain) -> None:
    world.integration.templates = {
        "title": "{{ labels.host }}: {{ title }}",
        "description": "{% for x in payload.nothing.at.all %}{{ x }}{% endfor %}{{ nothing(1) }}",
        "group_key": "host-{{ labels.host }}",
    }
    world.integration.save(update_fields=["templates"])
    for title in ("Disk", "Memory"):
        native(world.key, {"title": title, "description": "Plain", "labels": {"host": "db1"}})
    drain()
    first, second = Alert.objects.order_by("pk")
    assert (first.title, first.description, first.group_key) == ("db1: Disk", "Plain", "host-db1")
    assert first.incident == second.incident == Incident.objects.get()
    assert first.route[1].startswith("The description template failed: ")
    native(world.key, {"title": "Disk", "description": "Plain", "labels": {"host": "db1"}})
    drain()
    first.refresh_from_db()
    assert (first.count, first.title, len(first.route)) == (2, "db1: Disk", 3)


def test_a_team_without_rules_costs_no_statement_more(world: World, search: Service) -> None:
    def cost(title: str) -> int:
        native(world.key, {"title": title})
        with CaptureQueriesContext(connection) as found:
            process_intake()
        return len(found)

    cost("warm")
    plain = cost("plain")
    for number in range(3):
        rule(world, f"R{number}", matchers=matcher("a", "=", str(number)), service_id=search.pk)
    # Whether the rules are those that are known, and once the rules.
    assert cost("ruled") == plain + 2
    assert cost("ruled again") == plain + 1


def test_a_change_of_a_rule_or_of_what_it_names_counts_at_once(
    world: World, search: Service, drain: Drain
) -> None:
    def where(title: str) -> tuple[str, str]:
        native(world.key, {"title": title, "labels": {"app": "web"}})
        drain()
        alert = Alert.objects.select_related("service").get(title=title)
        assert alert.service is not None
        return alert.service.slug, alert.route[1]

    row = rule(world, "Web", matchers=matcher("app", "=", "web"), service_id=search.pk)
    sent = "Rule “Web”: to Search"
    assert where("One") == where("Two") == ("search", sent)
    Service.objects.filter(pk=search.pk).update(name="Find")
    assert where("Three") == ("search", "Rule “Web”: to Find")
    actions.save_rule(
        actor=world.actor("ada"), team_id=world.team.pk, rule_id=row.pk, matchers=matcher("app", "=", "db")
    )
    assert where("Four") == ("checkout", "No rule matched")
    other = rule(world, "First", matchers=matcher("app", "=", "web"), urgency="low")
    assert where("Five") == ("checkout", "Rule “First”: urgency Low")
    actions.delete_rule(actor=world.actor("ada"), rule_id=other.pk)
    assert where("Six") == ("checkout", "No rule matched")


@pytest.mark.django_db(transaction=True)
def test_two_services_that_route_to_each_other_do_not_block() -> None:
    world = make_world()
    other = make_service(world.team, "search", escalation_policy=world.policy)
    _row, other_key = make_integration(other, name="Other")
    rule(world, "To search", matchers=matcher("to", "=", "search"), service_id=other.pk)
    rule(world, "To checkout", matchers=matcher("to", "=", "checkout"), service_id=world.service.pk)
    for _round in range(4):
        for key, to in ((world.key, "search"), (other_key, "checkout")):
            native(
                key,
                [{"title": f"{to} {n}", "dedup_key": f"{to}{n}", "labels": {"to": to}} for n in range(30)],
            )
            native(key, [{"title": "x", "dedup_key": f"{to}{n}", "status": "resolved"} for n in range(10)])
            native(
                key,
                [{"title": f"{to} {n}", "dedup_key": f"{to}{n}", "labels": {"to": to}} for n in range(30)],
            )
        found = at_once([process_intake, place_due] * 4, workers=8)
        assert [each for each in found if isinstance(each, Exception)] == []
    while process_intake() + place_due():
        pass
    open_alerts = Alert.objects.open()
    assert not open_alerts.filter(incident__isnull=True).exists()
    assert not Alert.objects.filter(place_at__isnull=False).exists()
    assert set(open_alerts.values_list("integration__name", "service__slug", "incident__services__slug")) == {
        ("Monitor", "search", "search"),
        ("Other", "checkout", "checkout"),
    }
    for incident in Incident.objects.all():
        firing = Alert.objects.open().filter(incident=incident).count()
        assert (incident.firing_count, incident.alert_count) == (firing, incident.alerts.count())


@pytest.mark.django_db(transaction=True)
def test_the_worker_that_sent_an_alert_on_places_it_itself(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WAKEUPS = True
    sent: list[str] = []
    monkeypatch.setattr(wakeup._sender, "send", lambda name, force=False: sent.append(name))
    world = make_world()
    other = make_service(world.team, "search", escalation_policy=world.policy)
    rule(world, service_id=other.pk)
    native(world.key, {"title": "Slow"})
    process_intake()
    alert = Alert.objects.get()
    assert (alert.service, alert.place_at, alert.incident) == (other, None, Incident.objects.get())
    # It has paged too, without a way through the broker.
    assert Delivery.objects.filter(category="page").exists()
    assert not {"alerts.place_due", "oncall.tick"} & set(sent)


def test_what_was_sent_to_a_service_is_placed_with_its_own_next_batch(world: World, search: Service) -> None:
    _row, own_key = make_integration(search, name="Own")
    rule(world, service_id=search.pk, matchers=matcher("to", "=", "search"))
    native(world.key, {"title": "Sent", "dedup_key": "s", "labels": {"to": "search"}})
    process_intake()
    assert Alert.objects.get().incident is None
    native(own_key, {"title": "Own"})
    process_intake()
    sent, own = Alert.objects.order_by("pk")
    assert (sent.place_at, sent.incident) == (None, Incident.objects.get(title="Sent"))
    assert own.incident == Incident.objects.get(title="Own")
    assert sent.route[-1] == f"Opened #{sent.incident.number}: no open incident with this grouping key"
    assert (sent.raw["title"], sent.labels) == ("Sent", {"to": "search"})
    assert place_due() == 0


def test_one_batch_joins_several_incidents(world: World, drain: Drain) -> None:
    for number in range(3):
        native(world.key, {"title": f"First {number}", "dedup_key": f"a{number}"})
    drain()
    world.integration.templates = {"group_key": "a{{ labels.of }}"}
    world.integration.save(update_fields=["templates"])
    for number in range(3):
        for more in range(number + 1):
            body = {"title": f"More {number}", "dedup_key": f"{number} {more}", "labels": {"of": str(number)}}
            native(world.key, body)
    drain()
    for number, incident in enumerate(Incident.objects.order_by("number")):
        joined = incident.timeline.filter(kind="alert_attached").order_by("-seq").first()
        assert (incident.alert_count, incident.firing_count) == (number + 2, number + 2)
        assert joined is not None and joined.data["count"] == number + 1
        assert incident.last_seq == incident.timeline.order_by("-seq")[0].seq == incident.timeline.count()


def test_one_key_routed_elsewhere_is_one_incident(world: World, search: Service, drain: Drain) -> None:
    rule(world, service_id=search.pk)
    world.integration.templates = {"group_key": "g"}
    world.integration.save(update_fields=["templates"])
    for number in range(3):
        native(world.key, {"title": "x", "dedup_key": str(number)})
        process_intake()
    drain()
    assert Incident.objects.count() == 1
    assert Incident.objects.get().alert_count == 3


def test_try_out_says_what_would_have_changed(world: World, search: Service, drain: Drain) -> None:
    present = rule(world, "Present", matchers=matcher("app", "=", "b"), urgency="low")
    for app in ("a", "b", "c"):
        native(world.key, {"title": app, "severity": "critical", "labels": {"app": app}})
    drain()
    draft = actions.draft_rule(
        actor=world.actor("ada"),
        team_id=world.team.pk,
        name="Draft",
        matchers=matcher("app", "=~", "a|b"),
        service_id=search.pk,
    )
    found = try_out(world.actor("ada"), draft)
    assert (found.looked_at, found.decided) == (3, 1)
    assert [(row.alert.title, row.before, row.after) for row in found.moved] == [
        ("a", "default: to Checkout", "Draft: to Search")
    ]
    changed = actions.draft_rule(
        actor=world.actor("ada"), team_id=world.team.pk, rule_id=present.pk, suppress=True
    )
    moved = try_out(world.actor("ada"), changed).moved
    assert [(row.alert.title, row.before, row.after) for row in moved] == [
        ("b", "Present: urgency Low", "Present: recorded only, nobody is paged")
    ]
    assert not RoutingRule.objects.exclude(pk=present.pk).exists()


def test_order_is_kept_and_moved(world: World) -> None:
    for name in "abcd":
        rule(world, name)

    def names() -> str:
        return "".join(RoutingRule.objects.order_by("position", "pk").values_list("name", flat=True))

    by_name = {row.name: row.pk for row in RoutingRule.objects.all()}
    ada = world.actor("ada")
    actions.move_rule(actor=ada, rule_id=by_name["d"], to=0)
    assert names() == "dabc"
    actions.step_rule(actor=ada, rule_id=by_name["a"], up=False)
    assert names() == "dbac"
    actions.step_rule(actor=ada, rule_id=by_name["d"], up=True)
    assert names() == "dbac"
    actions.move_rule(actor=ada, rule_id=by_name["b"], to=99)
    assert names() == "dacb"
    actions.delete_rule(actor=ada, rule_id=by_name["a"])
    assert names() == "dcb"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("matchers", [{"name": "a", "op": "=~", "value": "("}]),
        ("hours", [{"days": [9], "start": "09:00", "end": "10:00"}]),
        ("timezone", "Nowhere"),
        ("service_id", 999),
        ("policy_id", 999),
        ("severity", 9),
        ("urgency", "huge"),
        ("hold_minutes", 241),
    ],
)
def test_what_a_rule_may_not_be(world: World, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        rule(world, **{"name": "x", field: value})
    assert set(refused.value.fields) == {field.removesuffix("_id")}
