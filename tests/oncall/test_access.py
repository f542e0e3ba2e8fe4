"""Who sees and who changes what of a team's on-call set-up; and how many statements lists take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall.actions.overrides import add_override
from oncall.models import Override
from tests.factories import People, make_people, make_team
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy

pytestmark = pytest.mark.django_db
WHO = ("owner", "teammate", "support", "stranger", "admin")


def furnished(people: People) -> dict[str, str]:
    """Path by name, with a schedule, rotation, override and policy behind them."""
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[people.owner.pk]])
    override = add_override(
        actor=people.actor("owner"),
        schedule_id=schedule.pk,
        user_id=people.teammate.pk,
        starts_at=START,
        ends_at=START.replace(year=2027),
    )
    policy = make_policy(people.team, (5, [people.owner]))
    base = f"/api/v1/schedules/{schedule.pk}/"
    return {
        "schedule": base,
        "rotation": f"{base}rotations/{rotation.pk}/",
        "rotations": f"{base}rotations/",
        "override": f"{base}overrides/{override.pk}/",
        "overrides": f"{base}overrides/",
        "shifts": f"{base}shifts/",
        "gaps": f"{base}gaps/",
        "on-call": f"{base}on-call/",
        "policy": f"/api/v1/escalation-policies/{policy.pk}/",
        "schedule page": f"/oncall/schedules/{schedule.pk}/",
        "policy page": f"/oncall/policies/{policy.pk}/",
    }


def statuses(people: People, ask: Callable[[Any], Any]) -> dict[str, int]:
    return {who: ask(who).status_code for who in WHO}


@pytest.mark.parametrize(("visibility", "outside"), [("organisation", 200), ("members", 404)])
def test_an_open_team_is_seen_by_all_and_a_closed_one_by_its_members(visibility: str, outside: int) -> None:
    people = make_people(visibility=visibility)
    expected = {"owner": 200, "teammate": 200, "admin": 200, "support": outside, "stranger": outside}
    for name, path in furnished(people).items():
        clients = {who: people.browser(who) if name.endswith("page") else people.api(who) for who in WHO}
        assert {who: client.get(path).status_code for who, client in clients.items()} == expected, name
    listed = {
        who: [
            len(people.api(who).get(f"/api/v1/{path}/").json()["results"])
            for path in ("schedules", "escalation-policies", "on-call")
        ]
        for who in ("teammate", "stranger")
    }
    assert listed == {"teammate": [1, 1, 1], "stranger": [1, 1, 1] if outside == 200 else [0, 0, 0]}


@pytest.mark.parametrize("visibility", ["organisation", "members"])
def test_who_changes_what(visibility: str) -> None:
    people = make_people(visibility=visibility)
    paths, outside = furnished(people), 403 if visibility == "organisation" else 404
    closed = {"support": outside, "stranger": outside}
    for name in ("schedule", "rotation", "policy"):
        answers = statuses(
            people, lambda who, name=name: people.api(who).patch(paths[name], {"name": f"By {who}"})
        )
        assert answers == {"owner": 200, "admin": 200, "teammate": 403, **closed}, name
    body = {"user": people.owner.pk, "starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z"}
    answers = statuses(people, lambda who: people.api(who).post(paths["overrides"], body))
    assert answers == {"owner": 201, "admin": 201, "teammate": 201, **closed}
    rotation = {
        "name": "R",
        "starts_at": "2026-01-01T00:00",
        "every": {"unit": "day"},
        "members": [[people.owner.pk]],
    }
    answers = statuses(people, lambda who: people.api(who).post(paths["rotations"], rotation))
    assert answers == {"owner": 201, "admin": 201, "teammate": 403, **closed}
    made = statuses(
        people,
        lambda who: people.api(who).post(
            "/api/v1/schedules/", {"team": people.team.slug, "name": f"New {who}"}
        ),
    )
    hidden = 403 if visibility == "organisation" else 400
    assert made == {"owner": 201, "admin": 201, "teammate": 403, "support": hidden, "stranger": hidden}
    for who in ("support", "stranger"):
        assert people.api(who).delete(paths["schedule"]).status_code == outside


def test_scopes_of_tokens(people: People) -> None:
    paths = furnished(people)
    assert people.api("owner", scopes=["read"]).get(paths["shifts"]).status_code == 200
    assert people.api("owner", scopes=["read"]).patch(paths["schedule"], {"name": "x"}).status_code == 403
    body = {"user": people.owner.pk, "starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z"}
    assert people.api("owner", scopes=["read"]).post(paths["overrides"], body).status_code == 403
    assert people.api("owner", scopes=["read", "respond"]).post(paths["overrides"], body).status_code == 201
    other = make_team("Other", manager=people.owner)
    assert people.api("owner", team=other).get(paths["schedule"]).status_code == 404
    assert people.api("owner").get("/api/v1/schedules/").status_code == 200


def test_nobody_reads_without_signing_in(people: People) -> None:
    paths = furnished(people)
    api = people.api("owner")
    api.credentials()
    for name, path in paths.items():
        answer = api.get(path)
        assert answer.status_code == (302 if name.endswith("page") else 401), name
    assert api.get("/oncall/me/").status_code == 302


def counted(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert ask().status_code == 200
    return len(queries)


LISTS = ["/api/v1/schedules/", "/api/v1/escalation-policies/", "/api/v1/on-call/", "/oncall/", "/oncall/me/"]


@pytest.mark.parametrize("who", ["teammate", "stranger"])
@pytest.mark.parametrize("path", LISTS)
def test_lists_take_as_many_statements_for_three_rows_as_for_one(people: People, path: str, who: str) -> None:
    def add(number: int) -> None:
        schedule = make_schedule(people.team, f"Schedule {number}")
        make_rotation(schedule, [[people.teammate.pk], [people.owner.pk]])
        make_policy(people.team, (5, [people.owner]), (5, [people.teammate]), name=f"Policy {number}")

    client = people.api(who) if path.startswith("/api") else people.browser(who)
    with time_machine.travel(START, tick=False):
        add(1)
        client.get(path)
        one = counted(lambda: client.get(path))
        add(2)
        add(3)
        assert counted(lambda: client.get(path)) == one


def test_pages_of_one_schedule_and_policy_take_constant_statements(people: People) -> None:
    schedule = make_schedule(people.team)
    policy = make_policy(people.team, (5, [people.owner]))
    policy.steps.get().targets.create(type="schedule", schedule=schedule)
    browser = people.browser("owner")
    with time_machine.travel(START, tick=False):
        make_rotation(schedule, [[people.owner.pk]])
        add_override(
            actor=people.actor("owner"),
            schedule_id=schedule.pk,
            user_id=people.teammate.pk,
            starts_at=START,
            ends_at=START.replace(day=21),
        )
        pages = (schedule.get_absolute_url(), policy.get_absolute_url())
        for page in pages:
            browser.get(page)
        before = [counted(lambda page=page: browser.get(page)) for page in pages]
        for user in (people.teammate, people.admin):
            make_rotation(schedule, [[user.pk]], layer=1)
            Override.objects.create(
                schedule=schedule, user=user, starts_at=START.replace(day=25), ends_at=START.replace(day=26)
            )
            step = policy.steps.create(position=policy.steps.count(), delay_minutes=5)
            step.targets.create(type="user", user=user)
            step.targets.create(type="schedule", schedule=schedule)
        after = [counted(lambda page=page: browser.get(page)) for page in pages]
        assert after == before
