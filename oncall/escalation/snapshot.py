"""The policy as a run started with it: typed, versioned, independent of models and of any API shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

TargetType = Literal["user", "schedule", "team", "webhook"]
Serving = Literal["current", "next", "everyone"]
Pick = Literal["all", "round_robin", "fair"]
Hours = Literal["any", "night", "work", "awake"]

TARGET_TYPES: Final = ("user", "schedule", "team", "webhook")
SERVING: Final = ("current", "next", "everyone")
PICKS: Final = ("all", "round_robin", "fair")
HOURS: Final = ("any", "night", "work", "awake")
URGENCIES: Final = ("", "high", "low")
# Version 1 knew neither conditions nor picks: its snapshots read as steps without any.
VERSION: Final = 2
_READABLE: Final = (1, 2)
MAX_SEVERITY: Final = 4
MAX_DELAY_MINUTES: Final = 10080
MAX_REPEAT: Final = 100
MAX_STEPS: Final = 100
MAX_TARGETS: Final = 100


class SnapshotError(ValueError):
    """A policy that breaks the rules. `field` is its path (`steps[0].delay_minutes`), `reason` a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step pages: a user, the people of a schedule that `serving` means, the members of a team; or
    the outgoing webhook it calls."""

    type: TargetType
    id: int
    serving: Serving = "current"

    def __post_init__(self) -> None:
        _require_one_of("type", self.type, TARGET_TYPES)
        _require_whole("id", self.id, 1, None)
        _require_one_of("serving", self.serving, SERVING)


@dataclass(frozen=True, slots=True)
class Step:
    """Targets paged together, and the minutes to wait before the next step (0 to 10080, one week).

    `pick` one of the targets rather than all; `turn`: how many were picked in turn before this run.
    `urgency` "" and `severities` () mean always; for others the step is passed over. `hours` are of each
    person's own day. `backup` is paged in place of somebody on leave. `number` is the step people know
    (from 1; a backup's own rung shares it), 0 for the place in the list.
    """

    delay_minutes: int
    targets: tuple[Target, ...] = ()
    pick: Pick = "all"
    turn: int = 0
    urgency: str = ""
    severities: tuple[int, ...] = ()
    hours: Hours = "any"
    backup: int | None = None
    is_backup: bool = False
    number: int = 0

    def __post_init__(self) -> None:
        _require_whole("delay_minutes", self.delay_minutes, 0, MAX_DELAY_MINUTES)
        if len(self.targets) > MAX_TARGETS:
            raise SnapshotError("targets", f"must be at most {MAX_TARGETS}")
        _require_one_of("pick", self.pick, PICKS)
        _require_one_of("urgency", self.urgency, URGENCIES)
        _require_one_of("hours", self.hours, HOURS)
        _require_whole("turn", self.turn, 0, None)
        _require_whole("number", self.number, 0, MAX_STEPS)
        for severity in self.severities:
            _require_whole("severities", severity, 0, MAX_SEVERITY)
        if self.backup is not None:
            _require_whole("backup", self.backup, 1, None)


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """The steps of one round and how often the round is repeated after the first (0 to 100).

    Delays are relative to the step before, as in PagerDuty's escalation rules. `hold_low`: low urgency
    waits for the next shift while nobody serves in the first step's schedules.
    `acknowledge_timeout_minutes`: page again when still open so long after an acknowledge. Raises
    SnapshotError when built from values out of bounds.
    """

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0
    hold_low: bool = False
    acknowledge_timeout_minutes: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SnapshotError("name", "must be a text")
        _require_whole("repeat", self.repeat, 0, MAX_REPEAT)
        if len(self.steps) > MAX_STEPS:
            raise SnapshotError("steps", f"must be at most {MAX_STEPS}")
        if self.acknowledge_timeout_minutes is not None:
            _require_whole(
                "acknowledge_timeout_minutes", self.acknowledge_timeout_minutes, 1, MAX_DELAY_MINUTES
            )

    def number_of(self, index: int) -> int:
        """The number of a step as people know it."""
        return self.steps[index].number or index + 1

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object that `from_json` reads; what is as by default is left out of steps."""
        return {
            "version": VERSION,
            "name": self.name,
            "repeat": self.repeat,
            "hold_low": self.hold_low,
            "acknowledge_timeout_minutes": self.acknowledge_timeout_minutes,
            "steps": [_step_json(step) for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: object) -> PolicySnapshot:
        """The snapshot `to_json` made; SnapshotError for another version, a missing or a wrong field."""
        policy = _mapping("snapshot", data)
        version = _member(policy, "version", "version")
        if isinstance(version, bool) or version not in _READABLE:
            raise SnapshotError("version", f"must be {VERSION}")
        steps = _list("steps", _member(policy, "steps", "steps"))
        return cls(
            name=cast(str, _member(policy, "name", "name")),
            repeat=cast(int, _member(policy, "repeat", "repeat")),
            steps=tuple(_step(f"steps[{index}]", step) for index, step in enumerate(steps)),
            hold_low=policy.get("hold_low") is True,
            acknowledge_timeout_minutes=cast("int | None", policy.get("acknowledge_timeout_minutes")),
        )


_OPTIONAL: Final = ("pick", "turn", "urgency", "hours", "backup", "is_backup", "number")


def _step_json(step: Step) -> dict[str, Any]:
    plain = Step(0)
    found: dict[str, Any] = {
        "delay_minutes": step.delay_minutes,
        "targets": [_target_json(target) for target in step.targets],
    }
    if step.severities:
        found["severities"] = list(step.severities)
    return found | {
        name: getattr(step, name) for name in _OPTIONAL if getattr(step, name) != getattr(plain, name)
    }


def _target_json(target: Target) -> dict[str, Any]:
    found: dict[str, Any] = {"type": target.type, "id": target.id}
    return found if target.serving == "current" else found | {"serving": target.serving}


def _step(path: str, data: object) -> Step:
    step = _mapping(path, data)
    delay = _member(step, "delay_minutes", f"{path}.delay_minutes")
    targets = _list(f"{path}.targets", _member(step, "targets", f"{path}.targets"))
    found = tuple(_target(f"{path}.targets[{index}]", target) for index, target in enumerate(targets))
    severities = tuple(_list(f"{path}.severities", step.get("severities", [])))
    optional = {name: step[name] for name in _OPTIONAL if name in step}
    try:
        return Step(
            cast(int, delay), found, severities=cast("tuple[int, ...]", severities), **cast(Any, optional)
        )
    except SnapshotError as error:
        raise SnapshotError(f"{path}.{error.field}", error.reason) from error


def _target(path: str, data: object) -> Target:
    target = _mapping(path, data)
    kind, number = _member(target, "type", f"{path}.type"), _member(target, "id", f"{path}.id")
    serving = target.get("serving", "current")
    try:
        return Target(cast(TargetType, kind), cast(int, number), cast(Serving, serving))
    except SnapshotError as error:
        raise SnapshotError(f"{path}.{error.field}", error.reason) from error


def _mapping(path: str, data: object) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise SnapshotError(path, "must be an object")
    return data


def _list(path: str, data: object) -> list[object]:
    if not isinstance(data, list):
        raise SnapshotError(path, "must be a list")
    return data


def _member(data: Mapping[str, object], key: str, path: str) -> object:
    if key not in data:
        raise SnapshotError(path, "is missing")
    return data[key]


def _require_one_of(field: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SnapshotError(field, f"must be one of {', '.join(filter(None, known))}")


def _require_whole(field: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SnapshotError(field, f"must be a whole number from {least}")
    if most is not None and value > most:
        raise SnapshotError(field, f"must be at most {most}")
