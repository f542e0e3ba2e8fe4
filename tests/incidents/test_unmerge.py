"""Undoing a merge: the state before, the alerts that moved, nothing else; once, and only where it may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts.models import Alert
from core.errors import Conflict, DomainError, NotAllowed
from core.models import LiveEntry
from incidents import actions
from incidents.models import Incident, IncidentService
from incidents.sentences import sentence
from incidents.tasks import run_timers
from notifications.models import Delivery
from tests.factories import api_client, make_team, make_user, signed_in
from tests.incidents.support import START, at_once, declare, grant, put
from tests.incidents.test_first_page import post
from tests.world import World, make_policy, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
MINUTE = dt.timedelta(minutes=1)
STATE = (
    "status",
    "merged_into",
    "page_status",
    "snoozed_until",
    "snoozed_by_alerts",
    "next_update_due_at",
    "acknowledged_at",
)


def state(number: int) -> dict[str, Any]:
    return Incident.objects.values(*STATE).get(number=number)


def told(number: int) -> list[str]:
    return [sentence(row) for row in Incident.objects.get(number=number).timeline.filter(kind="merged")]


def pair(world: World, **fields: Any) -> tuple[int, int]:
    """A merged incident and its survivor."""
    first, second = declare(world, **fields).number, declare(world, title="The other").number
    actions.merge(actor=world.actor("bo"), number=first, into=second)
    return first, second


def fire(world: World, key: str, status: str = "firing") -> None:
    body = f'{{"title": "{key}", "dedup_key": "{key}", "status": "{status}", "severity": "critical"}}'
    assert post(world, body.encode()).status == 202


def placed() -> list[tuple[str, int, str, list[int]]]:
    rows = Alert.objects.select_related("incident").order_by("pk")
    return [(row.title, row.incident.number, row.status, row.came_from) for row in rows]


def test_alerts_that_moved_come_back_and_later_ones_stay(drain: Drain) -> None:
    world = make_world()
    for key in ("disk", "cpu"):
        fire(world, key)
    drain()
    bo = world.actor("bo")
    actions.merge(actor=bo, number=1, into=2)
    drain()
    first = Incident.objects.get(number=1)
    assert placed() == [("disk", 2, "firing", [first.pk]), ("cpu", 2, "firing", [])]
    fire(world, "disk", "resolved")
    fire(world, "disk")
    drain()
    assert placed()[2] == ("disk", 2, "firing", [])
    actions.unmerge(actor=bo, number=1)
    drain()
    assert placed() == [
        ("disk", 1, "resolved", []),
        ("cpu", 2, "firing", []),
        ("disk", 2, "firing", []),
    ]
    counts = Incident.objects.order_by("number").values_list("alert_count", "firing_count", "status")
    assert list(counts) == [(1, 0, "triage"), (2, 2, "triage")]
    assert Incident.objects.get(number=1).alerts_clear_at is not None
    assert Alert.objects.order_by("pk")[0].route[-2:] == [
        "Moved to #2: #1 was merged into it",
        "Back in #1: its merge into #2 was undone",
    ]
    assert told(1) == ["Merged into #2", "The merge into #2 was undone"]
    assert told(2) == ["#1 disk became part of this incident", "#1 disk is an incident of its own again"]


def test_merges_of_merges_are_undone_from_the_last_to_the_first(drain: Drain) -> None:
    world = make_world()
    for key in ("one", "two", "three"):
        fire(world, key)
    drain()
    bo = world.actor("bo")
    actions.merge(actor=bo, number=1, into=2)
    actions.merge(actor=bo, number=2, into=3)
    drain()
    assert [number for _title, number, _status, _from in placed()] == [3, 3, 3]
    with pytest.raises(Conflict) as refused:
        actions.unmerge(actor=bo, number=1)
    assert (refused.value.code, refused.value.sentence) == (
        "survivor_merged",
        "#2 was merged itself afterwards; undo that merge first.",
    )
    actions.unmerge(actor=bo, number=2)
    drain()
    assert [number for _title, number, _status, _from in placed()] == [2, 2, 3]
    actions.unmerge(actor=bo, number=1)
    drain()
    assert placed() == [("one", 1, "firing", []), ("two", 2, "firing", []), ("three", 3, "firing", [])]
    assert list(Incident.objects.order_by("number").values_list("firing_count", flat=True)) == [1, 1, 1]


def paged() -> list[str]:
    rows = Delivery.objects.filter(status="sent", channel="email").order_by("pk").select_related("user")
    return [f"{row.user.name} {row.subject_key}" for row in rows if row.user]


def test_it_returns_to_the_state_it_had(drain: Drain) -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        numbers = [declare(world, page=True, title=f"Problem {n}").number for n in range(3)]
        survivor = declare(world).number
        drain()
        asleep, acknowledged, paging = numbers
        actions.snooze(actor=bo, number=asleep, minutes=30)
        actions.acknowledge(actor=bo, number=acknowledged)
        actions.set_status(actor=bo, number=acknowledged, status="identified", cause_unknown=True)
        actions.set_severity(actor=bo, number=paging, severity=1)
        before = {number: state(number) for number in numbers}
        assert before[asleep]["snoozed_until"] == START + 30 * MINUTE
        assert before[acknowledged]["status"] == "identified"
        assert before[paging]["next_update_due_at"] is not None
        sent = paged()
        for number in numbers:
            actions.merge(actor=bo, number=number, into=survivor)
            assert state(number)["page_status"] == "none"
        drain()
        clock.shift(10 * MINUTE)
        for number in numbers:
            actions.unmerge(actor=bo, number=number)
        assert {number: state(number) for number in numbers} == before
        drain()
        assert paged() == [*sent, f"Ada incident:{paging}"]
        clock.shift(20 * MINUTE)
        run_timers()
        assert state(asleep)["page_status"] == "paging"


def test_what_paged_pages_again_not_the_policy(drain: Drain) -> None:
    world = make_world()
    actor = world.actor("bo")
    number, survivor = declare(world).number, declare(world).number
    actions.page(actor=actor, number=number, user_ids=[world.zoe.pk])
    drain()
    actions.merge(actor=actor, number=number, into=survivor)
    actions.unmerge(actor=actor, number=number)
    drain()
    assert paged() == [f"Zoe incident:{number}"] * 2


def test_services_the_merge_brought_leave_again() -> None:
    world = make_world()
    other = make_service(world.team, "payments")
    bo = world.actor("bo")
    first, second = declare(world).number, declare(world).number
    survivor = actions.declare_incident(
        actor=bo, title="All", service_ids=[], team_id=world.team.pk, page=False
    )
    actions.set_impact(actor=bo, number=first, impact="", service_ids=[world.service.pk, other.pk])

    def held() -> list[str]:
        rows = IncidentService.objects.filter(incident=survivor).order_by("service__slug")
        return list(rows.values_list("service__slug", flat=True))

    actions.merge(actor=bo, number=first, into=survivor.number)
    actions.merge(actor=bo, number=second, into=survivor.number)
    assert held() == ["checkout", "payments"]
    actions.unmerge(actor=bo, number=first)
    assert held() == ["checkout"]


@pytest.mark.parametrize(
    ("status", "code"),
    [("closed", "survivor_closed"), ("resolved", ""), ("in_review", ""), ("monitoring", "")],
)
def test_which_survivors_let_go(status: str, code: str) -> None:
    world = make_world()
    number, survivor = pair(world)
    put(Incident.objects.get(number=survivor), status)
    answer = api_client(world.bo).post(f"/api/v1/incidents/{number}/unmerge/")
    assert (answer.status_code, answer.json().get("code", "")) == (409 if code else 200, code)
    assert Incident.objects.get(number=number).status == ("merged" if code else "investigating")


def test_what_was_never_merged_or_not_recorded_is_refused() -> None:
    world = make_world()
    number, survivor = declare(world).number, declare(world).number
    url = f"/api/v1/incidents/{number}/unmerge/"
    never = api_client(world.bo).post(url)
    assert (never.status_code, never.json()["code"]) == (409, "not_merged")
    put(Incident.objects.get(number=survivor), "merged")
    other = api_client(world.bo).post(f"/api/v1/incidents/{survivor}/unmerge/")
    assert (other.status_code, other.json()["code"]) == (409, "not_recorded")


@pytest.mark.parametrize("visibility", ["organisation", "members"])
def test_who_may(visibility: str) -> None:
    world = make_world(visibility)
    found = {}
    for name in ("sam", "zoe", "ada", "bo", "root"):
        number, _survivor = pair(world)
        url = f"/api/v1/incidents/{number}/unmerge/"
        api = api_client(getattr(world, name))
        found[name] = (api.post(url).status_code, Incident.objects.get(number=number).status)
    refused = (403, "merged") if visibility == "organisation" else (404, "merged")
    done = (200, "investigating")
    assert found == {"sam": refused, "zoe": refused, "ada": done, "bo": done, "root": done}
    assert api_client(world.bo, scopes=["read"]).post(url).status_code == 403


def test_it_needs_the_right_on_both() -> None:
    world = make_world()
    number, survivor = pair(world)
    guest = make_user("Guest")
    grant(Incident.objects.get(number=number), guest.pk)
    assert api_client(guest).post(f"/api/v1/incidents/{number}/unmerge/").status_code == 403
    Incident.objects.filter(number=survivor).update(visibility="restricted")
    with pytest.raises(NotAllowed):
        actions.unmerge(actor=world.actor("bo"), number=number)
    assert Incident.objects.get(number=number).status == "merged"


def test_again_changes_nothing_and_it_may_be_merged_anew(drain: Drain) -> None:
    world = make_world()
    number, survivor = pair(world)
    api = api_client(world.bo)
    url = f"/api/v1/incidents/{number}/"
    first = api.post(f"{url}unmerge/")
    assert (first.status_code, first.json()["status"], first.json()["merged_into"]) == (
        200,
        "investigating",
        None,
    )
    rows = Incident.objects.get(number=number).last_seq
    assert api.post(f"{url}unmerge/").status_code == 200
    assert Incident.objects.get(number=number).last_seq == rows
    assert api.post(f"{url}merge/", {"into": survivor}, format="json").json()["status"] == "merged"
    assert api.post(f"{url}unmerge/").json()["status"] == "investigating"
    drain()
    events = LiveEntry.objects.filter(topic_id="feed", data__number=number).order_by("seq")
    assert [row.event for row in events] == [
        "incident.declared",
        "incident.merged",
        "incident.unmerged",
        "incident.merged",
        "incident.unmerged",
    ]


def test_the_page_leads_on_and_offers_the_way_back() -> None:
    world = make_world()
    number, survivor = pair(world, title="Small")
    base = f"/incidents/{number}/"
    for name, offered in (("bo", True), ("sam", False), ("zoe", False)):
        browser = signed_in(getattr(world, name))
        assert browser.get(base)["Location"] == f"/incidents/{survivor}/"
        page = browser.get(f"{base}?stay=1").content.decode()
        assert f"Part of #{survivor}" in page
        assert (f'href="{base}unmerge/"' in page) is offered, name
        assert f'href="{base}?stay=1"' in browser.get(f"/incidents/{survivor}/").content.decode()
    assert signed_in(world.zoe).post(f"{base}unmerge/").status_code == 403
    browser = signed_in(world.bo)
    assert "Paging that the merge stopped starts again" in browser.get(f"{base}unmerge/").content.decode()
    assert browser.post(f"{base}unmerge/")["Location"] == base
    assert browser.get(base).status_code == 200
    assert browser.post(f"{base}merge/", {"into": survivor})["Location"] == base
    assert browser.post(f"{base}unmerge/")["Location"] == base
    assert f"Part of #{survivor}" not in browser.get(base).content.decode()


def test_a_restricted_title_does_not_reach_an_open_survivor() -> None:
    world = make_world()
    secret, other = declare(world, title="Break-in").number, declare(world).number
    grant(Incident.objects.get(number=secret), world.bo.pk)
    Incident.objects.filter(number=secret).update(visibility="restricted")
    actions.set_visibility(actor=world.actor("root"), number=secret, visibility="open")
    actions.set_visibility(actor=world.actor("ada"), number=secret, visibility="restricted")
    actions.merge(actor=world.actor("ada"), number=secret, into=other)
    page = signed_in(world.zoe).get(f"/incidents/{other}/").content.decode()
    assert f"#{secret}" in page
    assert "Break-in" not in page


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_of_undos_at_once_one_wins() -> None:
    world = make_world()
    make_policy(make_team("Else"), (5, [world.bo]))
    number, survivor = pair(world)
    actors = [world.actor("ada"), world.actor("bo")] * 3
    results = at_once([lambda a=a: actions.unmerge(actor=a, number=number) for a in actors])
    assert [r for r in results if isinstance(r, DomainError)] == []
    assert {row.status for row in results} == {"investigating"}
    assert told(number) == [f"Merged into #{survivor}", f"The merge into #{survivor} was undone"]
    assert len(told(survivor)) == 2
