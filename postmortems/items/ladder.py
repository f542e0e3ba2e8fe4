"""The reminder ladder of an action item: pure rules, no database.

Rungs are counted in days from the due date. A rung falls on its day, or on the next day the owner works; it is sent
between 9 and 18 o'clock by the wall clock of whoever gets it. What was missed is not made up for: only the newest rung
that was reached is sent, and never two on one day of the owner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

BEFORE, DUE, AFTER, LEAD = "before", "due", "after", "lead"
OWNER, BACKUP = "owner", "backup"

OFFSETS: Mapping[str, int] = {BEFORE: -7, DUE: 0, AFTER: 3, LEAD: 7}
ORDER = tuple(OFFSETS)
OPENS, CLOSES = dt.time(9), dt.time(18)
_ONE = dt.timedelta(days=1)
# Longer than any leave or row of holidays that is worth looking through.
_FAR = 800


@dataclass(frozen=True)
class Person:
    """When somebody works. `holidays`: dates, by `in`. `away`: leave as (start, end) instants. `gone`: has left."""

    zone: dt.tzinfo = dt.UTC
    holidays: Container[dt.date] = ()
    away: Sequence[tuple[dt.datetime, dt.datetime]] = ()
    gone: bool = False

    def today(self, at: dt.datetime) -> dt.date:
        """The date where the person lives."""
        return at.astimezone(self.zone).date()

    def morning(self, day: dt.date) -> dt.datetime:
        """9 o'clock of that day where the person lives, in UTC."""
        return dt.datetime.combine(day, OPENS, self.zone).astimezone(dt.UTC)

    def works_on(self, day: dt.date) -> bool:
        """Monday to Friday and no public holiday; leave does not count here."""
        return day.weekday() < 5 and day not in self.holidays

    def in_hours(self, at: dt.datetime) -> bool:
        """Within the working hours of a working day, on leave or not."""
        here = at.astimezone(self.zone)
        return self.works_on(here.date()) and OPENS <= here.time() < CLOSES

    def is_away(self, at: dt.datetime) -> bool:
        """On leave now or on this day's morning, or no longer here: who comes back at noon is back tomorrow."""
        morning = self.morning(self.today(at))
        return self.gone or any(start <= at < end or start <= morning < end for start, end in self.away)

    def at_work(self, at: dt.datetime) -> bool:
        return self.in_hours(at) and not self.is_away(at)

    def still_comes(self, now: dt.datetime) -> bool:
        """Whether there is a moment from now until the end of this working day at which they are at work."""
        return any(at >= now and self.at_work(at) for at in (now, *(end for _start, end in self.away)))

    def working_day(self, day: dt.date, *, present: bool = False) -> dt.date:
        """This day, or the next on which the person works; `present`: and is not on leave."""
        for _count in range(_FAR):
            if self.works_on(day) and not (present and self.is_away(self.morning(day))):
                return day
            day += _ONE
        return day


@dataclass(frozen=True)
class Case:
    """What is known of an item. `sent`: rungs sent for this due date. `last_sent_at`: of the item's latest reminder,
    whatever due date it was for."""

    due_on: dt.date
    sent: frozenset[str] = frozenset()
    last_sent_at: dt.datetime | None = None
    snoozed_until: dt.date | None = None


@dataclass(frozen=True)
class Sending:
    """`rung` goes out now to `to`: owner, backup or lead."""

    rung: str
    to: str


@dataclass(frozen=True)
class Step:
    """A rung for show. `state`: sent, skipped, coming. `at`: when it will be sent, for one that comes."""

    rung: str
    state: str
    at: dt.datetime | None = None
    to: str = OWNER


def day_of(rung: str, due_on: dt.date, owner: Person) -> dt.date:
    """The working day of the owner a rung falls on."""
    return owner.working_day(due_on + dt.timedelta(days=OFFSETS[rung]))


def reached(due_on: dt.date, owner: Person, today: dt.date) -> str:
    """The newest rung whose day has come, or ""."""
    return next((rung for rung in reversed(ORDER) if day_of(rung, due_on, owner) <= today), "")


def choose(case: Case, now: dt.datetime, owner: Person, backup: Person | None = None) -> Sending | None:
    """What is to be sent at this moment, if anything.

    While the owner is on leave the backup is reminded, by the backup's clock; without one it waits for the owner's
    first working morning. The last rung goes to the lead whether or not the owner is there.
    """
    today = owner.today(now)
    if case.snoozed_until is not None and today < case.snoozed_until:
        return None
    if case.last_sent_at is not None and owner.today(case.last_sent_at) >= today:
        return None
    rung = reached(case.due_on, owner, today)
    if not rung or _passed(rung, case.sent):
        return None
    if rung == LEAD:
        return Sending(rung, LEAD) if owner.in_hours(now) else None
    if not owner.is_away(now):
        return Sending(rung, OWNER) if owner.in_hours(now) else None
    return Sending(rung, BACKUP) if backup is not None and backup.at_work(now) else None


def steps(case: Case, now: dt.datetime, owner: Person, backup: Person | None = None) -> list[Step]:
    """The whole ladder for show, as it looks from now on: sent, skipped or when and to whom it will go.

    What comes is a forecast: a rung is left out once a later one is reached on the same day.
    """
    today = owner.today(now)
    earliest = max(today, case.snoozed_until or today)
    if owner.in_hours(now) is False and now.astimezone(owner.zone).time() >= CLOSES:
        earliest = max(earliest, today + _ONE)
    if case.last_sent_at is not None and owner.today(case.last_sent_at) >= earliest:
        earliest = owner.today(case.last_sent_at) + _ONE
    coming: list[Step] = []
    for rung in ORDER:
        if rung in case.sent:
            coming.append(Step(rung, "sent"))
        elif _passed(rung, case.sent):
            coming.append(Step(rung, "skipped"))
        else:
            day = owner.working_day(max(day_of(rung, case.due_on, owner), earliest))
            to = LEAD if rung == LEAD else OWNER
            late = day == today and now > owner.morning(day) and not owner.still_comes(now)
            if to == OWNER and (late or owner.is_away(owner.morning(day))):
                if backup is not None and not backup.is_away(owner.morning(day)):
                    to = BACKUP
                else:
                    day = owner.working_day(day + _ONE if late else day, present=True)
            coming.append(Step(rung, "coming", owner.morning(day), to))
    return [_overtaken(step, coming[place + 1 :]) for place, step in enumerate(coming)]


def _overtaken(step: Step, later: Sequence[Step]) -> Step:
    taken = step.at is not None and any(row.at is not None and row.at <= step.at for row in later)
    return Step(step.rung, "skipped", None, step.to) if taken else step


def _passed(rung: str, sent: frozenset[str]) -> bool:
    """Whether this rung or a later one was sent."""
    place = ORDER.index(rung)
    return any(ORDER.index(word) >= place for word in sent)
