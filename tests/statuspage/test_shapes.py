"""Everything a client of the Statuspage v2 read format asks for, in every state, against a schema of that format."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core import clock
from statuspage import actions
from statuspage.actions import Window
from statuspage.building import Loaded
from statuspage.models import Component, Notice, NoticeUpdate, StatusPage
from statuspage.serving import Store
from tests.statuspage.support import document, make_page, part, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
COMPONENT = ("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
INCIDENT = ("investigating", "identified", "monitoring", "resolved", "postmortem")
WORK = ("scheduled", "in_progress", "verifying", "completed")
ID = {"type": "string", "pattern": "^[0-9a-z]{12}$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TEXT = {"type": "string", "minLength": 1}
TRUTH = {"type": "boolean"}
NUMBER = {"type": "integer"}
NULL = {"type": "null"}


def maybe(shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [shape, NULL]}


def one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def every(shape: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": shape}


def record(**fields: dict[str, Any]) -> dict[str, Any]:
    """Exactly these fields, all of them."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


PAGE = record(id=ID, name=TEXT, url={"type": "string", "format": "uri"}, time_zone=TEXT, updated_at=TIME)
STATUS = record(
    indicator=one_of("none", "minor", "major", "critical", "maintenance"),
    description=one_of(
        "All Systems Operational",
        "Service Under Maintenance",
        "Partially Degraded Service",
        "Partial System Outage",
        "Major Service Outage",
    ),
)
_BOTH: dict[str, dict[str, Any]] = {
    "id": ID,
    "name": TEXT,
    "status": one_of(*COMPONENT),
    "created_at": TIME,
    "updated_at": TIME,
    "position": NUMBER,
    "description": maybe(TEXT),
    "showcase": TRUTH,
    "start_date": maybe({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}),
    "page_id": ID,
    "only_show_if_degraded": TRUTH,
}
PART = record(**_BOTH, group_id=maybe(ID), group={"const": False})
GROUP = record(**_BOTH, group_id=NULL, group={"const": True}, components=every(ID))
AFFECTED = record(code=ID, name=TEXT, old_status=one_of(*COMPONENT), new_status=one_of(*COMPONENT))


def update(*statuses: str) -> dict[str, Any]:
    return record(
        id=ID,
        status=one_of(*statuses),
        body=TEXT,
        incident_id=ID,
        created_at=TIME,
        updated_at=TIME,
        display_at=TIME,
        affected_components=maybe(every(AFFECTED)),
        deliver_notifications=TRUTH,
        custom_tweet=NULL,
        tweet_id=NULL,
    )


def notice(
    statuses: tuple[str, ...], said: tuple[str, ...], impacts: tuple[str, ...], **more: dict[str, Any]
) -> dict[str, Any]:
    """`statuses`: where it may stand; `said`: what its updates may have been."""
    return record(
        id=ID,
        name=TEXT,
        status=one_of(*statuses),
        created_at=TIME,
        updated_at=TIME,
        monitoring_at=maybe(TIME),
        resolved_at=maybe(TIME),
        impact=one_of(*impacts),
        shortlink={"type": "string", "pattern": "^http.*/incidents/[0-9a-z]{12}/$"},
        started_at=TIME,
        page_id=ID,
        incident_updates=every(update(*said)) | {"minItems": 1},
        components=every(PART),
        reminder_intervals=maybe(TEXT),
        **more,
    )


def incident(*statuses: str) -> dict[str, Any]:
    return notice(statuses, INCIDENT, ("none", "minor", "major", "critical"))


def work(*statuses: str) -> dict[str, Any]:
    return notice(statuses, WORK, ("maintenance",), scheduled_for=TIME, scheduled_until=TIME)


PARTS = every({"anyOf": [PART, GROUP]})
DOCUMENTS = {
    "summary.json": record(
        page=PAGE,
        components=PARTS,
        incidents=every(incident(*INCIDENT[:3])),
        scheduled_maintenances=every(work(*WORK[:3])),
        status=STATUS,
    ),
    "status.json": record(page=PAGE, status=STATUS),
    "components.json": record(page=PAGE, components=PARTS),
    "incidents.json": record(page=PAGE, incidents=every(incident(*INCIDENT)) | {"maxItems": 50}),
    "incidents/unresolved.json": record(page=PAGE, incidents=every(incident(*INCIDENT[:3]))),
    "scheduled-maintenances.json": record(
        page=PAGE, scheduled_maintenances=every(work(*WORK)) | {"maxItems": 50}
    ),
    "scheduled-maintenances/upcoming.json": record(page=PAGE, scheduled_maintenances=every(work(WORK[0]))),
    "scheduled-maintenances/active.json": record(
        page=PAGE, scheduled_maintenances=every(work("in_progress", "verifying"))
    ),
}
CHECKS = {path: Draft202012Validator(shape) for path, shape in DOCUMENTS.items()}


