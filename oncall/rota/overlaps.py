"""One person on call in two schedules at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from oncall.rota.model import Doubled, Shift


def doubled(shifts: Mapping[int, Sequence[Shift]]) -> list[Doubled]:
    """Final shifts by schedule → where one person serves in two of them or more, by start and person."""
    edges: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    for schedule, rows in shifts.items():
        for row in rows:
            for user in row.users:
                edges[user].append((row.start, 1, schedule))
                edges[user].append((row.end, -1, schedule))
    found = [each for user in edges for each in _of_one(user, edges[user])]
    return sorted(found, key=lambda each: (each.start, each.user))


def _of_one(user: int, edges: list[tuple[datetime, int, int]]) -> list[Doubled]:
    found: list[Doubled] = []
    serving: set[int] = set()
    previous: datetime | None = None
    # Ends before beginnings: shifts that touch do not meet.
    for at, change, schedule in sorted(edges):
        if previous is not None and at > previous and len(serving) > 1:
            _add(found, Doubled(previous, at, user, tuple(sorted(serving))))
        previous = at
        if change > 0:
            serving.add(schedule)
        else:
            serving.discard(schedule)
    return found


def _add(found: list[Doubled], new: Doubled) -> None:
    last = found[-1] if found else None
    if last and (last.end, last.schedules) == (new.start, new.schedules):
        found[-1] = Doubled(last.start, new.end, new.user, new.schedules)
    else:
        found.append(new)
