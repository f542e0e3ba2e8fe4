"""Facts about incidents that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
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


class AlertWords(Protocol):
    """What alerts say, and the conditions one can put on it. `facts`: labels by name, and the alert itself under
    `@title`, `@source`, `@severity` and `@urgency`."""

    def checked(self, line: str) -> str:
        """A line of conditions in its usual form; `InvalidInput` with the reason."""

    def hold(self, line: str, facts: Mapping[str, str]) -> bool:
        """Whether all conditions of the line hold; never for one that cannot be read."""

    def of_incident(self, incident_id: int) -> Sequence[Mapping[str, str]]:
        """The facts of its alerts, open ones first, the newest first; one statement."""


Signals = Callable[[Collection[int]], list[Signal]]
FollowUpsOf = Callable[[int], FollowUps]
Budgets = Callable[["Actor", int], list[Budget]]
FirstAlerts = Callable[[Collection[int]], dict[int, dt.datetime]]
_first_alerts: list[FirstAlerts] = []
_signals: list[Signals] = []
_notices: list[Notices] = []
_follow_ups: list[FollowUpsOf] = []
_budgets: list[Budgets] = []
_alert_words: list[AlertWords] = []


def register_signals(provider: Signals) -> None:
    """Set who answers `signals`; one provider."""
    _signals[:] = [provider]


def signals(service_ids: Collection[int]) -> list[Signal]:
    """One row for each service and region that has or lately had alerts, in one statement."""
    return _signals[0](service_ids) if _signals and service_ids else []


def register_first_alerts(provider: FirstAlerts) -> None:
    """Set who answers `first_alerts`; one provider."""
    _first_alerts[:] = [provider]


def first_alerts(service_ids: Collection[int]) -> dict[int, dt.datetime]:
    """Service id → when the oldest of its alerts that fire now began; services without any are absent."""
    return _first_alerts[0](service_ids) if _first_alerts and service_ids else {}


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


def register_alert_words(provider: AlertWords) -> None:
    """Set who knows what alerts say; one provider."""
    _alert_words[:] = [provider]


def checked_matcher(line: str) -> str:
    """A line of conditions on alerts in its usual form; `InvalidInput` with the reason."""
    return _alert_words[0].checked(line) if _alert_words else line


def matcher_holds(line: str, facts: Mapping[str, str]) -> bool:
    """Whether all conditions of the line hold of an alert."""
    return bool(_alert_words) and _alert_words[0].hold(line, facts)


def alert_facts(incident_id: int) -> Sequence[Mapping[str, str]]:
    """What the alerts of an incident say, open ones first, the newest first; one statement."""
    return _alert_words[0].of_incident(incident_id) if _alert_words else ()
