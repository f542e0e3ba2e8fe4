"""Issue trackers: one folder each, behind the protocol in `base`. Nothing here writes to the database."""

from incidents.trackers.base import (
    Draft,
    HookNews,
    HookRefused,
    Place,
    RemoteComment,
    RemoteIssue,
    Tracker,
    TrackerError,
)
from incidents.trackers.registry import tracker_of

__all__ = [
    "Draft",
    "HookNews",
    "HookRefused",
    "Place",
    "RemoteComment",
    "RemoteIssue",
    "Tracker",
    "TrackerError",
    "tracker_of",
]
