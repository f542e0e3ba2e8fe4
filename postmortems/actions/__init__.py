"""Writing postmortems and keeping action items moving."""

from postmortems.actions.comments import add_comment, delete_comment, edit_comment, resolve_comment
from postmortems.actions.digests import send_digests
from postmortems.actions.document_reminding import remind_of_documents
from postmortems.actions.images import add_image
from postmortems.actions.item_changes import add_item_note, approve_drop, refuse_drop, snooze_item
from postmortems.actions.items import complete_item, create_item, update_item
from postmortems.actions.meetings import cancel_meeting, change_meeting, hold_meeting, plan_meeting
from postmortems.actions.moving import set_status
from postmortems.actions.naming import name_me, unname_me
from postmortems.actions.people import add_attendee, remove_attendee, set_people
from postmortems.actions.publishing import approve_public, publish_public, write_public
from postmortems.actions.reminding import send_reminders
from postmortems.actions.review import answer_review, ask_reviewer, withdraw_reviewer
from postmortems.actions.sections import edit_section, restore_revision
from postmortems.actions.starting import start_if_due, start_postmortem
from postmortems.actions.templates import delete_template, save_defaults, save_template
from postmortems.actions.ticking import tick_targets
from postmortems.actions.whys import (
    add_factor,
    add_why,
    change_why,
    move_why,
    remove_factor,
    remove_why,
    whys_from_causes,
)

__all__ = [
    "add_attendee",
    "add_comment",
    "add_factor",
    "add_image",
    "add_item_note",
    "add_why",
    "answer_review",
    "approve_drop",
    "approve_public",
    "ask_reviewer",
    "cancel_meeting",
    "change_meeting",
    "change_why",
    "complete_item",
    "create_item",
    "delete_comment",
    "delete_template",
    "edit_comment",
    "edit_section",
    "hold_meeting",
    "move_why",
    "name_me",
    "plan_meeting",
    "publish_public",
    "refuse_drop",
    "remind_of_documents",
    "remove_attendee",
    "remove_factor",
    "remove_why",
    "resolve_comment",
    "restore_revision",
    "save_defaults",
    "save_template",
    "send_digests",
    "send_reminders",
    "set_people",
    "set_status",
    "snooze_item",
    "start_if_due",
    "start_postmortem",
    "tick_targets",
    "unname_me",
    "update_item",
    "whys_from_causes",
    "withdraw_reviewer",
    "write_public",
]
