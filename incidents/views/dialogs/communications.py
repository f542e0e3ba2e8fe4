"""Dialogs about updates and approvals. The composer itself is a page of its own (`views.communications`)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import communications as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "no-change": Verb(
        forms.AudienceForm,
        actions.no_change,
        gettext_lazy("Say that nothing has changed"),
        gettext_lazy("Send “no change”"),
    ),
    "approve-update": Verb(
        forms.UpdateIdForm,
        actions.approve_update,
        gettext_lazy("Approve the update"),
        gettext_lazy("Approve and send"),
    ),
    "reject-update": Verb(
        forms.RejectForm,
        actions.reject_update,
        gettext_lazy("Send the update back"),
        gettext_lazy("Send back"),
        gettext_lazy("Its author is told the reason."),
    ),
    "support-words": Verb(
        forms.SupportWordsForm,
        actions.set_support_words,
        gettext_lazy("Words for support"),
        gettext_lazy("Show to support"),
        gettext_lazy("Seen on the live feed at once."),
    ),
}
