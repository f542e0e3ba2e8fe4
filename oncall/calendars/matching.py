"""Who an event of a foreign calendar is about. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oncall.calendars.reading import Event

MAX_UNMATCHED = 50
_MAIL = re.compile(r"[^\s<>(),;:\"'@]{1,64}@[^\s<>(),;:\"'@]{1,255}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody an event can be about."""

    id: int
    name: str
    email: str


@dataclass
class Matched:
    """`stretches`: (person's id, event), once for each person. `unmatched`: texts that name nobody known."""

    stretches: list[tuple[int, Event]] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


def match(events: Iterable[Event], people: Iterable[Person], own: Mapping[str, int]) -> Matched:
    """The people of each event: by mail address of an attendee, else the summary, else the organizer.

    `own` says who a text means; it comes before everything else and may name somebody already known.
    Addresses count before names in a summary. A name that two people have matches neither.
    """
    rules = _Rules(list(people), own)
    found = Matched()
    unknown: Counter[str] = Counter()
    for event in events:
        ids = rules.ids(event)
        found.stretches += [(user, event) for user in ids]
        if not ids:
            unknown[rules.shown(event)] += 1
    found.unmatched = [text for text, _count in unknown.most_common(MAX_UNMATCHED)]
    return found


class _Rules:
    def __init__(self, people: list[Person], own: Mapping[str, int]) -> None:
        known = {person.id for person in people}
        self.by_mail = {person.email.lower(): person.id for person in people if person.email}
        self.own = {_plain(text): user for text, user in own.items() if user in known}
        names: dict[str, set[int]] = {}
        for person in people:
            names.setdefault(_plain(person.name), set()).add(person.id)
        self.by_name = {name: ids.copy().pop() for name, ids in names.items() if name and len(ids) == 1}
        # Longer names first: "Ana Maria" is not "Ana".
        ordered = sorted(self.by_name, key=lambda name: (-len(name), name))
        self.pattern = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)") if ordered else None
        )
        self.seen: dict[str, tuple[int, ...]] = {}

    def ids(self, event: Event) -> tuple[int, ...]:
        for text in (*event.attendees, event.summary):
            if (user := self.own.get(_plain(text))) is not None:
                return (user,)
        if found := self._mails(event.attendees):
            return found
        if event.summary not in self.seen:
            self.seen[event.summary] = self._summary(event.summary)
        return self.seen[event.summary] or self._mails((event.organizer,))

    def shown(self, event: Event) -> str:
        """What its owner is asked about: the summary, or the address where there is none."""
        return (event.summary or next(iter(event.attendees), "") or event.organizer)[:200]

    def _mails(self, mails: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.by_mail[mail] for mail in mails if mail in self.by_mail))

    def _summary(self, summary: str) -> tuple[int, ...]:
        if found := self._mails(mail.lower().strip(".") for mail in _MAIL.findall(summary)):
            return found
        if self.pattern is None:
            return ()
        return tuple(dict.fromkeys(self.by_name[name] for name in self.pattern.findall(_plain(summary))))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