def everything(store: Store) -> dict[str, Any]:
    """Every document of the page, each as its schema wants it, and all of them of one mind."""
    store.refresh()
    found = {path: document(path) for path in DOCUMENTS}
    faults = [
        f"{path}: {fault.message}" for path, body in found.items() for fault in CHECKS[path].iter_errors(body)
    ]
    assert faults == []
    assert [next(iter(body)) for body in found.values()] == ["page"] * len(found)
    assert len({str(body["page"]) for body in found.values()}) == 1
    summary = found["summary.json"]
    assert summary["status"] == found["status.json"]["status"]
    assert summary["components"] == found["components.json"]["components"]
    assert summary["incidents"] == found["incidents/unresolved.json"]["incidents"]
    planned = [found[f"scheduled-maintenances/{name}.json"] for name in ("active", "upcoming")]
    assert summary["scheduled_maintenances"] == [
        row for body in planned for row in body["scheduled_maintenances"]
    ]
    for body in found.values():
        for row in (*body.get("incidents", ()), *body.get("scheduled_maintenances", ())):
            said = [each["created_at"] for each in row["incident_updates"]]
            assert said == sorted(said, reverse=True)
            assert {each["incident_id"] for each in row["incident_updates"]} == {row["id"]}
            assert row["status"] == row["incident_updates"][0]["status"]
    return found


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_an_empty_page_and_one_with_groups(serve: Store) -> None:
    world = make_world()
    page = make_page(world, parts=())
    empty = everything(serve)
    assert empty["summary.json"]["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert [
        empty["summary.json"][name] for name in ("components", "incidents", "scheduled_maintenances")
    ] == [
        [],
        [],
        [],
    ]

    ada = world.actor("ada")
    actions.add_component(actor=ada, page_id=page.pk, name="Website", start_date=dt.date(2026, 1, 2))
    group = actions.add_group(actor=ada, page_id=page.pk, name="Payments", description="What takes money")
    cards = [
        actions.add_component(
            actor=ada, page_id=page.pk, name=name, group_id=group.pk, only_show_if_degraded=name == "Cards"
        )
        for name in ("Cards", "Invoices")
    ]
    actions.add_group(actor=ada, page_id=page.pk, name="Nothing in it")
    actions.set_component_status(actor=ada, component_id=cards[1].pk, status="partial_outage")
    rows = everything(serve)["components.json"]["components"]
    assert names(rows) == ["Website", "Payments", "Cards", "Invoices"]
    assert [row["group_id"] for row in rows] == [None, None, group.public_id, group.public_id]
    assert rows[1]["components"] == [row.public_id for row in cards]
    assert [row["status"] for row in rows] == [
        "operational",
        "partial_outage",
        "operational",
        "partial_outage",
    ]
    assert (rows[0]["start_date"], rows[1]["description"]) == ("2026-01-02", "What takes money")


def test_each_status_of_a_component_and_the_word_for_the_page(serve: Store) -> None:
    world = make_world()
    page = make_page(world, parts=("Website", "Search"))
    said = {}
    for status in COMPONENT:
        actions.set_component_status(actor=world.actor("bo"), component_id=part(page).pk, status=status)
        found = everything(serve)
        assert [row["status"] for row in found["components.json"]["components"]] == [status, "operational"]
        said[status] = tuple(found["status.json"]["status"].values())
    assert said == {
        "operational": ("none", "All Systems Operational"),
        "under_maintenance": ("maintenance", "Service Under Maintenance"),
        "degraded_performance": ("minor", "Partially Degraded Service"),
        "partial_outage": ("major", "Partial System Outage"),
        "major_outage": ("critical", "Major Service Outage"),
    }


