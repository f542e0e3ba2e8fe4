"""Tasks and playbooks on an incident's page."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import NotVisible
from incidents.actions.tasks import FIELDS, values_of
from incidents.choices import Control, IncidentStatus, Stage, TaskKind
from incidents.forms.base import ActorForm
from incidents.models import IncidentTask, Playbook, RoleDefinition
from incidents.playbooks import MAX_DETAIL
from incidents.tasklists import startable
from teams.models import User

_NOTHING: list[tuple[str, Any]] = [("", "—")]


class TaskForm(ActorForm):
    """A new task in all its facts; `TaskEditForm` has the same fields."""

    prefill: ClassVar[tuple[str, ...]] = ("title", "stage", "role")
    title = forms.CharField(label=_("What is to be done?"), max_length=200)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who does it"), required=False, empty_label=_("Nobody yet")
    )
    due_at = forms.DateTimeField(
        label=_("Due"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    waits_for = forms.ModelMultipleChoiceField(
        IncidentTask.objects.none(), label=_("Waits for"), required=False
    )
    detail = forms.CharField(
        label=_("How"), required=False, max_length=MAX_DETAIL, widget=forms.Textarea(attrs={"rows": 3})
    )
    backup = forms.ModelChoiceField(
        User.objects.none(), label=_("Backup"), required=False, empty_label=_("Nobody")
    )
    critical = forms.BooleanField(
        label=_("Critical"), required=False, help_text=_("The backup gets it when it is late and not begun.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=TaskKind.choices, initial=TaskKind.DIAGNOSE)
    stage = forms.ChoiceField(label=_("Stage"), choices=_NOTHING + list(Stage.choices), required=False)
    role = forms.ChoiceField(label=_("Belongs to the role"), required=False)
    control = forms.ChoiceField(label=_("Opens"), choices=Control.choices, required=False)
    needed_before = forms.ChoiceField(
        label=_("Must be done before"), choices=_NOTHING + list(IncidentStatus.choices), required=False
    )

    def setup(self) -> None:
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = fields["backup"].queryset = people
        others = IncidentTask.objects.filter(incident=self.incident, shown=True)
        fields["waits_for"].queryset = others.exclude(pk=self._own()).order_by("position", "pk")
        fields["role"].choices = _NOTHING + list(RoleDefinition.objects.values_list("key", "name"))

    def _own(self) -> int:
        return 0

    def changes(self) -> dict[str, Any]:
        """The fields as `incidents.actions.tasks` takes them: people and tasks by id."""
        data = self.cleaned_data
        found = {name: data[name] for name in FIELDS}
        for name in ("owner", "backup"):
            found[name] = data[name].pk if data[name] else None
        found["waits_for"] = [row.pk for row in data["waits_for"]]
        return found

    def values(self) -> dict[str, Any]:
        return self.changes()


class TaskEditForm(TaskForm):
    """A task as it is; `base` carries what the editor started from."""

    prefill = ("task",)
    task = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    base = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)

    def setup(self) -> None:
        self.row = _task_of(self)
        super().setup()
        if not self.is_bound:
            stored = values_of(self.row)
            self.initial = stored | {
                "due_at": self.row.due_at,
                "task": self.row.pk,
                "base": json.dumps(stored),
            }

    def _own(self) -> int:
        return int(self.row.pk)

    def clean_base(self) -> dict[str, Any]:
        """What the editor saw; nothing of it when it cannot have come from here."""
        try:
            sent = json.loads(self.cleaned_data["base"] or "{}")
            base = {name: sent[name] for name in FIELDS if name in sent}
            if base.get("due_at"):
                base["due_at"] = dt.datetime.fromisoformat(base["due_at"]).astimezone(dt.UTC)
            base["waits_for"] = [int(pk) for pk in base.get("waits_for", [])]
        except (ValueError, TypeError, OverflowError):
            return {}
        return base

    def rebase(self) -> None:
        """Saving once more, with the other text in sight, is a decision: what is there now becomes the base."""
        self.row.refresh_from_db()
        data: Any = self.data
        self.data = data.copy()
        self.data["base"] = json.dumps(values_of(self.row))  # type: ignore[index]  # a copied QueryDict can be changed

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        base = data["base"]
        return {"task_id": data["task"], "changes": self.changes(), "base": base}


class TaskReasonForm(ActorForm):
    """Why a task is skipped or cannot go on."""

    prefill = ("task",)
    task = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    reason = forms.CharField(label=_("Why?"), max_length=300)

    def setup(self) -> None:
        self.row = _task_of(self)
        self.fields["reason"].help_text = self.row.title

    def values(self) -> dict[str, Any]:
        return {"task_id": self.cleaned_data["task"], "reason": self.cleaned_data["reason"]}


class TaskAssignForm(ActorForm):
    """Who does it, and who instead."""

    prefill = ("task",)
    task = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who does it"), required=False, empty_label=_("Nobody")
    )
    backup = forms.ModelChoiceField(
        User.objects.none(), label=_("Backup"), required=False, empty_label=_("Nobody")
    )

    def setup(self) -> None:
        self.row = _task_of(self)
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = fields["backup"].queryset = people
        self.initial["owner"], self.initial["backup"] = self.row.owner_id, self.row.backup_id

    def values(self) -> dict[str, Any]:
        owner, backup = self.cleaned_data["owner"], self.cleaned_data["backup"]
        return {
            "task_id": self.cleaned_data["task"],
            "owner_id": owner.pk if owner else None,
            "backup_id": backup.pk if backup else None,
        }


class StartPlaybookForm(ActorForm):
    prefill: ClassVar[tuple[str, ...]] = ("playbook",)
    playbook = forms.ModelChoiceField(
        Playbook.objects.none(), label=_("Playbook"), empty_label=_("Choose one")
    )

    def setup(self) -> None:
        assert self.incident is not None
        field: Any = self.fields["playbook"]
        field.queryset = startable(self.actor, self.incident)

    def values(self) -> dict[str, Any]:
        return {"playbook_id": self.cleaned_data["playbook"].pk}


def _task_of(form: ActorForm) -> IncidentTask:
    """The task the address or the form names; NotVisible when the incident has none such."""
    raw = str(form.data.get("task", "") if form.is_bound else form.initial.get("task", ""))
    known = raw.isascii() and raw.isdigit() and len(raw) <= 18
    rows = IncidentTask.objects.select_related("owner", "backup")
    row = rows.filter(incident=form.incident, pk=int(raw)).first() if known else None
    if row is None:
        raise NotVisible
    return row
