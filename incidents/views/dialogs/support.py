"""Dialogs of the support desk."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import support as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "report": Verb(
        forms.ReportForm,
        actions.add_report,
        gettext_lazy("A customer reported it"),
        gettext_lazy("Count it"),
        gettext_lazy("Everything is optional. A ticket is counted once."),
    ),
    "ask": Verb(
        forms.AskForm,
        actions.ask,
        gettext_lazy("Ask communications"),
        gettext_lazy("Ask"),
        gettext_lazy("Those in charge are told; the answer appears here for all of support."),
    ),
    "answer-question": Verb(
        forms.AnswerForm, actions.answer_question, gettext_lazy("Answer support"), gettext_lazy("Answer")
    ),
}
