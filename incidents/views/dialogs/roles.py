"""Dialogs about who does what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import roles as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "offer-role": Verb(
        forms.OfferForm,
        actions.offer_role,
        gettext_lazy("Hand over a role"),
        gettext_lazy("Offer it"),
        gettext_lazy("Whoever holds it keeps it until the other one has accepted."),
    ),
    "role-backup": Verb(
        forms.BackupForm,
        actions.set_role_backup,
        gettext_lazy("Backup of a role"),
        gettext_lazy("Save"),
        gettext_lazy("Takes over by itself when the first is on leave."),
    ),
}
