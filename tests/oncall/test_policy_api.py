"""`escalation-policies/`, calendar links and feeds on the wire."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from oncall.actions.policies import DEFAULT_NAME, ensure_default
from oncall.models import CalendarToken, EscalationPolicy
from tests.factories import People, make_team
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy, make_service

pytestmark = pytest.mark.django_db
URL = "/api/v1/escalation-policies/"


def test_the_fields_of_a_policy(people: People) -> None:
    schedule, api = make_schedule(people.team), people.api("owner")
    steps = [
        {"delay_minutes": 5, "targets": [{"type": "schedule", "id": schedule.pk}]},
        {
            "delay_minutes": 0,
            "targets": [{"type": "user", "id": people.teammate.pk}, {"type": "team", "id": people.team.pk}],
        },
    ]
    made = api.post(URL, {"name": "Standard", "team": people.team.slug, "repeat": 2, "steps": steps})
    pk = made.json().get("id")
    full = {
        "id": pk,
        "name": "Standard",
        "team": people.team.slug,
        "repeat": 2,
        "is_default": True,
        "hold_low": False,
        "acknowledge_timeout_minutes": None,
        "steps": steps,
        "url": f"/oncall/policies/{pk}/",
    }
    assert (made.status_code, made.json()) == (201, full)
    assert api.get(f"{URL}{pk}/").json() == full
    assert api.get(URL).json() == {"next": None, "previous": None, "results": [full]}
    patched = api.patch(f"{URL}{pk}/", {"steps": steps[:1], "repeat": 0})
    assert patched.json() == {**full, "steps": steps[:1], "repeat": 0}
    refused = api.delete(f"{URL}{pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "is_default")
    second = api.post(URL, {"name": "Second", "team": people.team.pk, "steps": [], "is_default": True}).json()
    assert (second["is_default"], api.get(f"{URL}{pk}/").json()["is_default"]) == (True, False)
    assert api.delete(f"{URL}{pk}/").status_code == 204


def test_conditions_come_back_as_they_were_sent(people: People) -> None:
    schedule, api = make_schedule(people.team), people.api("owner")
    step = {
        "delay_minutes": 10,
        "targets": [
            {"type": "schedule", "id": schedule.pk, "serving": "next"},
            {"type": "user", "id": people.owner.pk},
        ],
        "pick": "round_robin",
        "urgency": "high",
        "severities": [0, 1],
        "hours": "night",
        "backup": people.teammate.pk,
        "backup_after_minutes": 3,
    }
    body = {"name": "Nights", "team": people.team.slug, "hold_low": True, "acknowledge_timeout_minutes": 45}
    made = api.post(URL, {**body, "steps": [step]})
    assert made.status_code == 201
    assert (made.json()["steps"], made.json()["hold_low"]) == ([step], True)
    assert made.json()["acknowledge_timeout_minutes"] == 45
    cleared = api.patch(f"{URL}{made.json()['id']}/", {"acknowledge_timeout_minutes": None})
    assert (cleared.json()["acknowledge_timeout_minutes"], cleared.json()["steps"]) == (None, [step])


def test_a_dry_run_at_any_instant(people: People) -> None:
    policy = make_policy(people.team, (5, [people.owner]))
    url = f"{URL}{policy.pk}/preview/"
    for name in ("owner", "teammate", "support", "stranger"):
        rows = people.api(name).get(url, {"at": "2031-01-01T00:00:00Z"}).json()["results"]
        first = rows[0]
        assert (first["at"], first["step"], first["user"]) == ("2031-01-01T00:00:00Z", 1, people.owner.pk)
    for asked, field in (
        ({"at": "soon"}, "at"),
        ({"urgency": "x"}, "urgency"),
        ({"severity": "9"}, "severity"),
    ):
        refused = people.api("owner").get(url, asked)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])


WRONG = [
    ({"acknowledge_timeout_minutes": 0}, "acknowledge_timeout_minutes"),
    ({"hold_low": "maybe"}, "hold_low"),
    ({"name": ""}, "name"),
    ({"name": "Taken"}, "name"),
    ({"team": "nobody"}, "team"),
    ({"repeat": 21}, "repeat"),
    ({"repeat": -1}, "repeat"),
    ({"repeat": "1"}, "repeat"),
    ({"repeat": True}, "repeat"),
    ({"steps": "x"}, "steps"),
    ({"steps": {}}, "steps"),
    ({"steps": None}, "steps"),
    ({"steps": ["x"]}, "steps.0"),
    ({"steps": [{}]}, "steps.0.targets"),
    ({"steps": [{"targets": []}]}, "steps.0.targets"),
    ({"steps": [{"targets": ["x"]}]}, "steps.0.targets.0"),
    ({"steps": [{"targets": [{"type": "user"}]}]}, "steps.0.targets.0.id"),
    ({"steps": [{"targets": [{"type": "user", "id": "1"}]}]}, "steps.0.targets.0.id"),
    ({"steps": [{"targets": [{"type": "user", "id": True}]}]}, "steps.0.targets.0.id"),
    ({"steps": [{"targets": [{"type": "user", "id": 2**63}]}]}, "steps.0.targets.0.id"),
    ({"steps": [{"targets": [{"type": "user", "id": 2**62}]}]}, "steps.0.targets"),
    ({"steps": [{"targets": [{"type": "schedule", "id": 2**62}]}]}, "steps.0.targets"),
    ({"steps": [{"targets": [{"type": "team", "id": {}}]}]}, "steps.0.targets.0.id"),
    ({"steps": [{"targets": [{"type": "robot", "id": 1}]}]}, "steps.0.targets.0.type"),
    ({"steps": [{"delay_minutes": 10081, "targets": []}]}, "steps.0.delay_minutes"),
    ({"steps": [{"delay_minutes": 1.5, "targets": []}]}, "steps.0.delay_minutes"),
]


@pytest.mark.parametrize("verb", ["post", "patch"])
def test_wrong_policies_are_refused_by_field(people: People, verb: str) -> None:
    make_policy(people.team, name="Taken")
    other = make_policy(people.team, name="Other")
    api = people.api("owner")
    step = {"delay_minutes": 5, "targets": [{"type": "user", "id": people.owner.pk}]}
    good = {"name": "P", "team": people.team.slug, "steps": [step]}
    found = []
    for change, _field in WRONG:
        answer = (
            api.post(URL, {**good, **change}) if verb == "post" else api.patch(f"{URL}{other.pk}/", change)
        )
        found.append((change, answer.status_code, next(iter(answer.json().get("errors", {})), "")))
    assert found == [(change, 400, field) for change, field in WRONG]
    assert EscalationPolicy.objects.count() == 2


def test_a_policy_a_service_names_stays(people: People) -> None:
    make_policy(people.team)
    policy = make_policy(people.team, name="Second")
    make_service(people.team, escalation_policy=policy)
    refused = people.api("owner").delete(f"{URL}{policy.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")


def test_a_new_team_gets_a_policy_that_pages_it(people: People, drain: object) -> None:
    team = make_team("Fresh")
    drain()  # type: ignore[operator]
    policy = team.policies.get()
    step = policy.steps.get()
    assert (policy.name, policy.is_default, policy.repeat, step.delay_minutes) == (DEFAULT_NAME, True, 2, 5)
    assert [(target.type, target.team_id) for target in step.targets.all()] == [("team", team.pk)]
    assert ensure_default(team_id=team.pk, now=START) is None
    assert ensure_default(team_id=10**9, now=START) is None


def lines(text: str) -> list[str]:
    """The content lines of a calendar, unfolded; fails on anything RFC 5545 does not allow."""
    assert text.endswith("\r\n")
    raw = text.encode().split(b"\r\n")[:-1]
    assert all(len(line) <= 75 and b"\n" not in line for line in raw)
    unfolded = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert all(":" in line for line in unfolded)
    return unfolded


def events(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in lines(text):
        name, _colon, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and name not in ("BEGIN", "END"):
            found[-1][name] = value
    return found


def test_calendar_feeds(people: People) -> None:
    name = "Zahlungen; Bereitschaft, rund um die Uhr für alle Länder — und noch länger"
    schedule = make_schedule(people.team, name)
    make_rotation(
        schedule,
        [[people.owner.pk], [people.teammate.pk]],
        starts_at="2026-11-18T08:00",
        ends_at="2026-11-21T08:00",
    )
    owner, anonymous = people.api("owner"), people.api("owner")
    anonymous.credentials()
    with time_machine.travel(START, tick=False) as clock:
        link = owner.post("/api/v1/calendar-tokens/", {"schedule": schedule.pk}).json()
        mine = owner.post("/api/v1/calendar-tokens/", {}).json()
        address = f"/api/v1/schedules/{schedule.pk}.ics?token="
        answer = anonymous.get(address + link["token"])
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert link["url"].endswith(address + link["token"])
        escaped = name.replace(";", "\\;").replace(",", "\\,")
        found = events(answer.content.decode())
        assert [(row["DTSTART"], row["DTEND"], row["SUMMARY"], row["DTSTAMP"]) for row in found] == [
            ("20261118T080000Z", "20261119T080000Z", f"Olga Owner ({escaped})", "20261120T120000Z"),
            ("20261119T080000Z", "20261120T080000Z", f"Tom Teammate ({escaped})", "20261120T120000Z"),
            ("20261120T080000Z", "20261121T080000Z", f"Olga Owner ({escaped})", "20261120T120000Z"),
        ]
        assert lines(answer.content.decode())[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
        own = events(anonymous.get("/api/v1/users/me/shifts.ics?token=" + mine["token"]).content.decode())
        assert [(row["DTSTART"], row["SUMMARY"]) for row in own] == [
            ("20261118T080000Z", f"On call: {escaped}"),
            ("20261120T080000Z", f"On call: {escaped}"),
        ]
        clock.shift(dt.timedelta(days=2))
        later = anonymous.get(address + link["token"])
        assert [row["UID"] for row in events(later.content.decode())] == [row["UID"] for row in found]
        assert len({row["UID"] for row in found}) == 3
        same = anonymous.get(address + link["token"], HTTP_IF_NONE_MATCH=later["ETag"])
        assert (same.status_code, same.content) == (304, b"")
        make_rotation(schedule, [[people.teammate.pk]], layer=1)
        assert anonymous.get(address + link["token"], HTTP_IF_NONE_MATCH=later["ETag"]).status_code == 200


def test_a_shift_that_changes_keeps_its_uid_and_gets_a_higher_sequence(people: People) -> None:
    """RFC 5545, 3.8.7.4: calendars take an event with a known UID only when its SEQUENCE has risen."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    owner = people.api("owner")
    with time_machine.travel(START, tick=False) as clock:
        link = owner.post("/api/v1/calendar-tokens/", {"schedule": schedule.pk}).json()
        before, ended = {}, {}
        for found in (before, ended):
            rows = events(owner.get(link["url"]).content.decode())
            found |= {row["UID"]: (row["DTEND"], int(row["SEQUENCE"]), row["LAST-MODIFIED"]) for row in rows}
            if found is before:
                clock.shift(dt.timedelta(minutes=5))
                override = {"starts_at": "2026-11-20T18:00:00Z", "ends_at": "2026-11-21T00:00:00Z"}
                made = owner.post(
                    f"/api/v1/schedules/{schedule.pk}/overrides/", {**override, "user": people.teammate.pk}
                )
                assert made.status_code == 201
    uid = next(uid for uid in before if "20261120T000000Z" in uid)
    assert (before[uid][0], before[uid][1]) == ("20261121T000000Z", 0)
    assert ended[uid] == ("20261120T180000Z", 1, "20261120T120500Z")


