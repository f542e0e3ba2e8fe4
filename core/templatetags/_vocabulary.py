"""Words, icons and tones of what the interface shows; state is always word + icon + colour."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Look(NamedTuple):
    label: Promise | str
    icon: str
    tone: str


SEVERITIES: dict[int, Promise] = {
    0: _("Critical"),
    1: _("High"),
    2: _("Medium"),
    3: _("Low"),
    4: _("Least"),
}

STATUSES: dict[str, Look] = {
    "triage": Look(_("Triage"), "circle-dashed", "outline"),
    "investigating": Look(_("Investigating"), "search", "warn"),
    "identified": Look(_("Identified"), "target", "violet"),
    "monitoring": Look(_("Monitoring"), "activity", "info"),
    "resolved": Look(_("Resolved"), "circle-check", "ok"),
    "in_review": Look(_("In review"), "book-open-check", "accent"),
    "closed": Look(_("Closed"), "archive", "quiet"),
    "declined": Look(_("Declined"), "circle-slash", "dashed"),
    "merged": Look(_("Merged"), "git-merge", "dashed"),
}

CONDITIONS: dict[str, Look] = {
    "operational": Look(_("Operational"), "circle-check", "ok"),
    "degraded": Look(_("Degraded"), "triangle-alert", "warn"),
    "partial_outage": Look(_("Partial outage"), "circle-alert", "warn"),
    "unavailable": Look(_("Unavailable"), "circle-x", "danger"),
    "major_outage": Look(_("Major outage"), "circle-x", "danger"),
    "bug": Look(_("Bug"), "bug", "violet"),
    "maintenance": Look(_("Maintenance"), "wrench", "info"),
    "unknown": Look(_("Unknown"), "circle-help", "outline"),
}

KINDS: dict[str, Look] = {
    "declared": Look(_("Declared"), "siren", "danger"),
    "state": Look(_("Status"), "activity", "violet"),
    "severity": Look(_("Severity"), "chevrons-up", "warn"),
    "type": Look(_("Type"), "tag", "quiet"),
    "role": Look(_("Role"), "user-round-cog", "said"),
    "joined": Look(_("Joined"), "user-plus", "quiet"),
    "left": Look(_("Left"), "user-minus", "quiet"),
    "page_sent": Look(_("Page sent"), "bell-ring", "quiet"),
    "acknowledged": Look(_("Acknowledged"), "check", "ok"),
    "escalated": Look(_("Escalated"), "chevrons-up", "warn"),
    "alert_attached": Look(_("Alert"), "radar", "quiet"),
    "change_event": Look(_("Change"), "rocket", "info"),
    "change_claimed": Look(_("Change claimed"), "hand", "info"),
    "change_applied": Look(_("Change applied"), "git-commit-horizontal", "info"),
    "change_undone": Look(_("Change undone"), "rotate-ccw", "info"),
    "impact": Look(_("Impact"), "radar", "warn"),
    "fields": Look(_("Details"), "notebook-pen", "quiet"),
    "times": Look(_("Times"), "clock", "quiet"),
    "hold": Look(_("On hold"), "circle-pause", "plain"),
    "playbook": Look(_("Playbook"), "list-checks", "plain"),
    "runbook": Look(_("Runbook"), "book-open", "plain"),
    "hypothesis": Look(_("Suspected cause"), "lightbulb", "violet"),
    "decision": Look(_("Decision"), "scale", "accent"),
    "note": Look(_("Note"), "message-square-text", "said"),
    "pinned_message": Look(_("Pinned message"), "pin", "said"),
    "evidence": Look(_("Evidence"), "paperclip", "info"),
    "task": Look(_("Task"), "square-check", "plain"),
    "checklist_run": Look(_("Checklist"), "list-checks", "plain"),
    "automation_run": Look(_("Automation"), "bot", "quiet"),
    "update_sent": Look(_("Update"), "megaphone", "accent"),
    "update_proposed": Look(_("Update waiting"), "hand", "warn"),
    "promise_missed": Look(_("Update overdue"), "clock-alert", "quiet"),
    "customers_told": Look(_("Customers written to"), "mail", "accent"),
    "question": Look(_("Question"), "message-circle-question", "plain"),
    "public_notice": Look(_("Public notice"), "globe", "accent"),
    "exit_criterion": Look(_("Exit criterion"), "flag", "ok"),
    "linked": Look(_("Linked"), "link", "quiet"),
    "merged": Look(_("Merged"), "git-merge", "quiet"),
    "customer_report": Look(_("Customer report"), "headset", "plain"),
    "call_started": Look(_("Call started"), "phone-call", "plain"),
    "call_ended": Look(_("Call ended"), "phone-off", "quiet"),
    "handover": Look(_("Handover"), "repeat", "said"),
    "correction": Look(_("Correction"), "pencil", "plain"),
}

TONE_ICONS: dict[str, str] = {
    "info": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "circle-alert",
}


def plain_word(value: object) -> str:
    """A readable word for a value that has no entry: `in_review` becomes `In review`."""
    return str(value).replace("_", " ").capitalize()
