"""Dialogs that write into the timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import timeline as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "note": Verb(forms.NoteForm, actions.add_note, gettext_lazy("Add a note"), gettext_lazy("Add note")),
    "decision": Verb(
        forms.DecisionForm,
        actions.add_decision,
        gettext_lazy("Record a decision"),
        gettext_lazy("Record"),
        gettext_lazy("Write down the outcome, not the votes."),
    ),
}
