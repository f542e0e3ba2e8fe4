"""Reading a foreign calendar in a process of its own, so that no content can hold a worker or fill its memory."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from oncall.calendars.reading import Event, Reading
from oncall.calendars.text import MAX_BYTES, Unreadable

SECONDS = 5
_ROOT = Path(__file__).resolve().parents[2]


def read_boxed(content: bytes, start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> Reading:
    """`reading.read` within five seconds and bounded memory; Unreadable when it takes more of either."""
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The calendar is larger than {MAX_BYTES // 1024 // 1024} MB.")
    head = {"start": start.isoformat(), "end": end.isoformat(), "zone": str(zone), "seconds": SECONDS}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "oncall.calendars.child"],
            input=json.dumps(head).encode() + b"\n" + content,
            capture_output=True,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("The calendar takes too long to read.") from None
    if done.returncode < 0:
        raise Unreadable("The calendar takes too long to read.")
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise Unreadable("The calendar cannot be read.") from None
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    events = [
        Event(
            uid,
            dt.datetime.fromisoformat(begins),
            dt.datetime.fromisoformat(ends),
            summary,
            tuple(attendees),
            organizer,
        )
        for uid, begins, ends, summary, attendees, organizer in answer["events"]
    ]
    return Reading(events, answer["name"])
