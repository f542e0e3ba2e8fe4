"""Schedules for tests, in one line each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oncall.models import Rotation, Schedule
from teams.models import Team

START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def make_schedule(team: Team, name: str = "Primary", timezone: str = "UTC") -> Schedule:
    return Schedule.objects.create(team=team, name=name, timezone=timezone)


def make_rotation(schedule: Schedule, members: list[list[int] | None], **fields: Any) -> Rotation:
    """Turns from midnight of 16 November 2026 (a Monday) on, unless the fields say otherwise."""
    values = {"name": "Rotation", "starts_at": "2026-11-16T00:00", "unit": "day", **fields}
    return Rotation.objects.create(schedule=schedule, members=members, **values)
