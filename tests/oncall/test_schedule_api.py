"""`schedules/` on the wire: fields, windows, refusals by field path, what an edit freezes."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from oncall.models import Override, Rotation, Schedule
from tests.factories import People, make_user
from tests.oncall.support import START, make_rotation, make_schedule

pytestmark = pytest.mark.django_db


def test_the_fields_of_a_schedule_and_its_rotation(people: People) -> None:
    api = people.api("owner")
    with time_machine.travel(START, tick=False):
        made = api.post(
            "/api/v1/schedules/", {"team": people.team.slug, "name": "Primary", "timezone": "Europe/Berlin"}
        )
        assert made.status_code == 201, made.json()
        pk = made.json()["id"]
        assert made.json() == {
            "id": pk,
            "team": people.team.slug,
            "name": "Primary",
            "timezone": "Europe/Berlin",
            "holiday_region": "",
            "unstaffed_hours": [],
            "created_at": "2026-11-20T12:00:00Z",
            "url": f"/oncall/schedules/{pk}/",
        }
        assert api.get(f"/api/v1/schedules/{pk}/").json() == made.json()
        rotation = {
            "name": "Weekly",
            "starts_at": "2026-11-16T09:00",
            "every": {"unit": "week", "count": 1},
            "members": [[people.owner.pk], [people.teammate.pk, people.owner.pk]],
            "restrictions": [{"from": "09:00", "to": "17:00", "days": ["mo", "fr"]}],
        }
        answer = api.post(f"/api/v1/schedules/{pk}/rotations/", rotation)
        assert answer.status_code == 201, answer.json()
        full = {
            **rotation,
            "id": answer.json()["id"],
            "serves_from": "2026-11-16T09:00",
            "ends_at": None,
            "by_day": [],
            "week_start": "mo",
            "layer": 0,
            "on_holidays": "serve",
        }
        assert answer.json() == full
        assert api.get(f"/api/v1/schedules/{pk}/rotations/").json() == {
            "results": [full],
            "next": None,
            "previous": None,
        }
        assert api.get(f"/api/v1/schedules/{pk}/rotations/{full['id']}/").json() == full


def test_shifts_gaps_and_on_call(people: People) -> None:
    schedule = make_schedule(people.team)
    rotation = make_rotation(
        schedule, [[people.owner.pk], [people.teammate.pk]], unit="day", ends_at="2026-11-22T00:00"
    )
    api, base = people.api("stranger"), f"/api/v1/schedules/{schedule.pk}"
    shifts = api.get(f"{base}/shifts/?from=2026-11-20T00:00:00Z&to=2026-11-23T00:00:00Z").json()
    assert shifts["results"] == [
        {
            "start": "2026-11-20T00:00:00Z",
            "end": "2026-11-21T00:00:00Z",
            "users": [people.owner.pk],
            "source": "rotation",
            "rotation": rotation.pk,
        },
        {
            "start": "2026-11-21T00:00:00Z",
            "end": "2026-11-22T00:00:00Z",
            "users": [people.teammate.pk],
            "source": "rotation",
            "rotation": rotation.pk,
        },
    ]
    gaps = api.get(f"{base}/gaps/?from=2026-11-20T00:00:00%2B00:00&to=2026-11-23T00:00:00+00:00").json()
    assert gaps["results"] == [{"start": "2026-11-22T00:00:00Z", "end": "2026-11-23T00:00:00Z"}]
    assert api.get(f"{base}/on-call/?at=2026-11-20T05:00:00Z").json() == {
        "users": [people.owner.pk],
        "since": "2026-11-20T00:00:00Z",
        "until": "2026-11-21T00:00:00Z",
        "next": shifts["results"][1],
    }
    with time_machine.travel(START, tick=False):
        everywhere = api.get("/api/v1/on-call/").json()["results"]
    assert everywhere == [
        {
            "schedule": schedule.pk,
            "name": "Primary",
            "team": people.team.slug,
            "users": [people.owner.pk],
            "people": [{"id": people.owner.pk, "name": people.owner.name}],
            "until": "2026-11-21T00:00:00Z",
            "next": {"start": "2026-11-21T00:00:00Z", "users": [people.teammate.pk]},
        }
    ]


WINDOWS = {
    "from=2026-01-01&to=2027-02-06": "to",
    "from=2026-01-02&to=2026-01-01": "to",
    "from=yesterday": "from",
    "from=9999-12-31T23:59:59Z": "from",
    "from=0001-01-01T00:00:00%2B14:00": "from",
    "to=9999-01-01": "to",
    "from=%00": "from",
    "from=2026-02-30": "from",
}


@pytest.mark.parametrize("query", WINDOWS)
@pytest.mark.parametrize("what", ["shifts", "gaps"])
def test_windows_that_are_refused(people: People, what: str, query: str) -> None:
    schedule = make_schedule(people.team)
    answer = people.api("owner").get(f"/api/v1/schedules/{schedule.pk}/{what}/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [WINDOWS[query]])


def test_a_window_of_400_days_is_answered(people: People) -> None:
    schedule = make_schedule(people.team)
    url = f"/api/v1/schedules/{schedule.pk}/shifts/?from=2026-01-01&to=2027-02-05"
    assert people.api("owner").get(url).json()["results"] == []
    assert (
        people.api("owner").get(f"/api/v1/schedules/{schedule.pk}/on-call/?at=9999-01-01").status_code == 400
    )


GOOD = {"name": "R", "starts_at": "2026-11-16T09:00", "every": {"unit": "week", "count": 1}, "members": [[1]]}
BAD = [
    ({"members": 7}, "members"),
    ({"members": "x"}, "members"),
    ({"members": {}}, "members"),
    ({"members": None}, "members"),
    ({"members": []}, "members"),
    ({"members": [[]]}, "members.0"),
    ({"members": [1]}, "members.0"),
    ({"members": [["1"]]}, "members.0.0"),
    ({"members": [[True]]}, "members.0.0"),
    ({"members": [[1.5]]}, "members.0.0"),
    ({"members": [[10**18 * 9]]}, "members"),
    ({"members": [[2**63]]}, "members.0.0"),
    ({"members": [[-1]]}, "members.0.0"),
    ({"every": None}, "every"),
    ({"every": "week"}, "every"),
    ({"every": {"unit": "year"}}, "every.unit"),
    ({"every": {"unit": ["week"]}}, "every.unit"),
    ({"every": {"unit": "week", "count": 0}}, "every.count"),
    ({"every": {"unit": "week", "count": 521}}, "count"),
    ({"every": {"unit": "week", "count": True}}, "every.count"),
    ({"starts_at": "9999-12-31T09:00"}, "starts_at"),
    ({"starts_at": "2026-11-16T09:00Z"}, "starts_at"),
    ({"starts_at": 5}, "starts_at"),
    ({"starts_at": "soon"}, "starts_at"),
    ({"serves_from": "0001-01-01T00:00"}, "serves_from"),
    ({"ends_at": "2026-11-16T09:00"}, "ends_at"),
    ({"by_day": "mo"}, "by_day"),
    ({"by_day": ["mo", "mo"]}, "by_day"),
    ({"by_day": [{}]}, "by_day.0"),
    ({"week_start": "monday"}, "week_start"),
    ({"layer": -1}, "layer"),
    ({"layer": 1001}, "layer"),
    ({"layer": "0"}, "layer"),
    ({"restrictions": 5}, "restrictions"),
    ({"restrictions": [5]}, "restrictions.0"),
    ({"restrictions": [{}]}, "restrictions.0.from"),
    ({"restrictions": [{"from": "25:00", "to": "17:00"}]}, "restrictions"),
    ({"restrictions": [{"from": "09:00Z", "to": "17:00"}]}, "restrictions"),
    ({"restrictions": [{"from": "09:00", "to": "17:00", "days": "mo"}]}, "restrictions.0.days"),
    ({"name": ""}, "name"),
    ({"name": ["x"]}, "name"),
    ({"name": "x" * 121}, "name"),
]


def test_every_wrong_rotation_is_refused_by_field(people: People) -> None:
    schedule = make_schedule(people.team)
    api, url = people.api("owner"), f"/api/v1/schedules/{schedule.pk}/rotations/"
    found = []
    for change, _field in BAD:
        answer = api.post(url, {**GOOD, "members": [[people.owner.pk]], **change})
        found.append((change, answer.status_code, next(iter(answer.json().get("errors", {})), "")))
    assert found == [(change, 400, field) for change, field in BAD]
    for body in ([], "x", 5, None):
        assert api.post(url, body).status_code == 400
    assert not Rotation.objects.exists()


def test_wrong_schedules_are_refused_by_field(people: People) -> None:
    api = people.api("owner")
    good = {"team": people.team.slug, "name": "Primary"}
    wrong = [
        ({"team": "nowhere"}, "team"),
        ({"team": True}, "team"),
        ({"team": [1]}, "team"),
        ({"team": 2**70}, "body"),
        ({"team": 2**63 - 1}, "team"),
        ({"name": " "}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": 3}, "timezone"),
    ]
    for change, field in wrong:
        answer = api.post("/api/v1/schedules/", {**good, **change})
        assert answer.status_code == 400, change
        assert field == "body" or list(answer.json()["errors"]) == [field]
    assert api.post("/api/v1/schedules/", {**good, "name": "a\0b"}).json()["name"] == "ab"
    assert api.post("/api/v1/schedules/", {**good, "name": "ab"}).json()["errors"] == {
        "name": ["The team has a schedule of this name."]
    }
    assert api.get("/api/v1/schedules/99999999999999999999/").status_code == 404
    assert api.get("/api/v1/schedules/a%00b/").status_code == 404
    assert api.get("/api/v1/schedules/?team=%00").json()["results"] == []


def test_an_edit_changes_nothing_before_now_and_keeps_the_id(people: People) -> None:
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[people.owner.pk]], unit="day")
    api, base = people.api("owner"), f"/api/v1/schedules/{schedule.pk}"
    window = f"{base}/shifts/?from=2026-11-18T00:00:00Z&to=2026-11-24T00:00:00Z"
    item = f"{base}/rotations/{rotation.pk}/"
    with time_machine.travel(START, tick=False) as clock:
        changed = api.patch(item, {"members": [[people.teammate.pk]]})
        assert (changed.status_code, changed.json()["id"]) == (200, rotation.pk)
        assert changed.json()["serves_from"] == "2026-11-20T12:00"
        clock.shift(dt.timedelta(days=1))
        again = api.patch(item, {"members": [[people.owner.pk, people.teammate.pk]]}).json()
        assert api.get(item).json() == again
        rows = [
            (row["start"], row["end"], row["users"], row["rotation"])
            for row in api.get(window).json()["results"]
        ]
        both = sorted([people.owner.pk, people.teammate.pk])
        assert rows == [
            ("2026-11-18T00:00:00Z", "2026-11-20T12:00:00Z", [people.owner.pk], rotation.pk),
            ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z", [people.teammate.pk], rotation.pk),
            ("2026-11-21T12:00:00Z", "2026-11-24T00:00:00Z", both, rotation.pk),
        ]
        clock.shift(dt.timedelta(days=1))
        assert api.delete(item).status_code == 204
        after = [(row["start"], row["end"], row["users"]) for row in api.get(window).json()["results"]]
        assert after == [
            *(row[:3] for row in rows[:2]),
            ("2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z", both),
        ]
        assert api.get(item).status_code == 404
        assert api.delete(item).status_code == 404
        assert api.get(f"{base}/rotations/").json()["results"] == []


def test_an_edit_that_changes_no_people_splits_no_row(people: People) -> None:
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[people.owner.pk]], unit="week")
    api, base = people.api("owner"), f"/api/v1/schedules/{schedule.pk}"
    window = f"{base}/shifts/?from=2026-11-18T00:00:00Z&to=2026-11-24T00:00:00Z"
    before = api.get(window).json()
    with time_machine.travel(START, tick=False):
        assert api.patch(f"{base}/rotations/{rotation.pk}/", {"name": "Renamed"}).json()["name"] == "Renamed"
    assert api.get(window).json() == before
    assert Rotation.objects.count() == 2


def test_a_rotation_that_has_not_begun_is_changed_in_place(people: People) -> None:
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[people.owner.pk]], starts_at="2026-12-01T09:00")
    api, item = people.api("owner"), f"/api/v1/schedules/{schedule.pk}/rotations/{rotation.pk}/"
    with time_machine.travel(START, tick=False):
        patched = api.patch(item, {"every": {"unit": "day"}}).json()
        assert (patched["every"], patched["serves_from"]) == ({"unit": "day", "count": 1}, "2026-12-01T09:00")
        assert api.patch(item, {"every": {"count": 3}}).json()["every"] == {"unit": "day", "count": 3}
        assert api.patch(item, {"restrictions": [{"from": "09:00"}]}).status_code == 400
        assert Rotation.objects.count() == 1
        assert api.delete(item).status_code == 204
    assert Rotation.objects.count() == 0


def test_overrides_on_the_wire(people: People) -> None:
    schedule = make_schedule(people.team)
    guest = make_user("Guest")
    api, base = people.api("teammate"), f"/api/v1/schedules/{schedule.pk}/overrides/"
    with time_machine.travel(START, tick=False) as clock:
        body = {"user": guest.pk, "starts_at": "2026-11-20T10:00:00Z", "ends_at": "2026-11-20T22:00:00+01:00"}
        made = api.post(base, body)
        assert (made.status_code, made.json()) == (
            201,
            {
                "id": made.json()["id"],
                "kind": "take_over",
                "user": guest.pk,
                "replaces": None,
                "starts_at": "2026-11-20T10:00:00Z",
                "ends_at": "2026-11-20T21:00:00Z",
                "created_by": people.teammate.pk,
            },
        )
        assert api.get(base).json()["results"] == [made.json()]
        assert api.delete(f"{base}{made.json()['id']}/").status_code == 204
        assert Override.objects.get().ends_at == START
        assert api.delete(f"{base}{made.json()['id']}/").status_code == 409
        later = api.post(base, {**body, "starts_at": "2026-11-20T13:00:00Z"}).json()
        clock.shift(dt.timedelta(minutes=1))
        assert api.delete(f"{base}{later['id']}/").status_code == 204
        assert Override.objects.count() == 1


def test_wrong_overrides_are_refused_by_field(people: People) -> None:
    schedule = make_schedule(people.team)
    gone = make_user("Gone", is_active=False)
    api, url = people.api("owner"), f"/api/v1/schedules/{schedule.pk}/overrides/"
    good = {"user": people.owner.pk, "starts_at": "2026-11-20T10:00:00Z", "ends_at": "2026-11-20T20:00:00Z"}
    wrong = [
        ({"user": None}, ["user"]),
        ({"user": gone.pk}, ["user"]),
        ({"user": "1"}, ["user"]),
        ({"user": True}, ["user"]),
        ({"user": 2**63 - 1}, ["user"]),
        ({"kind": "swap"}, ["kind"]),
        ({"kind": "replace"}, ["replaces"]),
        ({"kind": "replace", "replaces": people.owner.pk}, ["replaces"]),
        ({"kind": "remove", "replaces": people.owner.pk}, ["user"]),
        ({"kind": "add", "replaces": people.teammate.pk}, ["replaces"]),
        ({"kind": "replace", "replaces": 2**62}, ["replaces"]),
        ({"ends_at": "2026-11-20T10:00:00Z"}, ["ends_at"]),
        ({"ends_at": "9999-11-20T10:00:00Z"}, ["ends_at"]),
        ({"starts_at": None}, ["starts_at"]),
        ({"starts_at": "0001-01-01T00:00:00+23:59"}, ["starts_at"]),
        ({"starts_at": 5}, ["starts_at"]),
    ]
    for change, fields in wrong:
        answer = api.post(url, {**good, **change})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, fields), change
    assert (
        api.post(
            url, {"kind": "remove", "replaces": gone.pk, **{k: good[k] for k in ("starts_at", "ends_at")}}
        ).status_code
        == 201
    )


def test_a_schedule_in_use_stays(people: People) -> None:
    schedule = make_schedule(people.team)
    api = people.api("owner")
    policy = {
        "name": "P",
        "team": people.team.slug,
        "steps": [{"delay_minutes": 5, "targets": [{"type": "schedule", "id": schedule.pk}]}],
    }
    assert api.post("/api/v1/escalation-policies/", policy).status_code == 201
    refused = api.delete(f"/api/v1/schedules/{schedule.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert Schedule.objects.count() == 1
