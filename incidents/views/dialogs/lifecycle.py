"""Dialogs that move an incident through its life."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import lifecycle as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "severity": Verb(
        forms.SeverityForm,
        actions.set_severity,
        gettext_lazy("Set severity"),
        gettext_lazy("Set severity"),
        gettext_lazy("Unsure between two? Take the higher one."),
        extra="incidents/partials/severity_extra.html",
    ),
    "role": Verb(forms.RoleForm, actions.fill_role, gettext_lazy("Assign a role"), gettext_lazy("Assign")),
    "note": Verb(forms.NoteForm, actions.add_note, gettext_lazy("Add a note"), gettext_lazy("Add note")),
    "status": Verb(
        forms.StatusForm, actions.move_on, gettext_lazy("Change the state"), gettext_lazy("Change state")
    ),
    "reopen": Verb(forms.ReasonForm, actions.reopen, gettext_lazy("Reopen"), gettext_lazy("Reopen")),
    "page": Verb(forms.PageForm, actions.page, gettext_lazy("Page somebody"), gettext_lazy("Page now")),
    "snooze": Verb(
        forms.SnoozeForm,
        actions.snooze,
        gettext_lazy("Snooze the paging"),
        gettext_lazy("Snooze"),
        gettext_lazy("Pages again afterwards unless it is acknowledged or over."),
    ),
    "impact": Verb(
        forms.ImpactForm, actions.set_impact, gettext_lazy("Describe the impact"), gettext_lazy("Save")
    ),
    "merge": Verb(
        forms.MergeForm,
        actions.merge,
        gettext_lazy("Merge into another incident"),
        gettext_lazy("Merge"),
        gettext_lazy("Its paging stops and its address leads to the other one."),
        danger=True,
    ),
    "unmerge": Verb(
        forms.EmptyForm,
        actions.unmerge,
        gettext_lazy("Undo the merge"),
        gettext_lazy("Undo merge"),
        gettext_lazy(
            "It goes on as it was, with the alerts it brought. Paging that the merge stopped starts again."
        ),
    ),
    "visibility": Verb(
        forms.VisibilityForm,
        actions.set_visibility,
        gettext_lazy("Change who sees it"),
        gettext_lazy("Save"),
        gettext_lazy(
            "Restricted: besides admins only those who have a role, were paged, declared or acknowledged it."
            " Everybody else loses sight of it at once."
        ),
    ),
}