def test_each_status_of_an_incident_of_work_and_what_was_written_afterwards(serve: Store) -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    told = tell(world, page, statuses={web.pk: "major_outage"}, now=NOW)
    begins = NOW + HOUR
    plan = Window(starts_at=begins, ends_at=begins + HOUR)
    planned = tell(world, page, title="Upgrade", kind="maintenance", window=plan, now=NOW)
    open_now = {"incidents/unresolved.json": "Orders fail", "scheduled-maintenances/upcoming.json": "Upgrade"}
    for number in range(5):
        if number:
            at = NOW + number * MINUTE
            say(world, told, f"Word {number}", status=INCIDENT[number], now=at)
            if number < 4:
                say(world, planned, f"Step {number}", status=WORK[number], now=at)
        found = everything(serve)
        (row,) = found["incidents.json"]["incidents"]
        (job,) = found["scheduled-maintenances.json"]["scheduled_maintenances"]
        assert (row["status"], job["status"]) == (INCIDENT[number], WORK[min(number, 3)])
        if not number:
            for path, name in open_now.items():
                (shown,) = found[path].get("incidents") or found[path]["scheduled_maintenances"]
                assert shown["name"] == name
    assert row["incident_updates"][-1]["affected_components"] == [
        {"code": web.public_id, "name": "Website", "old_status": "operational", "new_status": "major_outage"}
    ]
    ended = row["incident_updates"][1]
    assert [each["new_status"] for each in ended["affected_components"]] == ["operational"]
    assert row["incident_updates"][0]["affected_components"] is None
    assert (row["monitoring_at"], row["resolved_at"]) == (
        "2026-11-20T12:02:00.000Z",
        "2026-11-20T12:03:00.000Z",
    )
    assert (job["scheduled_for"], job["scheduled_until"]) == (
        "2026-11-20T13:00:00.000Z",
        "2026-11-20T14:00:00.000Z",
    )
    assert [row["name"] for row in (*row["components"], *job["components"])] == ["Website", "Website"]

    times = [(NOW - 3 * HOUR, "investigating", "Trouble."), (NOW - 2 * HOUR, "resolved", "Over.")]
    actions.backfill(actor=world.actor("ada"), page_id=page.pk, title="Earlier", updates=times, now=NOW)
    rows = everything(serve)["incidents.json"]["incidents"]
    assert names(rows) == ["Orders fail", "Earlier"]
    assert (rows[1]["created_at"], rows[1]["resolved_at"]) == (
        "2026-11-20T09:00:00.000Z",
        "2026-11-20T10:00:00.000Z",
    )
    assert [each["deliver_notifications"] for each in rows[1]["incident_updates"]] == [False, False]


def make_old(world: World, page: StatusPage, count: int, kind: str) -> None:
    """Ended notices, each an hour after the one before, newest last."""
    over = "resolved" if kind == "incident" else "completed"
    at = clock.now() - 2000 * HOUR
    rows = [
        Notice(
            page=page,
            kind=kind,
            title=f"{kind} {number}",
            status=over,
            impact="minor" if kind == "incident" else "maintenance",
            started_at=at + number * HOUR,
            resolved_at=at + number * HOUR + MINUTE,
            scheduled_for=at + number * HOUR if kind == "maintenance" else None,
            scheduled_until=at + number * HOUR + MINUTE if kind == "maintenance" else None,
        )
        for number in range(count)
    ]
    Notice.objects.bulk_create(rows)
    NoticeUpdate.objects.bulk_create(NoticeUpdate(notice=row, status=over, body="Over.") for row in rows)


def test_the_lists_hold_the_newest_fifty_and_never_lose_what_is_open(
    serve: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Loaded.__module__], "MAX_NOTICES", 110)
    world = make_world()
    page = make_page(world)
    long_ago = clock.now() - 3000 * HOUR
    tell(world, page, title="Never ends", now=long_ago)
    plan = Window(starts_at=long_ago, ends_at=long_ago + HOUR, auto_end=False, auto_start=False)
    job = tell(world, page, title="Never done", kind="maintenance", window=plan, now=long_ago - HOUR)
    make_old(world, page, 56, "incident")
    make_old(world, page, 56, "maintenance")
    say(world, job, status="verifying", now=long_ago)
    found = everything(serve)
    for path, kind in (("incidents.json", "incident"), ("scheduled-maintenances.json", "maintenance")):
        rows = found[path].get("incidents") or found[path]["scheduled_maintenances"]
        assert names(rows) == [f"{kind} {number}" for number in range(55, 5, -1)]
    assert names(found["summary.json"]["incidents"]) == ["Never ends"]
    assert names(found["summary.json"]["scheduled_maintenances"]) == ["Never done"]
    assert names(found["scheduled-maintenances/active.json"]["scheduled_maintenances"]) == ["Never done"]
    assert Component.objects.get().status == "operational"
