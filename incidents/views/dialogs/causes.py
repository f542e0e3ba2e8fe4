"""The dialog that writes a suspected cause down."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms.causes import CauseForm
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "cause": Verb(
        CauseForm,
        actions.add_cause,
        gettext_lazy("Write down a suspected cause"),
        gettext_lazy("Add"),
        gettext_lazy("Ruled out ones stay on the page, so that nobody looks twice."),
    ),
}
