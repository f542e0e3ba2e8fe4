"""A playbook's header, and its tasks as rows that grow without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from incidents.choices import Stage
from incidents.models import IncidentType, Playbook
from incidents.playbooks import condition_text, read_condition
from oncall.rows import MAX_ROWS, numbers, operation, rearranged, whole
from teams.actor import Actor
from teams.models import Team

_RANKS = [("", _("Any")), *((str(rank), f"Sev-{rank}") for rank in range(5))]
_NEW_ROWS = 3
# The inputs of a row; each is called `<name>-<number>`.
INPUTS = (
    "key",
    "title",
    "detail",
    "kind",
    "stage",
    "role",
    "due_minutes",
    "waits_for",
    "shown_when",
    "control",
    "needed_before",
    "critical",
)


class PlaybookForm(forms.Form):
    """What a playbook is called, whose it is and when it starts."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Whose"), required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("What it is for"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    stage = forms.ChoiceField(label=_("Stage"), required=False, choices=[("", _("Any")), *Stage.choices])
    starts_by_itself = forms.BooleanField(
        label=_("Starts by itself"),
        required=False,
        help_text=_("On incidents that fit all that is said above."),
    )
    type = forms.ModelChoiceField(
        IncidentType.objects.none(), label=_("Type"), required=False, empty_label=_("Every type")
    )
    from_rank = forms.TypedChoiceField(
        label=_("From rank"), choices=_RANKS, required=False, coerce=int, empty_value=None
    )
    to_rank = forms.TypedChoiceField(
        label=_("Down to rank"), choices=_RANKS, required=False, coerce=int, empty_value=None
    )
    note = forms.CharField(label=_("What is new in this version"), required=False, max_length=300)

    def __init__(self, *args: Any, actor: Actor, playbook: Playbook | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["type"].queryset = IncidentType.objects.all()
        if playbook is not None:
            del self.fields["team"]
            return
        fields["team"].queryset = Team.objects.manageable_by(actor).order_by("name")
        fields["team"].required = not actor.is_admin
        fields["team"].empty_label = _("The whole organisation") if actor.is_admin else _("Choose a team")

    def values(self) -> dict[str, Any]:
        """Keyword arguments of `create_playbook`, or with the team left out of `edit_playbook`."""
        data = dict(self.cleaned_data)
        data.pop("note")
        kind = data.pop("type")
        data["type_id"] = kind.pk if kind else None
        if "team" in data:
            team = data.pop("team")
            data["team_id"] = team.pk if team else None
        return data


def header_initial(playbook: Playbook) -> dict[str, Any]:
    """The form's values of a playbook that is there."""
    ranks = {
        name: "" if getattr(playbook, name) is None else str(getattr(playbook, name))
        for name in ("from_rank", "to_rank")
    }
    return {
        "name": playbook.name,
        "description": playbook.description,
        "stage": playbook.stage,
        "starts_by_itself": playbook.starts_by_itself,
        "type": playbook.type_id,
        **ranks,
    }


def rows_of(data: QueryDict) -> list[dict[str, str]]:
    """The rows as typed, after `add`, `remove` or `up`."""
    order = numbers(data, "row")
    rows = [{name: data.get(f"{name}-{number}", "")[:6000] for name in INPUTS} for number in order]
    word, number = operation(data)
    if word == "add":
        return [*rows, *(dict.fromkeys(INPUTS, "") for _new in range(_NEW_ROWS))][:MAX_ROWS]
    return rearranged(rows, word, order.index(number)) if number in order else rows


def stored_rows(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The tasks of a version as rows to edit, with empty ones to write into."""
    rows = []
    for task in tasks:
        row = {name: str(task.get(name, "") or "") for name in INPUTS}
        row["due_minutes"] = "" if task.get("due_minutes") is None else str(task["due_minutes"])
        row["waits_for"] = ", ".join(task.get("waits_for", []))
        row["shown_when"] = condition_text(task.get("shown_when", {}))
        row["critical"] = "on" if task.get("critical") else ""
        rows.append(row)
    return rows or [dict.fromkeys(INPUTS, "") for _new in range(_NEW_ROWS)]


def blank(row: Mapping[str, str]) -> bool:
    """A row nobody has written into."""
    return not any(
        row[name].strip() for name in ("title", "detail", "due_minutes", "waits_for", "shown_when")
    )


def tasks_of(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The rows as `incidents.playbooks.parse` takes them; `InvalidInput` for what is no number or condition."""
    errors: dict[str, list[str]] = {}
    tasks: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        task: dict[str, Any] = {name: row[name].strip() for name in INPUTS if row[name].strip()}
        task["critical"] = bool(row["critical"])
        task["waits_for"] = [key.strip() for key in row["waits_for"].split(",") if key.strip()]
        if row["due_minutes"].strip():
            task["due_minutes"] = whole(row["due_minutes"])
            if task["due_minutes"] is None:
                errors[f"tasks.{number}.due_minutes"] = [str(_("Whole minutes."))]
        try:
            task["shown_when"] = read_condition(row["shown_when"])
        except ValueError as error:
            errors[f"tasks.{number}.shown_when"] = [str(error)]
        tasks.append(task)
    if errors:
        raise InvalidInput(fields=errors)
    return tasks