def test_who_reads_a_calendar(private_people: People) -> None:
    people = private_people
    schedule = make_schedule(people.team)
    base, own = f"/api/v1/schedules/{schedule.pk}.ics", "/api/v1/users/me/shifts.ics"
    nobody, owner = people.api("owner"), people.api("owner")
    nobody.credentials()
    assert [nobody.get(base).status_code, nobody.get(own).status_code] == [401, 401]
    assert [owner.get(base).status_code, people.api("stranger").get(base).status_code] == [200, 404]
    assert people.api("stranger").get(own).status_code == 200
    made = owner.post("/api/v1/calendar-tokens/", {"schedule": schedule.pk}).json()
    token = made["token"]
    assert (
        people.api("stranger").post("/api/v1/calendar-tokens/", {"schedule": schedule.pk}).status_code == 400
    )
    assert people.api("stranger").delete(f"/api/v1/calendar-tokens/{made['id']}/").status_code == 404
    for path in (
        f"{base}?token={token}x",
        f"{own}?token={token}",
        f"{base}?token=%00",
        f"{base}?token={'x' * 300}",
    ):
        assert nobody.get(path).status_code == 404
    assert nobody.get(f"{base}?token={token}").status_code == 200
    assert owner.get("/api/v1/calendar-tokens/").json()["results"] == [
        {"id": made["id"], "schedule": schedule.pk, "created_at": made["created_at"]}
    ]
    assert token not in str(CalendarToken.objects.values_list())
    people.owner.memberships.all().delete()
    assert nobody.get(f"{base}?token={token}").status_code == 404
    assert people.api("owner").delete(f"/api/v1/calendar-tokens/{made['id']}/").status_code == 204
    assert CalendarToken.objects.get().revoked_at is not None
    assert people.api("owner").get("/api/v1/calendar-tokens/").json()["results"] == []
