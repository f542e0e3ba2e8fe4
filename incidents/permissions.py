"""The verb × role table of incidents; the only place that names roles.

How an actor stands to an incident ("standing"):
admin      instance role admin
manager    manager of the incident's team; for an incident without team, of any team
responder  responder of the incident's team; for an incident without team, of any team
guest      paged or given a role from outside the team (a guardian grant), or its commander
lead       its commander, deputy or communications lead at this moment
support    instance role support
reader     anybody who sees it
"""

from __future__ import annotations

from teams.choices import Scope

_RESPOND = frozenset({"admin", "manager", "responder", "guest"})
_REPORT = _RESPOND | {"support"}

TABLE: dict[str, frozenset[str]] = {
    "view": frozenset({"admin", "manager", "responder", "guest", "support", "reader"}),
    "acknowledge": _RESPOND,
    "set_status": _RESPOND,
    "set_severity": _RESPOND,
    "set_impact": _RESPOND,
    "assign_role": _RESPOND,
    "post_update": _RESPOND,
    "resolve": _RESPOND,
    "reopen": _RESPOND,
    "merge": _RESPOND,  # and taking a merge back
    "page": _RESPOND,
    "snooze": _RESPOND,
    "edit_entry": _RESPOND,
    "add_note": _REPORT,
    "edit_tasks": _RESPOND,
    "edit_causes": _RESPOND,
    "edit_criteria": _RESPOND,
    "edit_impact": _RESPOND,
    "set_fields": _RESPOND,
    "set_times": _RESPOND,
    "hold": _RESPOND,
    "relate": _RESPOND,
    "add_evidence": _RESPOND,
    "answer_question": _RESPOND,
    "report": _REPORT,  # "+1" and questions to those in charge of the words
    "follow": frozenset({"admin", "manager", "responder", "guest", "support", "reader"}),
    "give_feedback": _REPORT,
    "approve_update": frozenset({"admin", "manager", "lead"}),
    "contact_customers": frozenset({"admin", "manager", "lead"}),
    "override_exit": frozenset({"admin", "manager"}),
    "correct_closed": frozenset({"admin", "manager"}),
    "restrict": frozenset({"admin", "manager"}),
}

SCOPES: dict[str, str] = {verb: Scope.READ if verb == "view" else Scope.RESPOND for verb in TABLE}


def standings_for(verb: str) -> frozenset[str]:
    """Which standings may do `verb`; KeyError for an unknown verb."""
    return TABLE[verb]
