"""Opsgenie's API asking for people: assign, responders, escalate, unacknowledge; and what it never pretends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts.intake.messages import Reply
from alerts.models import Alert
from core import clock
from incidents.models import Incident, TimelineEntry
from notifications.models import Delivery
from oncall.models import EscalationRun
from teams.models import Membership, User
from tests.alerts.support import opsgenie
from tests.factories import make_team, make_user
from tests.world import World, make_policy, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


@pytest.fixture
def world(drain: Drain) -> World:
    """One open alert with the alias db, for which the first step has paged."""
    made = make_world()
    opsgenie(made.key, "", {"message": "DB slow", "alias": "db", "priority": "P1"})
    drain()
    return made


def act(world: World, verb: str, body: Any, method: str = "POST", **query: str) -> Reply:
    return opsgenie(world.key, f"/db/{verb}", body, method=method, identifierType="alias", **query)


def status_of(world: World, reply: Reply) -> tuple[bool, str, str]:
    assert (reply.status, set(reply.body)) == (202, {"result", "took", "requestId"})
    data = opsgenie(world.key, f"/requests/{reply.body['requestId']}", method="GET").body["data"]
    return data["success"], data["action"], data["status"]


def paged(person: User) -> int:
    return Delivery.objects.filter(user=person).values("source").distinct().count()


def notes() -> list[tuple[str, str]]:
    return list(Alert.objects.get().notes.values_list("author_label", "text"))


def last_entry() -> tuple[str, str, str]:
    entry = TimelineEntry.objects.filter(kind__in=("escalated", "note")).order_by("-seq")[0]
    return entry.kind, entry.author_label, entry.text


@pytest.mark.parametrize("by", ["username", "id"])
def test_the_owner_is_paged(by: str, world: World, drain: Drain) -> None:
    owner = {"username": world.bo.email.upper()} if by == "username" else {"id": str(world.bo.pk)}
    reply = act(world, "assign", {"owner": owner, "user": "Eve", "note": "Yours"})
    assert status_of(world, reply) == (True, "AssignOwnership", "AssignOwnership done")
    drain()
    assert paged(world.bo) == 1
    assert notes() == [("Eve", "Assigned to Bo. Yours")]
    assert last_entry() == ("escalated", "Eve", "Assigned to Bo. Yours")
    assert Alert.objects.get().status == "firing"


def test_only_responders_of_teams_it_may_page(world: World) -> None:
    """Nobody from outside, no observer, nobody who has left; of a restricted incident its own team alone."""
    make_team("Ops", manager=make_user("Out"))
    make_team("Hidden", manager=make_user("Hid"), visibility="members")
    watcher, gone = make_user("Watch"), make_user("Gone")
    for person, role in ((watcher, "observer"), (gone, "responder")):
        Membership.objects.create(team=world.team, user=person, role=role)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for name in ("Zoe", "Hid", "Watch", "Gone"):
        person = User.objects.get(name=name)
        done, action, why = status_of(world, act(world, "assign", {"owner": {"username": person.email}}))
        assert (done, action) == (False, "AssignOwnership")
        assert why == f"No responder “{person.email}” can be paged from this integration"
    assert len(notes()) == 4 and last_entry()[0] == "note"
    assert "was asked for and not done" in last_entry()[2]
    other = {"owner": {"username": User.objects.get(name="Out").email}}
    Incident.objects.update(visibility="restricted")
    assert not status_of(world, act(world, "assign", other))[0]
    Incident.objects.update(visibility="open")
    assert status_of(world, act(world, "assign", other))[0]


def test_responders_are_people_or_teams(world: World, drain: Drain) -> None:
    ops = make_team("Ops", manager=(out := make_user("Out")))
    person = {"responder": {"type": "user", "username": world.bo.email}}
    assert status_of(world, act(world, "responders", person)) == (True, "AddResponder", "AddResponder done")
    team = {"responder": {"type": "team", "name": "ops"}}
    assert status_of(world, act(world, "responders", team))[2] == "The team Ops has no escalation policy"
    make_policy(ops, (5, [out]))
    assert status_of(world, act(world, "responders", team))[0]
    drain()
    assert (paged(world.bo), paged(out)) == (1, 1)
    again = status_of(world, act(world, "teams", {"team": {"id": str(ops.pk)}}))
    assert again == (False, "AddTeam", "Standard is paging for it already: its next step comes by itself")
    hidden = make_team("Hidden", visibility="members", manager=make_user("Hid"))
    make_policy(hidden, (5, [world.bo]))
    assert status_of(world, act(world, "teams", {"team": {"name": "Hidden"}}))[2] == (
        "No team “Hidden” can be paged from this integration"
    )


def test_escalating_pages_by_a_policy(world: World, drain: Drain) -> None:
    running = status_of(world, act(world, "escalate", {"escalation": {"name": "Standard"}}))
    assert running == (False, "Escalate", "Standard is paging for it already: its next step comes by itself")
    make_policy(world.team, (5, [world.bo]), name="Second line")
    assert status_of(
        world, act(world, "escalate", {"escalation": {"name": "second LINE"}, "user": "Eve"})
    ) == (
        True,
        "Escalate",
        "Escalate done",
    )
    drain()
    assert paged(world.bo) == 1
    assert last_entry() == ("escalated", "Eve", "Escalated to Second line")
    foreign = make_policy(make_team("Hidden", visibility="members"), (5, [world.bo]), name="Theirs")
    for asked in ({"name": "Theirs"}, {"id": str(foreign.pk)}, {"id": "9" * 30}, {"id": "²"}):
        assert not status_of(world, act(world, "escalate", {"escalation": asked}))[0]
    assert set(EscalationRun.objects.values_list("policy__name", flat=True)) == {"Standard", "Second line"}


def test_a_name_that_two_have_pages_neither(world: World) -> None:
    for slug in ("A", "B"):
        make_policy(make_team(slug), (5, [world.bo]), name="Twice")
    assert not status_of(world, act(world, "escalate", {"escalation": {"name": "Twice"}}))[0]


def test_an_acknowledgement_is_taken_back(world: World, drain: Drain) -> None:
    assert status_of(world, act(world, "unacknowledge", {})) == (
        False,
        "UnAcknowledge",
        "It is not acknowledged",
    )
    opsgenie(world.key, "/db/acknowledge", {"note": "Looking", "user": "Eve"}, identifierType="alias")
    drain()
    assert (Alert.objects.get().status, Incident.objects.get().page_status) == (
        "acknowledged",
        "acknowledged",
    )
    assert notes()[-1] == ("Eve", "Looking")
    before = paged(world.ada)
    assert status_of(world, act(world, "unacknowledge", {"user": "Eve"}))[0]
    drain()
    assert (Alert.objects.get().status, Incident.objects.get().page_status) == ("firing", "paging")
    assert paged(world.ada) == before + 1


def test_without_an_incident_nobody_is_paged(world: World) -> None:
    Alert.objects.update(incident=None)
    asked = {"owner": {"username": world.bo.email}}
    assert status_of(world, act(world, "assign", asked))[2] == (
        "It belongs to no incident, so nobody is paged for it"
    )


def test_an_incident_that_is_over_says_so(world: World) -> None:
    Incident.objects.update(status="resolved", resolved_at=clock.now())
    done, _action, why = status_of(world, act(world, "escalate", {"escalation": {"name": "Standard"}}))
    assert not done and "paging" in why
    EscalationRun.objects.update(status="stopped", next_at=None, ended_at=clock.now())
    done, _action, why = status_of(world, act(world, "escalate", {"escalation": {"name": "Standard"}}))
    assert (done, why) == (False, "The incident is over; reopen it to page somebody.")


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("assign", {}, "owner"),
        ("assign", {"owner": "ada"}, "owner"),
        ("assign", {"owner": {"username": " "}}, "owner"),
        ("responders", {"responder": {"id": "1"}}, "responder.type"),
        ("responders", {"responder": {"type": "schedule", "id": "1"}}, "responder.type"),
        ("teams", {"team": {"slug": "ops"}}, "team"),
        ("escalate", {"escalation": []}, "escalation"),
    ],
)
def test_what_is_missing_is_named(verb: str, body: Any, field: str, world: World) -> None:
    reply = act(world, verb, body)
    assert (reply.status, list(reply.body["errors"])) == (422, [field])
    assert notes() == []


def test_tags_and_details_are_removed(world: World) -> None:
    act(world, "tags", {"tags": ["api", "eu", "db"]})
    act(world, "details", {"details": {"host": "db1", "az": "b"}})
    assert status_of(world, act(world, "tags", None, "DELETE", tags="eu, nothing,db"))[:2] == (
        True,
        "RemoveTags",
    )
    assert status_of(world, act(world, "details", None, "DELETE", keys="az,tags"))[:2] == (
        True,
        "RemoveDetails",
    )
    assert Alert.objects.get().labels == {"tags": "api", "host": "db1"}
    act(world, "tags", None, "DELETE", tags="api")
    assert Alert.objects.get().labels == {"host": "db1"}
    assert act(world, "tags", None, "DELETE").status == 422
    assert act(world, "details", None, "DELETE", keys=" , ").status == 422


def test_actions_of_ones_own_fail_as_the_original_says(world: World) -> None:
    reply = act(world, "actions/Restart%20it", {})
    assert status_of(world, reply) == (False, "ExecuteCustomAction", "This alert has no such action")
