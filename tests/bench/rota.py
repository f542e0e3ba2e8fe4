"""Measurements of schedules: far ahead, many at once, and a foreign calendar coming in."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from oncall import loading, selectors
from oncall.actions.external import add_calendar
from oncall.calendars.boxed import read_boxed
from oncall.calendars.keeping import AHEAD, BACK
from oncall.models import ImportedShift, Rotation, Schedule
from tests.bench.ground import Ground
from tests.factories import actor_of, make_team, make_user

Rows = Iterator[tuple[str, str, str]]
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "UTC")
LAYERS: tuple[dict[str, Any], ...] = (
    {"unit": "week"},
    {"unit": "day", "restrictions": [{"from": "18:00", "to": "08:00"}]},
    {"unit": "day", "by_day": ["sa", "su"]},
    {"unit": "week", "restrictions": [{"from": "12:00", "to": "13:00", "days": ["mo", "we", "fr"]}]},
    {"unit": "month", "on_holidays": "only", "holiday_region": "DE-BY"},
)


def _rotations(schedule: Schedule, users: list[int], layers: int) -> list[Rotation]:
    return [
        Rotation(
            schedule=schedule,
            name=f"Layer {layer}",
            layer=layer,
            starts_at="2026-01-05T09:00",
            members=[[user] for user in users],
            **LAYERS[layer],
        )
        for layer in range(layers)
    ]


def _timed(label: str, aim: str, work: Callable[[], Any], times: int) -> Rows:
    """Two rows: the median of the wall time, and the least CPU time, which other work on the machine spares."""
    walls, cpus = [], []
    work()
    for _again in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    yield f"{label}, median ms", f"{statistics.median(walls) * 1000:.0f}", aim
    yield f"{label}, CPU ms", f"{min(cpus) * 1000:.0f}", ""


def far_ahead(_ground: Ground) -> Rows:
    """Final shifts of one schedule with five layers over 52 weeks."""
    team = make_team("Bench rota")
    users = [make_user(f"Far {number}").pk for number in range(8)]
    schedule = Schedule.objects.create(team=team, name="Far", timezone="Europe/Berlin")
    Rotation.objects.bulk_create(_rotations(schedule, users, 5))
    start = clock.now()
    end = start + dt.timedelta(weeks=52)
    item = loading.load([schedule], start=start, end=end)[schedule.pk]
    yield "rows", str(len(item.shifts(start, end))), ""
    yield from _timed("final shifts, 5 layers, 52 weeks", "< 20", lambda: item.shifts(start, end), 20)


def many_at_once(_ground: Ground) -> Rows:
    """Who is on call now in 1,000 schedules of two layers, from the database."""
    team = make_team("Bench many")
    users = [make_user(f"Many {number}").pk for number in range(50)]
    schedules = Schedule.objects.bulk_create(
        Schedule(team=team, name=f"Many {number}", timezone=ZONES[number % len(ZONES)])
        for number in range(1000)
    )
    Rotation.objects.bulk_create(
        rotation
        for number, schedule in enumerate(schedules)
        for rotation in _rotations(schedule, [users[number % 50], users[(number + 7) % 50]], 2)
    )
    ids = [schedule.pk for schedule in schedules]
    now = clock.now()
    yield from _timed("on call now, 1,000 schedules", "< 300", lambda: selectors.on_call_users(ids, now), 7)


def calendar_in(_ground: Ground) -> Rows:
    """A calendar of 5,000 events, every tenth a series, read and kept."""
    person = make_user("Bench caller")
    team = make_team("Bench calendar", manager=person)
    schedule = Schedule.objects.create(team=team, name="Mirror", timezone="Europe/Berlin")
    now = clock.now()
    content = _calendar(now, person.email)

    def box() -> None:
        read_boxed(content, now - BACK, now + AHEAD, ZoneInfo("Europe/Berlin"))

    yield from _timed("ICS of 5,000 events read in its own process", "< 2000", box, 3)
    started = time.perf_counter()
    add_calendar(actor=actor_of(person), name="x", schedule_id=schedule.pk, content=content)
    yield "ICS of 5,000 events imported, ms", f"{(time.perf_counter() - started) * 1000:.0f}", "< 2000"
    yield "shifts kept", str(ImportedShift.objects.filter(calendar__schedule=schedule).count()), ""


def _calendar(now: dt.datetime, email: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bench//EN"]
    for number in range(5000):
        begins = now + dt.timedelta(hours=number * 7 % 7200)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}@bench",
            f"DTSTART;TZID=Europe/Berlin:{begins:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Europe/Berlin:{begins + dt.timedelta(hours=8):%Y%m%dT%H%M%S}",
            f"SUMMARY:On call {number}",
            f"ATTENDEE;CN=P:mailto:{email}",
            *(["RRULE:FREQ=WEEKLY;COUNT=8"] if number % 10 == 0 else []),
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


ALL = (far_ahead, many_at_once, calendar_in)
