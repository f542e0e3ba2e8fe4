"""Dialogs about tasks and playbooks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from incidents import actions
from incidents.forms import tasks as forms
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    "task": Verb(forms.TaskForm, actions.add_task, gettext_lazy("New task"), gettext_lazy("Add task")),
    "edit-task": Verb(
        forms.TaskEditForm, actions.edit_task, gettext_lazy("Change the task"), gettext_lazy("Save")
    ),
    "assign-task": Verb(
        forms.TaskAssignForm, actions.assign_task, gettext_lazy("Who does it?"), gettext_lazy("Save")
    ),
    "skip-task": Verb(
        forms.TaskReasonForm, actions.skip_task, gettext_lazy("Skip the task"), gettext_lazy("Skip")
    ),
    "block-task": Verb(
        forms.TaskReasonForm,
        actions.block_task,
        gettext_lazy("It cannot go on"),
        gettext_lazy("Mark as blocked"),
        gettext_lazy("Say what is missing. For another task that must come first, use “Waits for”."),
    ),
    "playbook": Verb(
        forms.StartPlaybookForm,
        actions.start_playbook,
        gettext_lazy("Start a playbook"),
        gettext_lazy("Start"),
        gettext_lazy("Its tasks appear at once; due times count from now."),
    ),
}
