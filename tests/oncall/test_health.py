"""Rotation health: who reads what, what is counted, and the page, the API and the CSV saying the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall.models import EscalationRun, Leave, RunPage, Schedule
from oncall.selectors.health import rotation_health
from teams.models import Team, User
from tests.factories import People, make_membership, make_people, make_team, make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_service

pytestmark = pytest.mark.django_db
URL, API = "/oncall/health/", "/api/v1/on-call/health/"
NIGHT = dt.datetime(2026, 11, 18, 2, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 11, 18, 12, 0, tzinfo=dt.UTC)


def page(
    user: User,
    at: dt.datetime,
    *,
    schedule: Schedule | None = None,
    team: Team | None = None,
    **fields: Any,
) -> RunPage:
    """One page of a run of its own; `reached` goes to the page, everything else to the run."""
    reached = fields.pop("reached", True)
    values = {"subject_key": "test:1", "title": "#42 Down", "url_path": "/x/", "snapshot": {}, **fields}
    run = EscalationRun.objects.create(
        **values, team=team or (schedule.team if schedule else None), status="exhausted", ended_at=at
    )
    return RunPage.objects.create(
        run=run, round=0, step=0, user=user, schedule=schedule, reached=reached, at=at
    )


def rota(people: People) -> Schedule:
    """Owner and teammate day by day since Monday, 16 November 2026."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    return schedule


