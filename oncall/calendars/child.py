"""The program that reads one calendar and ends: `python -m oncall.calendars.child` (see `boxed`).

In: a line of JSON (`start`, `end`, `zone`, `seconds`), then the bytes. Out: JSON with `events` and `name`, or
`refused`, a sentence.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
from zoneinfo import ZoneInfo

from oncall.calendars.reading import read
from oncall.calendars.text import Unreadable

_MEMORY = 768 * 1024 * 1024


def main() -> None:
    head = json.loads(sys.stdin.buffer.readline())
    seconds = int(head["seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    start, end = (dt.datetime.fromisoformat(head[name]) for name in ("start", "end"))
    try:
        found = read(sys.stdin.buffer.read(), start, end, ZoneInfo(head["zone"]))
    except Unreadable as error:
        answer: dict[str, object] = {"refused": str(error)}
    except (MemoryError, RecursionError):
        answer = {"refused": "The calendar needs too much memory to be read."}
    else:
        events = [
            [
                each.uid,
                each.start.isoformat(),
                each.end.isoformat(),
                each.summary,
                each.attendees,
                each.organizer,
            ]
            for each in found.events
        ]
        answer = {"events": events, "name": found.name}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
