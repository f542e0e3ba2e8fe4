"""The policy as a run started with it: typed, versioned, independent of models and of any API shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

TargetType = Literal["user", "schedule", "team"]

TARGET_TYPES: Final = ("user", "schedule", "team")
VERSION: Final = 1
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
    """Whom a step pages: a user, whoever a schedule has on call, or the members of a team."""

    type: TargetType
    id: int

    def __post_init__(self) -> None:
        if self.type not in TARGET_TYPES:
            raise SnapshotError("type", f"must be one of {', '.join(TARGET_TYPES)}")
        _require_whole("id", self.id, 1, None)


@dataclass(frozen=True, slots=True)
class Step:
    """Targets paged together, and the minutes to wait before the next step (0 to 10080, one week)."""

    delay_minutes: int
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        _require_whole("delay_minutes", self.delay_minutes, 0, MAX_DELAY_MINUTES)
        if len(self.targets) > MAX_TARGETS:
            raise SnapshotError("targets", f"must be at most {MAX_TARGETS}")


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """The steps of one round and how often the round is repeated after the first (0 to 100).

    Delays are relative to the step before, as in PagerDuty's escalation rules. Raises SnapshotError
    when built from values out of bounds.
    """

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SnapshotError("name", "must be a text")
        _require_whole("repeat", self.repeat, 0, MAX_REPEAT)
        if len(self.steps) > MAX_STEPS:
            raise SnapshotError("steps", f"must be at most {MAX_STEPS}")

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object: {version, name, repeat, steps: [{delay_minutes, targets: [{type, id}]}]}."""
        return {
            "version": VERSION,
            "name": self.name,
            "repeat": self.repeat,
            "steps": [
                {
                    "delay_minutes": step.delay_minutes,
                    "targets": [{"type": target.type, "id": target.id} for target in step.targets],
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, data: object) -> PolicySnapshot:
        """The snapshot `to_json` made; SnapshotError for another version, a missing or a wrong field."""
        policy = _mapping("snapshot", data)
        version = _member(policy, "version", "version")
        if isinstance(version, bool) or version != VERSION:
            raise SnapshotError("version", f"must be {VERSION}")
        steps = _list("steps", _member(policy, "steps", "steps"))
        return cls(
            name=cast(str, _member(policy, "name", "name")),
            repeat=cast(int, _member(policy, "repeat", "repeat")),
            steps=tuple(_step(f"steps[{index}]", step) for index, step in enumerate(steps)),
        )


def _step(path: str, data: object) -> Step:
    step = _mapping(path, data)
    delay = _member(step, "delay_minutes", f"{path}.delay_minutes")
    targets = _list(f"{path}.targets", _member(step, "targets", f"{path}.targets"))
    found = tuple(_target(f"{path}.targets[{index}]", target) for index, target in enumerate(targets))
    try:
        return Step(cast(int, delay), found)
    except SnapshotError as error:
        raise SnapshotError(f"{path}.{error.field}", error.reason) from error


def _target(path: str, data: object) -> Target:
    target = _mapping(path, data)
    kind, number = _member(target, "type", f"{path}.type"), _member(target, "id", f"{path}.id")
    try:
        return Target(cast(TargetType, kind), cast(int, number))
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


def _require_whole(field: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SnapshotError(field, f"must be a whole number from {least}")
    if most is not None and value > most:
        raise SnapshotError(field, f"must be at most {most}")
