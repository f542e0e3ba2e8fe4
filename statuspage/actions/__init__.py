"""Changing status pages. Every change that customers can see publishes a new snapshot in its transaction."""

from statuspage.actions.approving import approve_words, edit_update, refuse_words
from statuspage.actions.backfilling import backfill
from statuspage.actions.components import (
    add_component,
    add_group,
    arrange,
    edit_component,
    edit_group,
    remove_component,
    remove_group,
    set_component_status,
)
from statuspage.actions.maintenance import cancel_work, move_work, work_due
from statuspage.actions.metrics import add_metric, push_points, remove_metric
from statuspage.actions.notices import create_notice, edit_notice, remove_notice, update_notice
from statuspage.actions.pages import (
    MAX_LOGO_BYTES,
    PageSettings,
    create_page,
    remove_page,
    set_logo,
    set_page,
)
from statuspage.actions.templates import filled, remove_template, save_template
from statuspage.actions.uptime import correct_uptime, withdraw_correction
from statuspage.actions.words import Window, Words

__all__ = [
    "MAX_LOGO_BYTES",
    "PageSettings",
    "Window",
    "Words",
    "add_component",
    "add_group",
    "add_metric",
    "approve_words",
    "arrange",
    "backfill",
    "cancel_work",
    "correct_uptime",
    "create_notice",
    "create_page",
    "edit_component",
    "edit_group",
    "edit_notice",
    "edit_update",
    "filled",
    "move_work",
    "push_points",
    "refuse_words",
    "remove_component",
    "remove_group",
    "remove_metric",
    "remove_notice",
    "remove_page",
    "remove_template",
    "save_template",
    "set_component_status",
    "set_logo",
    "set_page",
    "update_notice",
    "withdraw_correction",
    "work_due",
]
