"""Facts about services that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from teams.actor import Actor


@dataclass(frozen=True)
class OpenIncident:
    """An open incident on a service, as the catalog shows it. `condition`: of the service in it."""

    number: int
    title: str
    status: str
    severity: int | None
    url_path: str
    condition: str = ""
    drill: bool = False


class Outage(NamedTuple):
    """A service was not well: half-open, `end` None while it lasts. `condition`: unavailable or degraded."""

    start: dt.datetime
    end: dt.datetime | None
    condition: str
    number: int


class Budget(NamedTuple):
    """The state of a service's objective that has the least budget left. `tone`: ok, warn or danger."""

    text: str
    tone: str
    url: str


class ReadinessCheck(NamedTuple):
    """One line of a service's readiness. `ok` None: does not apply. `url`: where it can be put right, or ""."""

    key: str
    label: str
    ok: bool | None
    detail: str
    url: str = ""


OpenIncidents = Callable[[Sequence[int] | None, Actor], dict[int, list[OpenIncident]]]
Outages = Callable[[Sequence[int], Actor, dt.datetime, dt.datetime], dict[int, list[Outage]]]
LastIncidents = Callable[[Sequence[int], Actor], dict[int, dt.datetime]]
Budgets = Callable[[Sequence[int], Actor], dict[int, Budget]]
Readiness = Callable[[Sequence[int], Actor, dt.datetime], dict[int, ReadinessCheck]]

Moved = Callable[[Sequence[int]], None]

_open_incidents: list[OpenIncidents] = []
_outages: list[Outages] = []
_last_incidents: list[LastIncidents] = []
_budgets: list[Budgets] = []
_readiness: dict[str, Readiness] = {}
_moved: list[Moved] = []


def register_open_incidents(provider: OpenIncidents) -> None:
    """Set who answers `open_incidents`; one provider."""
    _open_incidents[:] = [provider]


def open_incidents(service_ids: Sequence[int] | None, actor: Actor) -> dict[int, list[OpenIncident]]:
    """Service id → open incidents the actor may see, in one statement; services without any are absent.

    None asks about every service.
    """
    return _open_incidents[0](service_ids, actor) if _open_incidents else {}


def register_outages(provider: Outages) -> None:
    """Set who answers `outages`; one provider."""
    _outages[:] = [provider]


def outages(
    service_ids: Sequence[int], actor: Actor, since: dt.datetime, until: dt.datetime
) -> dict[int, list[Outage]]:
    """Service id → when it was not well between these instants, by the impact rows of real incidents; by start."""
    return _outages[0](service_ids, actor, since, until) if _outages else {}


def register_last_incidents(provider: LastIncidents) -> None:
    """Set who answers `last_incidents`; one provider."""
    _last_incidents[:] = [provider]


def last_incidents(service_ids: Sequence[int], actor: Actor) -> dict[int, dt.datetime]:
    """Service id → when its newest visible incident began, in one statement."""
    return _last_incidents[0](service_ids, actor) if _last_incidents else {}


def register_budgets(provider: Budgets) -> None:
    """Set who answers `budgets`; one provider."""
    _budgets[:] = [provider]


def budgets(service_ids: Sequence[int], actor: Actor) -> dict[int, Budget]:
    """Service id → how its objectives do, in one statement; services without a measured one are absent."""
    return _budgets[0](service_ids, actor) if _budgets else {}


def register_readiness(key: str, provider: Readiness) -> None:
    """Add a line to every service's readiness; the same key again replaces."""
    _readiness[key] = provider


def readiness(
    service_ids: Sequence[int], actor: Actor, now: dt.datetime
) -> dict[str, dict[int, ReadinessCheck]]:
    """What the other rooms say of the readiness of these services: key → service id → line."""
    return {key: provider(service_ids, actor, now) for key, provider in _readiness.items()}


def register_moved(follower: Moved) -> None:
    """Set who answers `moved`; one follower."""
    _moved[:] = [follower]


def moved(service_ids: Sequence[int]) -> None:
    """These services belong to another team now: what watches them follows, in the caller's transaction."""
    if service_ids:
        for follower in _moved:
            follower(service_ids)
