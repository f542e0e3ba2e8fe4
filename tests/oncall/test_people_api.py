"""Requests, leave, shadows and handoff notes on the wire: shapes, refusals, and who may."""

from __future__ import annotations

import pytest
import time_machine

from oncall.models import Leave, Schedule, ShiftRequest
from tests.factories import People, make_team
from tests.oncall.support import START, make_rotation, make_schedule

pytestmark = pytest.mark.django_db
DAY = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-21T00:00:00Z"}
NEXT = {"back_starts_at": "2026-11-21T00:00:00Z", "back_ends_at": "2026-11-22T00:00:00Z"}


@pytest.fixture
def schedule(people: People) -> Schedule:
    """The owner today, the teammate tomorrow, and so on."""
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    return schedule


def url(schedule: Schedule, rest: str) -> str:
    return f"/api/v1/schedules/{schedule.pk}/{rest}"


def test_a_swap_from_question_to_undo(people: People, schedule: Schedule) -> None:
    owner, mate = people.api("owner"), people.api("teammate")
    with time_machine.travel(START, tick=False):
        body = {**DAY, **NEXT, "offered_to": people.teammate.pk, "note": "Concert"}
        made = owner.post(url(schedule, "requests/"), body)
        pk = made.json().get("id")
        assert (made.status_code, made.json()) == (
            201,
            {
                "id": pk,
                "schedule": schedule.pk,
                "kind": "swap",
                "user": people.owner.pk,
                "offered_to": people.teammate.pk,
                "starts_at": "2026-11-20T12:00:00Z",
                "ends_at": "2026-11-21T00:00:00Z",
                "back_starts_at": "2026-11-21T00:00:00Z",
                "back_ends_at": "2026-11-22T00:00:00Z",
                "note": "Concert",
                "status": "open",
                "answered_by": None,
                "created_by": people.owner.pk,
                "created_at": "2026-11-20T12:00:00Z",
            },
        )
        assert mate.get(url(schedule, "requests/?status=open")).json()["results"] == [made.json()]
        assert mate.post(url(schedule, f"requests/{pk}/accept/")).json()["status"] == "accepted"
        assert mate.post(url(schedule, f"requests/{pk}/accept/")).status_code == 409
        now = owner.get(url(schedule, "on-call/")).json()
        assert now["users"] == [people.teammate.pk]
        assert owner.post(url(schedule, f"requests/{pk}/undo/")).json()["status"] == "undone"
        assert owner.get(url(schedule, "on-call/")).json()["users"] == [people.owner.pk]


def test_taking_a_shift_now(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        codes = {
            name: people.api(name).post(url(schedule, "take/"), {"user": people.owner.pk}).status_code
            for name in ("stranger", "support", "owner", "teammate")
        }
    assert codes == {"stranger": 403, "support": 403, "owner": 400, "teammate": 201}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**DAY, "ends_at": "never"}, "ends_at"),
        ({"ends_at": DAY["ends_at"]}, "starts_at"),
        ({**DAY, "back_starts_at": NEXT["back_starts_at"]}, "back_ends_at"),
        ({**DAY, "user": "me"}, "user"),
        ({**DAY, "user": 987654}, "starts_at"),
        ({**DAY, "note": "x" * 501}, "note"),
        ({**DAY, "offered_to": 987654}, "offered_to"),
    ],
)
def test_a_wrong_question_names_its_field(
    people: People, schedule: Schedule, body: dict[str, object], field: str
) -> None:
    with time_machine.travel(START, tick=False):
        refused = people.api("owner").post(url(schedule, "requests/"), body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert ShiftRequest.objects.count() == 0


def test_leave_is_seen_by_the_team_and_by_nobody_else(people: People) -> None:
    with time_machine.travel(START, tick=False):
        made = people.api("teammate").post("/api/v1/leave/", {**DAY, "note": "Sea"})
        pk = made.json()["id"]
        seen = {
            name: people.api(name).get(f"/api/v1/leave/{pk}/").status_code
            for name in ("owner", "teammate", "support", "stranger", "admin")
        }
        assert seen == {"owner": 200, "teammate": 200, "support": 404, "stranger": 404, "admin": 200}
        assert made.json() == {
            "id": pk,
            "user": people.teammate.pk,
            **DAY,
            "note": "Sea",
            "calendar": None,
        }
        assert people.api("stranger").delete(f"/api/v1/leave/{pk}/").status_code == 404
        refused = people.api("teammate").post("/api/v1/leave/", {**DAY, "user": people.owner.pk})
        assert refused.status_code == 403
        assert people.api("owner").delete(f"/api/v1/leave/{pk}/").status_code == 204
    assert Leave.objects.count() == 0


def test_a_token_of_one_team_reads_and_changes_nobody_elses_leave(people: People, schedule: Schedule) -> None:
    """Although an admin made it, and whoever the leave is of shares no team with the admin."""
    other = make_team("Elsewhere")
    with time_machine.travel(START, tick=False):
        pk = people.api("teammate").post("/api/v1/leave/", DAY).json()["id"]
        bound = people.api("admin", team=other)
        assert bound.get(f"/api/v1/leave/{pk}/").status_code == 404
        assert bound.delete(f"/api/v1/leave/{pk}/").status_code == 404
        assert bound.post("/api/v1/leave/", {**DAY, "user": people.teammate.pk}).status_code == 403
        assert people.api("admin").get(f"/api/v1/leave/{pk}/").status_code == 200


def test_shadows_and_notes(people: People, schedule: Schedule) -> None:
    with time_machine.travel(START, tick=False):
        body = {**DAY, "user": people.stranger.pk, "follows": people.owner.pk}
        assert people.api("teammate").post(url(schedule, "shadows/"), body).status_code == 403
        made = people.api("owner").post(url(schedule, "shadows/"), body).json()
        assert made == {"id": made["id"], **body}
        assert people.api("stranger").delete(url(schedule, f"shadows/{made['id']}/")).status_code == 204
        note = people.api("owner").post(url(schedule, "handoff-notes/"), {"text": "Watch it", "load": 3})
        assert (note.status_code, note.json()["shift_ends_at"]) == (201, "2026-11-21T00:00:00Z")
        assert people.api("support").get(url(schedule, "handoff-notes/")).json()["results"] == [note.json()]
        refused = people.api("teammate").post(url(schedule, "handoff-notes/"), {"text": "x", "load": 9})
        assert list(refused.json()["errors"]) == ["load"]
