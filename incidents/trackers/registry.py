from __future__ import annotations

from incidents.choices import TrackerKind
from incidents.trackers.base import Tracker
from incidents.trackers.github import GitHub

_TRACKERS: dict[str, Tracker] = {TrackerKind.GITHUB: GitHub()}


def tracker_of(kind: str) -> Tracker:
    """The tracker of a `TrackerKind`; KeyError for an unknown one."""
    return _TRACKERS[kind]
