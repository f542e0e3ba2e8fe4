"""What a rotation, an override and a window must be. Reasons are sentences for the person who typed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from oncall.rota.model import (
    ON_HOLIDAYS,
    OVERRIDE_KINDS,
    UNITS,
    WEEKDAYS,
    FixedLayer,
    InvalidRota,
    InvalidWindow,
    Layer,
    Override,
    Restriction,
    Rotation,
)

FIRST_YEAR, LAST_YEAR = 1970, 2200
MAX_COUNT = {"hour": 8784, "day": 3660, "week": 520, "month": 120}
MAX_TURNS = 1000
MAX_TOGETHER = 100
MAX_RESTRICTIONS = 24
MAX_LAYER = 1000
MAX_QUERY = timedelta(days=400)
# 400 days from midnight to midnight may be longer than 400 * 24 hours by a clock change.
_CLOCK_CHANGE = timedelta(hours=2)


def validate(rotation: Rotation) -> dict[str, str]:
    """All that is wrong with a rotation as {field: reason}; empty when it may be saved."""
    errors = uncomputable(rotation)
    if errors:
        return errors
    if any(turn is not None and not turn for turn in rotation.members):
        errors["members"] = "every turn needs at least one person; use null for a turn that nobody serves"
    elif not any(rotation.members):
        errors["members"] = "must hold at least one turn with somebody in it"
    elif any(len(set(turn)) != len(turn) for turn in rotation.members if turn):
        errors["members"] = "nobody may be listed twice in one turn"
    begins = rotation.starts_at if rotation.serves_from is None else rotation.serves_from
    if rotation.ends_at is not None and rotation.ends_at <= begins:
        errors["ends_at"] = "must be after the time the rotation begins to serve"
    return errors


def uncomputable(rotation: Rotation) -> dict[str, str]:
    """The subset of faults from which no shifts can be computed, as {field: reason}.

    Stored rotations may have an empty turn (its people left): nobody serves it, and turns keep their
    numbers.
    """
    errors: dict[str, str] = {}
    for field, wall in (
        ("starts_at", rotation.starts_at),
        ("serves_from", rotation.serves_from),
        ("ends_at", rotation.ends_at),
    ):
        if (reason := _wall_fault(wall, optional=field != "starts_at")) is not None:
            errors[field] = reason
    if rotation.unit not in UNITS:
        errors["unit"] = f"must be one of {', '.join(UNITS)}"
    elif not _whole(rotation.count) or not 1 <= rotation.count <= MAX_COUNT[rotation.unit]:
        errors["count"] = f"must be a whole number from 1 to {MAX_COUNT[rotation.unit]}"
    if (reason := _members_fault(rotation.members)) is not None:
        errors["members"] = reason
    if not _days(rotation.by_day):
        errors["by_day"] = f"must hold days among {', '.join(WEEKDAYS)}, each once"
    elif rotation.by_day and rotation.unit == "hour":
        errors["by_day"] = "cannot be used with hourly turns"
    if rotation.week_start not in WEEKDAYS:
        errors["week_start"] = f"must be one of {', '.join(WEEKDAYS)}"
    if (reason := _restrictions_fault(rotation.restrictions)) is not None:
        errors["restrictions"] = reason
    if not _whole(rotation.layer) or abs(rotation.layer) > MAX_LAYER:
        errors["layer"] = f"must be a whole number from {-MAX_LAYER} to {MAX_LAYER}"
    if rotation.on_holidays not in ON_HOLIDAYS:
        errors["on_holidays"] = f"must be one of {', '.join(ON_HOLIDAYS)}"
    return errors


def validate_unstaffed(windows: object) -> dict[str, str]:
    """All that is wrong with a schedule's planned empty hours as {field: reason}."""
    reason = _restrictions_fault(windows)
    return {} if reason is None else {"unstaffed_hours": reason}


