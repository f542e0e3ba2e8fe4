"""Facts about incidents that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass


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


Signals = Callable[[Collection[int]], list[Signal]]
FollowUpsOf = Callable[[int], FollowUps]
_signals: list[Signals] = []
_follow_ups: list[FollowUpsOf] = []


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
