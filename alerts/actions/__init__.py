"""Changing integrations, rules, silences and windows; snoozing an alert; rehearsing a page."""

from alerts.actions.alerting import set_alerting
from alerts.actions.holding import add_silence, add_window, end_silence, end_window
from alerts.actions.integrations import (
    add_key,
    create_integration,
    delete_integration,
    retire_key,
    set_active,
    update_integration,
)
from alerts.actions.notes import add_alert_note, may_write
from alerts.actions.receiving import confirm_subscription, replay, send_test
from alerts.actions.rehearsal import rehearse
from alerts.actions.rules import delete_rule, draft_rule, move_rule, save_rule, step_rule
from alerts.actions.snoozing import snooze_alert

__all__ = [
    "add_alert_note",
    "add_key",
    "add_silence",
    "add_window",
    "confirm_subscription",
    "create_integration",
    "delete_integration",
    "delete_rule",
    "draft_rule",
    "end_silence",
    "end_window",
    "may_write",
    "move_rule",
    "rehearse",
    "replay",
    "retire_key",
    "save_rule",
    "send_test",
    "set_active",
    "set_alerting",
    "snooze_alert",
    "step_rule",
    "update_integration",
]