def validate_override(override: Override) -> dict[str, str]:
    """All that is wrong with an override as {field: reason}; empty when it may be saved."""
    errors: dict[str, str] = {}
    for field, instant in (("starts_at", override.starts_at), ("ends_at", override.ends_at)):
        if (reason := _instant_fault(instant)) is not None:
            errors[field] = reason
    if not errors and override.ends_at <= override.starts_at:
        errors["ends_at"] = "must be after starts_at"
    if override.kind not in OVERRIDE_KINDS:
        errors["kind"] = f"must be one of {', '.join(OVERRIDE_KINDS)}"
        return errors
    if override.kind == "remove" and override.user is not None:
        errors["user"] = "must be empty: remove takes somebody off and puts nobody on"
    elif override.kind != "remove" and override.user is None:
        errors["user"] = "say who serves"
    if override.kind in ("replace", "remove") and override.replaces is None:
        errors["replaces"] = "say who does not serve"
    elif override.kind == "replace" and override.replaces == override.user:
        errors["replaces"] = "must be somebody else than user"
    return errors


def require_computable(rotations: Iterable[Layer], overrides: Iterable[Override]) -> None:
    """Raise InvalidRota for the first rotation or override that cannot be computed."""
    for rotation in rotations:
        if not isinstance(rotation, FixedLayer) and (errors := uncomputable(rotation)):
            raise InvalidRota(errors)
    for override in overrides:
        if errors := validate_override(override):
            raise InvalidRota(errors)


def require_instant(at: datetime, field: str) -> None:
    """Raise InvalidWindow unless `at` is an aware instant in the years served."""
    if (reason := _instant_fault(at)) is not None:
        raise InvalidWindow({field: reason})


def require_window(start: datetime, end: datetime) -> None:
    """Raise InvalidWindow unless [start, end) is a window of aware instants of at most 400 days."""
    require_instant(start, "from")
    require_instant(end, "to")
    if end < start:
        raise InvalidWindow({"to": "must not be before from"})
    if end - start > MAX_QUERY + _CLOCK_CHANGE:
        raise InvalidWindow({"to": f"must be at most {MAX_QUERY.days} days after from"})


def _wall_fault(wall: object, *, optional: bool) -> str | None:
    if wall is None and optional:
        return None
    if not isinstance(wall, datetime) or wall.tzinfo is not None:
        return "must be a local time without a zone"
    return _year_fault(wall)


def _instant_fault(instant: object) -> str | None:
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        return "must be a time with a zone"
    return _year_fault(instant)


def _year_fault(when: datetime) -> str | None:
    if FIRST_YEAR <= when.year <= LAST_YEAR:
        return None
    return f"must be in the years {FIRST_YEAR} to {LAST_YEAR}"


def _members_fault(members: object) -> str | None:
    if not isinstance(members, tuple) or not members:
        return "must hold at least one turn"
    if len(members) > MAX_TURNS:
        return f"must hold at most {MAX_TURNS} turns"
    for turn in members:
        if turn is None:
            continue
        if not isinstance(turn, tuple) or not all(_whole(user) for user in turn):
            return "must be a list of turns, each a list of user ids or null"
        if len(turn) > MAX_TOGETHER:
            return f"a turn must hold at most {MAX_TOGETHER} people"
    return None


def _restrictions_fault(restrictions: object) -> str | None:
    if not isinstance(restrictions, tuple):
        return "must be a list"
    if len(restrictions) > MAX_RESTRICTIONS:
        return f"must be at most {MAX_RESTRICTIONS}"
    for restriction in restrictions:
        if not isinstance(restriction, Restriction):
            return "each needs from and to"
        if not _local_time(restriction.starts) or not _local_time(restriction.ends):
            return "from and to must be times of day without a zone"
        if not _days(restriction.days):
            return f"days must be among {', '.join(WEEKDAYS)}, each once"
    return None


def _local_time(value: object) -> bool:
    return isinstance(value, time) and value.tzinfo is None


def _days(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and all(isinstance(day, str) and day in WEEKDAYS for day in value)
        and len(set(value)) == len(value)
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
