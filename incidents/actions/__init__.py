"""The verbs of an incident. Pages, API, replies, chat and rules all call these."""

from incidents.actions.acknowledge import Acknowledged, PassedOn, acknowledge, pass_on, snooze
from incidents.actions.approvals import approve_update, reject_update
from incidents.actions.backups import set_role_backup, set_task_backup
from incidents.actions.causes import add_cause, edit_cause, has_confirmed_cause, set_cause_state
from incidents.actions.closing import give_feedback, resolve_with, set_workaround
from incidents.actions.commands import run_command
from incidents.actions.criteria import add_criterion, remove_criterion, tick_criterion
from incidents.actions.customer_import import apply_csv, apply_rows, plan_csv, plan_rows
from incidents.actions.customers import contact_customers, delete_contact, save_contact, withdraw_message
from incidents.actions.details import set_fields, set_type
from incidents.actions.evidence import add_evidence
from incidents.actions.experts import call_expert
from incidents.actions.follows import follow, unfollow
from incidents.actions.holds import hold, resume
from incidents.actions.impact import add_impact, add_impacts, edit_impact, end_impact, remove_impact
from incidents.actions.joining import call_role, join, leave
from incidents.actions.merging import merge, merge_several, unmerge
from incidents.actions.moving import move_on
from incidents.actions.notes import add_decision, add_note, edit_entry, redact_entry, star_entry
from incidents.actions.opening import declare_incident, open_from_alert
from incidents.actions.paging import page
from incidents.actions.playbooks import (
    create_playbook,
    edit_playbook,
    mark_tested,
    publish_version,
    retire_playbook,
    start_matching,
    start_playbook,
)
from incidents.actions.relations import declare_from_drill, relate, set_parent, unrelate
from incidents.actions.role_offers import answer_offer, offer_role, withdraw_offer
from incidents.actions.role_setup import add_role_definition, delete_role_definition, edit_role_definition
from incidents.actions.roles import assign_role, fill_role
from incidents.actions.runbook_runs import rate_runbook, start_runbook, switch_version, tick_step
from incidents.actions.runbooks import (
    create_runbook,
    edit_runbook,
    publish_runbook,
    restore_runbook,
    review_runbook,
)
from incidents.actions.severity import set_impact, set_severity
from incidents.actions.stakeholders import delete_list, save_list
from incidents.actions.status import reopen, resolve, set_status
from incidents.actions.support import add_report, answer_question, ask
from incidents.actions.task_states import block_task, finish_task, reopen_task, skip_task, start_task
from incidents.actions.tasks import add_task, assign_task, edit_task, reorder_tasks
from incidents.actions.times import set_times
from incidents.actions.update_templates import delete_template, save_template
from incidents.actions.updates import (
    Facts,
    discard_draft,
    no_change,
    post_update,
    post_updates,
    save_draft,
    set_support_words,
)
from incidents.actions.visibility import set_visibility
from incidents.actions.visits import remember_visit

__all__ = [
    "Acknowledged",
    "Facts",
    "PassedOn",
    "acknowledge",
    "add_cause",
    "add_criterion",
    "add_decision",
    "add_evidence",
    "add_impact",
    "add_impacts",
    "add_note",
    "add_report",
    "add_role_definition",
    "add_task",
    "answer_offer",
    "answer_question",
    "apply_csv",
    "apply_rows",
    "approve_update",
    "ask",
    "assign_role",
    "assign_task",
    "block_task",
    "call_expert",
    "call_role",
    "contact_customers",
    "create_playbook",
    "create_runbook",
    "declare_from_drill",
    "declare_incident",
    "delete_contact",
    "delete_list",
    "delete_role_definition",
    "delete_template",
    "discard_draft",
    "edit_cause",
    "edit_entry",
    "edit_impact",
    "edit_playbook",
    "edit_role_definition",
    "edit_runbook",
    "edit_task",
    "end_impact",
    "fill_role",
    "finish_task",
    "follow",
    "give_feedback",
    "has_confirmed_cause",
    "hold",
    "join",
    "leave",
    "mark_tested",
    "merge",
    "merge_several",
    "move_on",
    "no_change",
    "offer_role",
    "open_from_alert",
    "page",
    "pass_on",
    "plan_csv",
    "plan_rows",
    "post_update",
    "post_updates",
    "publish_runbook",
    "publish_version",
    "rate_runbook",
    "redact_entry",
    "reject_update",
    "relate",
    "remember_visit",
    "remove_criterion",
    "remove_impact",
    "reopen",
    "reopen_task",
    "reorder_tasks",
    "resolve",
    "resolve_with",
    "restore_runbook",
    "resume",
    "retire_playbook",
    "review_runbook",
    "run_command",
    "save_contact",
    "save_draft",
    "save_list",
    "save_template",
    "set_cause_state",
    "set_fields",
    "set_impact",
    "set_parent",
    "set_role_backup",
    "set_severity",
    "set_status",
    "set_support_words",
    "set_task_backup",
    "set_times",
    "set_type",
    "set_visibility",
    "set_workaround",
    "skip_task",
    "snooze",
    "star_entry",
    "start_matching",
    "start_playbook",
    "start_runbook",
    "start_task",
    "switch_version",
    "tick_criterion",
    "tick_step",
    "unfollow",
    "unmerge",
    "unrelate",
    "withdraw_message",
    "withdraw_offer",
]
