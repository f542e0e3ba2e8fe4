"""The verbs of an incident. Pages, API, replies, chat and rules all call these."""

from incidents.actions.acknowledge import Acknowledged, PassedOn, acknowledge, pass_on, snooze
from incidents.actions.merging import merge, unmerge
from incidents.actions.notes import add_note, edit_entry, redact_entry, star_entry
from incidents.actions.opening import declare_incident, open_from_alert
from incidents.actions.paging import page
from incidents.actions.roles import assign_role, fill_role
from incidents.actions.severity import set_impact, set_severity
from incidents.actions.status import reopen, resolve, set_status
from incidents.actions.updates import post_update
from incidents.actions.visibility import set_visibility

__all__ = [
    "Acknowledged",
    "PassedOn",
    "acknowledge",
    "add_note",
    "assign_role",
    "declare_incident",
    "edit_entry",
    "fill_role",
    "merge",
    "open_from_alert",
    "page",
    "pass_on",
    "post_update",
    "redact_entry",
    "reopen",
    "resolve",
    "set_impact",
    "set_severity",
    "set_status",
    "set_visibility",
    "snooze",
    "star_entry",
    "unmerge",
]
