"""The timeline as it is read: heads, gaps, folds, order, filters, visits, and what a page costs."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from incidents import actions
from incidents.models import Incident, IncidentVisit, TimelineEntry
from incidents.record import Query, cursor_of, matching, moment_of, page_of
from incidents.timeline import Bands, Day, Fold, Gap, Hour, Row, bands_of, laid_out, overview
from tests.factories import signed_in
from tests.incidents.support import START, at_once, declare
from tests.world import make_world

MINUTE = dt.timedelta(minutes=1)
UTC = dt.UTC


class Entry:
    def __init__(self, minute: float, kind: str = "note", *, starred: bool = False) -> None:
        self.kind, self.starred = kind, starred
        self.data = {"quiet": True} if kind == "task" else {}
        self.happened_at = START + minute * MINUTE

    def __repr__(self) -> str:
        return f"{self.kind}@{(self.happened_at - START) / MINUTE:g}"


def shown(entries: list[Entry], **options: Any) -> list[str]:
    """The layout in words; entries are given newest first."""
    options = {"bands": Bands(), "zone": UTC, **options}
    found = []
    for item in laid_out(entries, **options):
        match item:
            case Day(at):
                found.append(f"day {at.astimezone(options['zone']):%d}")
            case Hour(at):
                found.append(f"hour {at.astimezone(options['zone']):%H}")
            case Gap(length):
                found.append(f"gap {length / MINUTE:g}")
            case Row(entry, severity):
                found.append(f"{entry!r}" + (f" sev {severity}" if severity is not None else ""))
            case Fold(rows):
                found.append(f"fold {[row.entry for row in rows]}")
    return found


@pytest.mark.parametrize(
    ("entries", "options", "expected"),
    [
        ([], {}, []),
        ([Entry(0)], {}, ["day 20", "note@0"]),
        ([Entry(5), Entry(0)], {}, ["day 20", "note@5", "note@0"]),
        ([Entry(10), Entry(0)], {}, ["day 20", "note@10", "note@0"]),
        ([Entry(11), Entry(0)], {}, ["day 20", "note@11", "gap 11", "note@0"]),
        ([Entry(11), Entry(0)], {"active_until": START}, ["day 20", "note@11", "note@0"]),
        ([Entry(11), Entry(0)], {"gaps": False}, ["day 20", "note@11", "note@0"]),
        ([Entry(60), Entry(55)], {}, ["day 20", "note@60", "hour 03", "note@55"]),
        (
            [Entry(2, "page_sent"), Entry(1, "task"), Entry(0)],
            {},
            ["day 20", "fold [page_sent@2, task@1]", "note@0"],
        ),
        ([Entry(2, "page_sent"), Entry(1)], {}, ["day 20", "page_sent@2", "note@1"]),
        (
            [Entry(2, "page_sent"), Entry(1, "task", starred=True), Entry(0, "task")],
            {},
            ["day 20", "page_sent@2", "task@1", "task@0"],
        ),
        ([Entry(2, "task"), Entry(1, "task")], {"fold": False}, ["day 20", "task@2", "task@1"]),
        (
            [Entry(3, "task"), Entry(-200, "task")],
            {},
            ["day 20", "task@3", "gap 203", "day 19", "task@-200"],
        ),
        ([Entry(1)], {"after": START + 20 * MINUTE}, ["gap 19", "note@1"]),
    ],
)
def test_the_layout(entries: list[Entry], options: dict[str, Any], expected: list[str]) -> None:
    assert shown(entries, **options) == expected


def test_days_and_hours_are_the_viewers() -> None:
    """03:00 UTC is 22:00 of the day before in New York, and half past eight in Kolkata."""
    entries = [Entry(31), Entry(0)]
    assert shown(entries, zone=ZoneInfo("America/New_York"), gaps=False) == ["day 19", "note@31", "note@0"]
    assert shown(entries, zone=ZoneInfo("Asia/Kolkata"), gaps=False) == [
        "day 20",
        "note@31",
        "hour 08",
        "note@0",
    ]


def test_the_edge_has_the_severity_in_force_then() -> None:
    bands = bands_of([(START + 5 * MINUTE, None, 2), (START + 8 * MINUTE, 2, 0)])
    entries = [Entry(9), Entry(7), Entry(5), Entry(1)]
    assert shown(entries, bands=bands) == ["day 20", "note@9 sev 0", "note@7 sev 2", "note@5 sev 2", "note@1"]
    assert bands_of([(START, 1, 0)]).at(START - MINUTE) == 1


def test_the_overview_bar() -> None:
    marks = [
        ("declared", START, 1),
        ("alert_attached", START + 30 * MINUTE, 2),
        ("alert_attached", START + 30 * MINUTE, 3),
        ("update_sent", START + 60 * MINUTE, 4),
    ]
    bands = bands_of([(START + 30 * MINUTE, None, 1)])
    bar = overview(marks, bands, since=START, until=START + 60 * MINUTE)
    assert bar is not None
    assert [(tick.what, tick.x, tick.seq) for tick in bar.ticks] == [
        ("state", 0, 1),
        ("alert", 500, 2),
        ("update", 1000, 4),
    ]
    assert [(band.x, band.width, band.severity) for band in bar.bands] == [(0, 500, None), (500, 500, 1)]
    assert overview(marks, bands, since=START, until=START) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-20T03:00:00Z", START),
        ("2026-11-20T03:00", START),
        ("2026-11-20T04:00:00+01:00", START),
        ("2026-11-20T04:00:00 01:00", START),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-45T00:00:00Z", None),
        ("soon", None),
        ("", None),
    ],
)
def test_moments_of_addresses(text: str, found: dt.datetime | None) -> None:
    assert moment_of(text) == found


def fill(incident: Incident, many: int, **fields: Any) -> list[TimelineEntry]:
    """Notes of one minute each after the start, the last ones newest."""
    first = incident.last_seq + 1
    rows = [
        TimelineEntry(
            **{
                "incident": incident,
                "seq": first + index,
                "kind": "note",
                "text": f"Note {index}",
                "author_label": "Ada",
                "happened_at": START + index * MINUTE,
                "written_at": START + index * MINUTE,
                **fields,
            }
        )
        for index in range(many)
    ]
    incident.last_seq += many
    incident.save(update_fields=["last_seq"])
    return TimelineEntry.objects.bulk_create(rows)


def page(client: Any, number: int, query: str = "") -> str:
    text: str = client.get(f"/incidents/{number}/{query}").content.decode()
    return text


def seqs(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="entry-(\d+)"', html)]


@pytest.mark.django_db
def test_pages_by_time_lose_and_repeat_nothing_when_times_are_equal() -> None:
    incident = declare(make_world())
    fill(incident, 50, happened_at=START)
    found: list[int] = []
    cursor = ""
    for _page in range(20):
        part = page_of(incident, Query(cursor=cursor), size=7)
        found += [entry.seq for entry in part.entries]
        cursor = part.cursor
        if not cursor:
            break
    assert sorted(found) == list(range(1, 52))
    assert found[1:] == list(range(51, 1, -1))
    assert page_of(incident, Query(cursor="x" * 60)).entries[0].seq == 1
    assert page_of(incident, Query(cursor="9" * 17 + "-1")).entries


@pytest.mark.django_db
def test_a_backdated_entry_stands_where_it_happened_and_says_that_it_is_late() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(30 * MINUTE)
        actions.add_note(actor=bo, number=number, text="Second")
        actions.add_note(actor=bo, number=number, text="First", happened_at=START + 10 * MINUTE)
        html = page(signed_in(world.bo), number)
    assert seqs(html) == [2, 3, 1]
    assert html.count("added late") == 1
    assert "20 min without entry" in html


@pytest.mark.django_db
def test_filters_search_and_stretch_live_in_the_address() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        travel.shift(5 * MINUTE)
        note = actions.add_note(actor=bo, number=number, text="Gateway <502>")
        actions.add_note(
            actor=bo, number=number, text="Graph", evidence_link="https://graphs.example.com/x?a=1&b=2"
        )
        travel.shift(5 * MINUTE)
        actions.set_severity(actor=bo, number=number, severity=1)
        actions.star_entry(actor=bo, number=number, seq=note.seq, starred=True)
        browser = signed_in(world.bo)
        every = sorted(seqs(page(browser, number)))
        severity = TimelineEntry.objects.get(incident__number=number, kind="severity").seq
        found = {
            query: sorted(seqs(page(browser, number, query)))
            for query in (
                "?tl=state",
                "?tl=starred",
                "?tl=evidence",
                "?tl=people&tl=state",
                "?tlq=%3C502%3E",
                "?tlq=nothing-of-that",
                "?tl=unheard",
                "?from=2026-11-20T03:09:00Z",
                "?to=2026-11-20T03:01:00Z",
            )
        }
    states = sorted(seq for seq in every if seq not in (2, 3) and seq <= severity)
    assert found["?tl=starred"] == [2]
    assert found["?tl=evidence"] == [3]
    assert found["?tlq=%3C502%3E"] == [2]
    assert found["?tlq=nothing-of-that"] == []
    assert found["?tl=unheard"] == every
    assert found["?to=2026-11-20T03:01:00Z"] == [1]
    assert severity in found["?from=2026-11-20T03:09:00Z"]
    assert set(found["?tl=state"]) == set(states)
    assert set(found["?tl=people&tl=state"]) == {*states, 2, 3}


@pytest.mark.django_db
def test_a_filtered_page_takes_no_live_rows_and_reads_itself_anew() -> None:
    world = make_world()
    number = declare(world).number
    browser = signed_in(world.bo)
    whole, some = page(browser, number), page(browser, number, "?tl=state")
    assert 'id="timeline-rows" data-list data-live-topic' in whole
    assert 'id="timeline-rows" data-list>' in some
    source = re.search(r'<wb-timeline [^>]*src="([^"]+)"', some)
    assert source is not None
    assert source[1].endswith("fragment/timeline/?tl=state")
    assert seqs(browser.get(source[1]).content.decode()) == seqs(some)


@pytest.mark.django_db
def test_read_anew_it_keeps_the_rows_it_had_and_adds_what_came() -> None:
    world = make_world()
    incident = declare(world)
    fill(incident, 60)
    browser = signed_in(world.bo)
    before = page(browser, incident.number)
    source = re.search(r'<wb-timeline [^>]*src="([^"]+)"', before)
    assert source is not None
    with time_machine.travel(START + 3 * 60 * MINUTE, tick=False):
        actions.add_note(actor=world.actor("ada"), number=incident.number, text="New")
    after = seqs(browser.get(source[1].replace("&amp;", "&")).content.decode())
    assert len(seqs(before)) == 30
    assert set(after) == {*seqs(before), incident.last_seq + 1}


@pytest.mark.django_db
def test_at_begins_at_an_entry() -> None:
    world = make_world()
    incident = declare(world)
    rows = fill(incident, 90)
    html = page(signed_in(world.bo), incident.number, f"?at={rows[10].seq}")
    assert max(seqs(html)) == rows[10].seq
    assert "Show everything" in html
    assert seqs(page(signed_in(world.bo), incident.number, "?at=99999"))[0] in (1, rows[-1].seq)


@pytest.mark.django_db
def test_older_rows_follow_without_a_hole_with_and_without_script() -> None:
    world = make_world()
    incident = declare(world)
    fill(incident, 70)
    browser = signed_in(world.bo)
    first = page(browser, incident.number)
    address = re.search(r'class="tl-more"><a [^>]*href="([^"]+)"', first)
    assert address is not None
    url = address[1].replace("&amp;", "&")
    rest = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    alone = browser.get(url).content.decode()
    assert sorted(seqs(first) + seqs(rest)) == list(range(1, 72))
    assert seqs(alone) == seqs(rest)
    assert "<html" in alone
    assert "<html" not in rest


@pytest.mark.django_db
def test_since_you_were_last_here() -> None:
    world = make_world()
    ada, bo = world.actor("ada"), world.actor("bo")
    with time_machine.travel(START, tick=False) as travel:
        number = declare(world).number
        browser = signed_in(world.bo)
        assert "since you were last here" not in page(browser, number)
        visit = IncidentVisit.objects.get()
        assert (visit.user, visit.seq, visit.seen_at) == (world.bo, 1, START)
        actions.add_note(actor=bo, number=number, text="My own")
        actions.set_severity(actor=ada, number=number, severity=1)
        travel.shift(30 * dt.timedelta(seconds=1))
        html = page(browser, number)
        assert "1 entry since you were last here" in html or "entries since you were last here" in html
        assert IncidentVisit.objects.get().seen_at == START
        travel.shift(MINUTE)
        assert "since you were last here" in page(browser, number)
        assert IncidentVisit.objects.get().seq == Incident.objects.get().last_seq
        assert "since you were last here" not in page(browser, number)
    assert "since you were last here" not in page(signed_in(world.ada), number)


@pytest.mark.django_db
def test_quiet_rows_are_folded_on_the_page_and_stand_alone_when_filtered() -> None:
    world = make_world()
    incident = declare(world)
    fill(incident, 3, kind="page_sent", author_label="Escalation", data={"people": ["Bo"]})
    browser = signed_in(world.bo)
    assert "3 automatic events" in page(browser, incident.number)
    assert "automatic events" not in page(browser, incident.number, "?tl=pages")


@pytest.mark.django_db
def test_a_page_costs_the_same_with_three_entries_and_with_a_thousand() -> None:
    world = make_world()
    few, many = declare(world), declare(world)
    fill(few, 2)
    fill(many, 1000)
    browser = signed_in(world.bo)
    counts = []
    for incident in (few, many):
        page(browser, incident.number)
        with CaptureQueriesContext(connection) as queries:
            page(browser, incident.number)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_order_is_served_by_an_index() -> None:
    incident = declare(make_world())
    rows = fill(incident, 5)
    assert next(entry.seq for entry in matching(incident, Query())[:5]) in (rows[-1].seq, 1)
    assert (
        cursor_of(rows[0]) == f"{int((START - dt.datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())}000000-2"
    )


@pytest.mark.django_db(transaction=True)
def test_fifty_notes_at_once_keep_order_and_count() -> None:
    world = make_world()
    number = declare(world).number
    people = [world.actor("ada"), world.actor("bo")]
    now = clock.now()

    def note(index: int) -> TimelineEntry:
        return actions.add_note(
            actor=people[index % 2], number=number, text=f"Note {index}", key=f"key-{index}", now=now
        )

    found = at_once([lambda index=index: note(index) for index in range(50)])
    assert [each for each in found if isinstance(each, Exception)] == []
    rows = TimelineEntry.objects.filter(incident__number=number, kind="note").order_by("seq")
    assert sorted(row.text for row in rows) == sorted(f"Note {index}" for index in range(50))
    assert [row.seq for row in rows] == list(range(2, 52))
    assert Incident.objects.get(number=number).last_seq == 51
