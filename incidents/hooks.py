"""Facts about incidents that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from teams.actor import Actor


@dataclass(frozen=True)
class Signal:
    """How a service does in one region ("" when its alerts name none), by the alerts on it.

    `firing`: alerts that fire now. `quiet_since`: when the last one that fired here cleared; None while one
    fires.
    """

    service_id: int
    region: str
    firing: int
    quiet_since: dt.datetime | None


@dataclass(frozen=True)
class FollowUps:
    """What an incident leaves behind. `published`: None when it has no postmortem."""

    total: int = 0
    incomplete: int = 0
    published: bool | None = None


@dataclass(frozen=True)
class Budget:
    """What is left of a service's error budget, in words; `tone`: danger, warn or ok. `url`: where it is shown."""

    service: str
    sentence: str
    tone: str
    url: str


class Notices(Protocol):
    """What customers read about an incident."""

    def open_titles(self, incident_id: int) -> list[str]:
        """Titles of notices customers still see as open, in one statement."""

    def end(self, *, actor: Actor, incident_id: int, text: str, now: dt.datetime) -> None:
        """End them with these words, where the actor may; in the caller's transaction."""


Signals = Callable[[Collection[int]], list[Signal]]
FollowUpsOf = Callable[[int], FollowUps]
Budgets = Callable[["Actor", int], list[Budget]]
_signals: list[Signals] = []
_notices: list[Notices] = []
_follow_ups: list[FollowUpsOf] = []
_budgets: list[Budgets] = []


def register_signals(provider: Signals) -> None:
    """Set who answers `signals`; one provider."""
    _signals[:] = [provider]


def signals(service_ids: Collection[int]) -> list[Signal]:
    """One row for each service and region that has or lately had alerts, in one statement."""
    return _signals[0](service_ids) if _signals and service_ids else []


def register_follow_ups(provider: FollowUpsOf) -> None:
    """Set who answers `follow_ups`; one provider."""
    _follow_ups[:] = [provider]


def follow_ups(incident_id: int) -> FollowUps:
    """The incident's follow-ups and its postmortem."""
    return _follow_ups[0](incident_id) if _follow_ups else FollowUps()


def register_budgets(provider: Budgets) -> None:
    """Set who answers `budgets`; one provider."""
    _budgets[:] = [provider]


def budgets(actor: Actor, number: int) -> list[Budget]:
    """The error budgets of an incident's services that the actor may see, the least first, in one statement."""
    return _budgets[0](actor, number) if _budgets else []


def register_notices(provider: Notices) -> None:
    """Set who looks after what customers read; one provider."""
    _notices[:] = [provider]


def open_notices(incident_id: int) -> list[str]:
    """Titles of the notices customers still see as open."""
    return _notices[0].open_titles(incident_id) if _notices else []


def end_notices(*, actor: Actor, incident_id: int, text: str, now: dt.datetime) -> None:
    """End them with these words, in the caller's transaction."""
    if _notices:
        _notices[0].end(actor=actor, incident_id=incident_id, text=text, now=now)
