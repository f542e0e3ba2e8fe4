"""Incidents in Django admin: inspection everywhere, set-up where an admin may change it."""

from incidents.admin import (
    communications,
    playbooks,
    record,
    roles,
    runbooks,
    setup,
    tasks,
    timeline,
    trackers,
)

__all__ = [
    "communications",
    "playbooks",
    "record",
    "roles",
    "runbooks",
    "setup",
    "tasks",
    "timeline",
    "trackers",
]