def ask(people: People, who: str, query: str = "") -> dict[str, Any]:
    with time_machine.travel(START, tick=False):
        answer = people.api(who).get(f"{API}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def body_of(people: People, who: str, query: str = "") -> str:
    with time_machine.travel(START, tick=False):
        answer = people.browser(who).get(f"{URL}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_everything_about_a_person_is_counted(people: People) -> None:
    schedule = rota(people)
    page(people.owner, NIGHT, schedule=schedule)
    page(people.owner, NIGHT + dt.timedelta(hours=1), schedule=schedule)
    page(people.owner, NOON, schedule=schedule, urgency="low")
    page(people.teammate, NIGHT, schedule=schedule, urgency="low")
    page(people.teammate, NOON, schedule=schedule, reached=False)
    page(people.teammate, START - dt.timedelta(weeks=5), schedule=schedule)
    # Owner: Monday, Wednesday and the first half of Friday; nine hours of each whole day are night.
    assert ask(people, "owner")["people"] == [
        {
            "id": people.owner.pk,
            "active": True,
            "name": "Olga Owner",
            "time_zone": "UTC",
            "hours": 60.0,
            "night_hours": 25.0,
            "weekend_hours": 0.0,
            "pages_high": 2,
            "pages_low": 1,
            "pages_outside_work": 2,
            "interrupted_nights": 1,
            "longest_streak_days": 1,
        },
        {
            "id": people.teammate.pk,
            "active": True,
            "name": "Tom Teammate",
            "time_zone": "UTC",
            "hours": 48.0,
            "night_hours": 18.0,
            "weekend_hours": 0.0,
            "pages_high": 0,
            "pages_low": 1,
            "pages_outside_work": 1,
            "interrupted_nights": 0,
            "longest_streak_days": 1,
        },
    ]
    assert ask(people, "owner", "?weeks=8")["people"][1]["pages_high"] == 1


def test_nights_are_those_of_the_person(people: People) -> None:
    schedule = rota(people)
    User.objects.filter(pk=people.owner.pk).update(time_zone="Asia/Tokyo")
    page(people.owner, NIGHT, schedule=schedule)
    page(people.owner, NOON + dt.timedelta(hours=2), schedule=schedule)
    row = ask(people, "owner")["people"][0]
    assert (row["interrupted_nights"], row["pages_outside_work"]) == (1, 1)


def test_two_schedules_at_once_are_one_time(people: People) -> None:
    for name in ("A", "B"):
        make_rotation(make_schedule(people.team, name), [[people.owner.pk]])
    row = ask(people, "owner")["people"][0]
    assert (row["hours"], row["longest_streak_days"]) == (108.0, 5)


def test_causes_carry_names_only_for_those_who_may_read_them() -> None:
    people = make_people()
    closed = make_team("Closed", visibility="members", manager=people.owner)
    schedule, shop, vault = rota(people), make_service(people.team, "shop"), make_service(closed, "vault")
    for hour in range(3):
        at = NIGHT + dt.timedelta(hours=hour)
        page(people.owner, at, schedule=schedule, lane=f"service:{shop.pk}")
    page(people.owner, NIGHT, schedule=schedule, lane=f"service:{vault.pk}", title="#7 Secret")
    page(people.owner, NOON, schedule=schedule, urgency="low")
    for who, key, name in (
        ("owner", f"service:{vault.pk}", "Vault"),
        ("stranger", None, "A service not shown to you"),
    ):
        causes = ask(people, who)["causes"]
        assert sorted(causes, key=lambda row: (-row["pages"], row["name"])) == sorted(
            [
                cause(f"service:{shop.pk}", "Shop", 3, 1, 1.0),
                cause(key, name, 1, 1, 1.0),
                cause(None, "No service", 1, 0, 0.0),
            ],
            key=lambda row: (-row["pages"], row["name"]),
        )
        assert "Secret" not in body_of(people, who)


def cause(key: str | None, name: str, pages: int, nights: int, share: float) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "mostly": "",
        "pages": pages,
        "interrupted_nights": nights,
        "share_of_nights": share,
    }


@pytest.mark.parametrize(("visibility", "seen"), [("open", True), ("restricted", False)])
def test_titles_come_from_incidents_the_reader_may_see(people: People, visibility: str, seen: bool) -> None:
    from incidents.models import Incident

    schedule = rota(people)
    incident = Incident.objects.create(
        number=77, title="Card payments fail", team=people.team, visibility=visibility
    )
    page(people.owner, NIGHT, schedule=schedule, subject_key=incident.subject_key, title="#77 Card payments")
    assert [row["mostly"] for row in ask(people, "teammate")["causes"]] == [
        "Card payments fail" if seen else ""
    ]
    assert ("Card payments" in body_of(people, "teammate")) is seen


def test_the_trend_has_every_week_and_a_night_once(people: People) -> None:
    schedule = rota(people)
    page(people.owner, NIGHT, schedule=schedule)
    page(people.owner, NIGHT - dt.timedelta(hours=3), schedule=schedule)
    page(people.teammate, NIGHT, schedule=schedule)
    page(people.owner, NIGHT - dt.timedelta(weeks=2), schedule=schedule)
    trend = ask(people, "owner")["trend"]
    assert [(row["pages"], row["interrupted_nights"]) for row in trend] == [(0, 0), (1, 1), (0, 0), (3, 2)]
    assert trend[0]["from"] == "2026-10-23T12:00:00Z"


def test_the_one_with_the_lightest_load_who_is_free_covers_next(people: People) -> None:
    schedule = rota(people)
    third = make_user("Tina Third")
    make_membership(third, people.team)
    schedule.rotations.update(members=[[people.owner.pk], [people.teammate.pk], [third.pk]])

    def named() -> tuple[int | None, str]:
        row = ask(people, "owner")["cover_next"][0]
        return row["user"], row["reason"]

    # Tina: Wednesday. Tom, on call this noon: Tuesday and half of Friday. Olga: Monday and Thursday.
    light = "the lightest load of those who are free."
    assert named() == (third.pk, f"24 hours on call, 0 interrupted nights and 0 pages: {light}")
    for number in range(4):
        page(third, NIGHT - dt.timedelta(days=number), schedule=schedule)
    assert named() == (people.owner.pk, f"48 hours on call, 0 interrupted nights and 0 pages: {light}")
    Leave.objects.create(user=people.owner, starts_at=START, ends_at=START + dt.timedelta(days=1))
    assert named() == (third.pk, f"24 hours on call, 4 interrupted nights and 4 pages: {light}")
    make_rotation(make_schedule(people.team, "Secondary"), [[third.pk]], starts_at="2026-11-20T11:00")
    assert named() == (None, "Nobody else in its rotations is free.")
    Schedule.objects.filter(name="Secondary").delete()
    User.objects.filter(pk=third.pk).update(is_active=False)
    assert named() == (None, "Nobody else in its rotations is free.")


def test_a_calm_hint_when_one_person_carries_most(people: People) -> None:
    schedule = rota(people)
    page(people.owner, NOON, schedule=schedule)
    assert ask(people, "owner")["cover_next"][0]["hints"] == []
    for number in range(3):
        page(people.owner, NIGHT - dt.timedelta(days=number), schedule=schedule)
    hints = ask(people, "owner")["cover_next"][0]["hints"]
    assert [(row["user"], row["kind"], row["value"], row["mean"]) for row in hints] == [
        (people.owner.pk, "nights", 3, 1.5),
        (people.owner.pk, "pages", 4, 2.0),
    ]
    sentence = "Olga Owner got 4 pages; the mean here is 2. Somebody else could take a shift."
    assert hints[1]["sentence"] == sentence
    assert sentence in body_of(people, "teammate")


@pytest.mark.parametrize("visibility", ["organisation", "members"])
def test_who_reads_the_health_of_a_team(visibility: str) -> None:
    people = make_people(visibility=visibility)
    schedule = rota(people)
    page(people.owner, NIGHT, schedule=schedule)
    page(people.teammate, NIGHT, team=people.team)
    inside = [("Olga Owner", 1), ("Tom Teammate", 1)]
    for who in ("owner", "teammate", "admin", "support", "stranger"):
        closed = visibility == "members" and who in ("support", "stranger")
        found = ask(people, who)
        names = [(row["name"], row["pages_high"]) for row in found["people"]]
        assert names == ([] if closed else inside), who
        assert ("Olga Owner" in body_of(people, who)) is (not closed or who == "owner"), who
        with time_machine.travel(START, tick=False):
            narrow = people.api(who).get(f"{API}?team={people.team.slug}").status_code
            shown = people.browser(who).get(f"{URL}?team={people.team.slug}").status_code
        assert (narrow, shown) == ((400, 404) if closed else (200, 200)), who


def test_a_team_narrows_and_a_bound_token_sees_its_team_alone(people: People) -> None:
    rota(people)
    other = make_team("Other", manager=people.stranger)
    make_rotation(make_schedule(other, "Theirs"), [[people.stranger.pk]])
    page(people.stranger, NIGHT, team=other)
    assert [row["name"] for row in ask(people, "owner", "?team=other")["people"]] == ["Sam Stranger"]
    assert len(ask(people, "owner")["people"]) == 3
    with time_machine.travel(START, tick=False):
        bound = people.api("owner", team=people.team).get(API).json()
    assert [row["name"] for row in bound["people"]] == ["Olga Owner", "Tom Teammate"]


def test_what_cannot_be_read_is_refused_or_left_out(people: People) -> None:
    for query in ("weeks=5", "weeks=x", "weeks=-4", "weeks=%00", "team=nobody", "team=%00"):
        assert people.api("owner").get(f"{API}?{query}").status_code == 400, query
    for query, status in (("weeks=99", 200), ("weeks=%00", 200), ("team=nobody", 404), ("team=%00", 404)):
        assert people.browser("owner").get(f"{URL}?{query}").status_code == status, query
    api = people.api("owner")
    api.credentials()
    assert (api.get(API).status_code, api.get(URL).status_code) == (401, 302)


def test_before_anything_has_happened(people: People) -> None:
    assert "Nothing to count yet" in body_of(people, "stranger")
    rota(people)
    text = body_of(people, "owner")
    assert ("Nobody was paged" in text, "Olga Owner" in text, 'style="' in text) == (True, True, False)
    assert ask(people, "owner")["causes"] == []


def test_the_csv_is_no_formula(people: People) -> None:
    rota(people)
    User.objects.filter(pk=people.owner.pk).update(name='=HYPERLINK("http://x","y")')
    User.objects.filter(pk=people.teammate.pk).update(name="Tom, +1")
    with time_machine.travel(START, tick=False):
        answer = people.browser("owner").get(f"{URL}?format=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8",
        'attachment; filename="rotation-health-2026-11-20.csv"',
    )
    assert rows[0][:3] == ["name", "time_zone", "hours"]
    assert [row[0] for row in rows[1:]] == ['\'=HYPERLINK("http://x","y")', "Tom, +1"]
    assert rows[1][1:] == ["UTC", "60.0", "25.0", "0.0", "0", "0", "0", "0", "1"]


def test_three_people_cost_as_many_statements_as_one(people: People) -> None:
    def add(user: User, number: int) -> None:
        schedule = make_schedule(people.team, f"Schedule {number}")
        make_rotation(schedule, [[user.pk]])
        service = make_service(people.team, f"service-{number}")
        subject = f"incident:{number}"
        page(user, NIGHT, schedule=schedule, lane=f"service:{service.pk}", subject_key=subject)

    def statements() -> int:
        actor = people.actor("stranger")
        with CaptureQueriesContext(connection) as queries:
            rotation_health(actor, START, weeks=12)
        return len(queries)

    add(people.owner, 1)
    one = statements()
    add(people.teammate, 2)
    add(people.admin, 3)
    assert statements() == one <= 14


def test_the_overview_links_to_it(people: People) -> None:
    assert f'href="{URL}"' in people.browser("stranger").get("/oncall/").content.decode()
