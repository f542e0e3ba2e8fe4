"""The zone that a TZID means: an IANA name, a path that ends with one, or a name of Windows."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=1024)
def zone_named(name: str, location: str = "") -> ZoneInfo | None:
    """The zone, looked for under its name, then under the `location` its VTIMEZONE gives; None for neither."""
    parts = name.strip("/ ").split("/")
    candidates = [name, *("/".join(parts[-count:]) for count in (3, 2, 1)), location]
    for candidate in candidates:
        if (zone := _known(candidate)) is not None:
            return zone
    return _known(_windows(name))


def _known(name: str) -> ZoneInfo | None:
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _windows(name: str) -> str:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return str(WINDOWS_TO_OLSON.get(name.strip(), ""))
