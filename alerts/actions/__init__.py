"""Changing integrations, silences and windows; snoozing an alert; rehearsing a page."""

from alerts.actions.holding import add_silence, add_window, end_silence, end_window
from alerts.actions.integrations import (
    add_key,
    create_integration,
    delete_integration,
    retire_key,
    set_active,
    update_integration,
)
from alerts.actions.rehearsal import rehearse
from alerts.actions.snoozing import snooze_alert

__all__ = [
    "add_key",
    "add_silence",
    "add_window",
    "create_integration",
    "delete_integration",
    "end_silence",
    "end_window",
    "rehearse",
    "retire_key",
    "set_active",
    "snooze_alert",
    "update_integration",
]
