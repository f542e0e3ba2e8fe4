"""The timeline as a file: complete, safe in a spreadsheet, and for those who see the incident alone."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import actions
from incidents.evidence import Upload
from incidents.exports import safe_cell
from incidents.models import Incident, TimelineEntry
from tests.factories import api_client, signed_in
from tests.incidents.pictures import png
from tests.incidents.support import START, declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def body(response: Any) -> str:
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def get(world: World, number: int, name: str, who: str = "bo") -> str:
    return body(signed_in(getattr(world, who)).get(f"/incidents/{number}/export.{name}"))


def story(world: World, settings: Any, tmp_path: Path) -> int:
    """A night with a note from before, a decision, evidence, an edit and a redaction."""
    settings.MEDIA_ROOT = tmp_path
    ada, bo = world.actor("ada"), world.actor("bo")
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world, title="Checkout *down*", impact="Nobody can pay").number
        travel.shift(10 * MINUTE)
        note = actions.add_note(actor=bo, number=number, text="=HYPERLINK(1)")
        travel.shift(MINUTE)
        actions.edit_entry(actor=bo, number=number, seq=note.seq, text="=HYPERLINK(2)\nsecond <line>")
        actions.add_note(actor=bo, number=number, text="Before midnight", happened_at=START - 200 * MINUTE)
        actions.add_decision(
            actor=ada,
            number=number,
            question="Back?",
            choice="Roll back",
            why="Faster",
            alternatives=["Forward"],
        )
        actions.add_evidence(
            actor=bo,
            number=number,
            files=[Upload("shot.png", len(png()), io.BytesIO(png()))],
            link="https://graphs.example.com/1",
        )
        secret = actions.add_note(actor=bo, number=number, text="hunter2")
        actions.redact_entry(actor=bo, number=number, seq=secret.seq)
        actions.star_entry(actor=bo, number=number, seq=note.seq, starred=True)
    return number


def test_markdown(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    number = story(world, settings, tmp_path)
    text = get(world, number, "md")
    file = TimelineEntry.objects.get(kind="evidence").files.get()
    assert text.splitlines() == [
        f"# #{number} Checkout \\*down\\*",
        "",
        "Investigating · Severity not set · Times in UTC",
        "",
        "Nobody can pay",
        "",
        "## Thu 19 Nov 2026",
        "",
        "- **23:40** Note (Bo)",
        "  Before midnight",
        "",
        "## Fri 20 Nov 2026",
        "",
        "- **03:00** Declared on Checkout (Ada)",
        "  Nobody can pay",
        "- **03:10** ★ Note (Bo)",
        "  =HYPERLINK(2)  ",
        "  second \\<line\\>",
        "- **03:11** Decision (Ada)",
        "  Roll back  ",
        "  Question: Back?  ",
        "  Because: Faster  ",
        "  Not taken: Forward",
        "- **03:11** shot.png (Bo)",
        "  <https://graphs.example.com/1>  ",
        f"  shot.png (sha256 {file.sha256})",
        "- **03:11** This entry was redacted. (Bo)",
    ]


def test_days_and_times_are_the_readers(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    number = story(world, settings, tmp_path)
    world.bo.time_zone = "America/New_York"
    world.bo.save()
    text = get(world, number, "md")
    assert "Times in America/New_York" in text
    assert "- **22:10** ★ Note (Bo)" in text
    assert "## Fri" not in text


def test_csv(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    number = story(world, settings, tmp_path)
    text = get(world, number, "csv")
    assert text.startswith("\ufeffseq,happened_at")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["seq"] for row in rows] == ["3", "1", "2", "4", "5", "6"]
    assert rows[2]["text"] == "'=HYPERLINK(2)\nsecond <line>"
    assert (rows[2]["happened_at"], rows[2]["starred"], bool(rows[2]["edited"])) == (
        "2026-11-20T03:10:00Z",
        "yes",
        True,
    )
    assert (rows[4]["files"], rows[4]["evidence_link"]) == ("shot.png", "https://graphs.example.com/1")
    assert (rows[5]["text"], bool(rows[5]["redacted"])) == ("", True)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert safe_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert safe_cell("plain = text") == "plain = text"


def test_json_is_complete(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    number = story(world, settings, tmp_path)
    found = json.loads(get(world, number, "json"))
    assert {name: found[name] for name in ("number", "title", "status", "severity", "impact")} == {
        "number": number,
        "title": "Checkout *down*",
        "status": "investigating",
        "severity": None,
        "impact": "Nobody can pay",
    }
    by_seq = {entry["seq"]: entry for entry in found["entries"]}
    assert list(by_seq) == [3, 1, 2, 4, 5, 6]
    assert by_seq[2]["revisions"] == 1
    assert by_seq[1]["revisions"] == 0
    assert by_seq[4]["data"] == {"question": "Back?", "why": "Faster", "alternatives": ["Forward"]}
    file = by_seq[5]["files"][0]
    assert (file["name"], file["size"], len(file["sha256"])) == ("shot.png", len(png()), 64)
    assert "path" not in file
    assert "hunter2" not in json.dumps(found)


def test_starred_only_and_the_api(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    number = story(world, settings, tmp_path)
    api = api_client(world.bo)
    starred = json.loads(body(api.get(f"/api/v1/incidents/{number}/export/?as=json&starred=1")))
    assert [entry["seq"] for entry in starred["entries"]] == [2]
    assert body(api.get(f"/api/v1/incidents/{number}/export/?as=md")).startswith("# #")
    refused = api.get(f"/api/v1/incidents/{number}/export/?as=pdf")
    assert (refused.status_code, refused.json()["errors"]) == (400, {"as": ["One of csv, json, md."]})
    answer = signed_in(world.bo).get(f"/incidents/{number}/export.md?starred=1")
    assert answer["Content-Disposition"] == f'attachment; filename="incident-{number}-starred.md"'
    assert answer["Cache-Control"] == "private, no-store"
    assert body(answer).count("- **") == 1


def test_who_may_have_it() -> None:
    world = make_world("members")
    number = declare(world).number
    found = {}
    for name in ("ada", "bo", "sam", "zoe", "root"):
        user = getattr(world, name)
        page, api = signed_in(user).get(f"/incidents/{number}/export.csv"), api_client(user)
        found[name] = (page.status_code, api.get(f"/api/v1/incidents/{number}/export/").status_code)
    assert found == {
        "ada": (200, 200),
        "bo": (200, 200),
        "sam": (404, 404),
        "zoe": (404, 404),
        "root": (200, 200),
    }
    assert signed_in(None).get(f"/incidents/{number}/export.csv").status_code == 302


def test_a_long_timeline_is_read_in_parts() -> None:
    world = make_world()
    incident = declare(world)
    rows = [
        TimelineEntry(
            incident=incident,
            seq=seq,
            kind="note",
            text=f"N{seq}",
            author_label="Ada",
            happened_at=START,
            written_at=START,
        )
        for seq in range(2, 1202)
    ]
    TimelineEntry.objects.bulk_create(rows)
    Incident.objects.update(last_seq=1201)
    with CaptureQueriesContext(connection) as queries:
        text = get(world, incident.number, "csv")
    assert text.count("\r\n") == 1202
    assert sum("timelineentry" in query["sql"] for query in queries) == 3
