"""Roles: handing over, backups, and what the organisation's roles are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActorForm
from incidents.models import RoleAssignment, RoleDefinition
from oncall.models import Schedule
from teams.models import User

_RANKS = [("", _("Never")), *((str(rank), f"Sev-{rank}") for rank in range(5))]


class OfferForm(ActorForm):
    prefill = ("role",)
    role = forms.ChoiceField(label=_("Role"))
    user = forms.ModelChoiceField(User.objects.none(), label=_("To whom"))
    note = forms.CharField(
        label=_("What they need to know"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Where it stands, what is under way, what comes next."),
    )

    def setup(self) -> None:
        fields: dict[str, Any] = self.fields
        fields["role"].choices = list(RoleDefinition.objects.values_list("key", "name"))
        fields["user"].queryset = _others(self)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"role": data["role"], "user_id": data["user"].pk, "note": data["note"]}


class BackupForm(ActorForm):
    prefill = ("holder",)
    holder = forms.ModelChoiceField(RoleAssignment.objects.none(), label=_("Whose"))
    backup = forms.ModelChoiceField(
        User.objects.none(), label=_("Backup"), required=False, empty_label=_("Nobody")
    )

    def setup(self) -> None:
        fields: dict[str, Any] = self.fields
        held = RoleAssignment.objects.filter(incident=self.incident, ended_at__isnull=True)
        fields["holder"].queryset = held.select_related("user")
        fields["holder"].label_from_instance = lambda row: f"{row.label}: {row.user.name}"
        fields["backup"].queryset = User.objects.filter(is_active=True).order_by("name", "pk")

    def values(self) -> dict[str, Any]:
        row, backup = self.cleaned_data["holder"], self.cleaned_data["backup"]
        return {"role": row.role, "user_id": row.user_id, "backup_id": backup.pk if backup else None}


def _others(form: ActorForm) -> Any:
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    return people.exclude(pk=form.actor.user_id)


class RoleDefinitionForm(forms.Form):
    """A role as admins set it up. `key` only for a new one."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=20,
        help_text=_("Its name in the API. It cannot be changed later. Small letters and digits."),
    )
    name = forms.CharField(label=_("Name"), max_length=60)
    card = forms.CharField(
        label=_("Role card"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What whoever takes it must know, in the order they need it."),
    )
    single = forms.BooleanField(label=_("Held by one person at a time"), required=False)
    required_to_rank = forms.TypedChoiceField(
        label=_("Required down to severity"),
        choices=_RANKS,
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("An incident as grave as this or graver asks for it until somebody holds it."),
    )
    starter_tasks = forms.CharField(
        label=_("Starter tasks"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One on each line, for whoever takes the role. What a task opens stands in brackets: [severity]."
        ),
    )
    schedule = forms.ModelChoiceField(
        Schedule.objects.none(), label=_("Filled from schedule"), required=False, empty_label=_("No schedule")
    )
    backup_schedule = forms.ModelChoiceField(
        Schedule.objects.none(), label=_("Backup from schedule"), required=False, empty_label=_("No schedule")
    )

    def __init__(self, *args: Any, actor: Any, row: RoleDefinition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible = Schedule.objects.visible_to(actor).order_by("name", "pk")
        fields: dict[str, Any] = self.fields
        fields["schedule"].queryset = fields["backup_schedule"].queryset = visible
        if row is not None:
            del self.fields["key"]
        if row is not None and row.shipped:
            del self.fields["single"]

    def values(self) -> dict[str, Any]:
        """Keyword arguments of the actions in `incidents.actions.role_setup`."""
        data = dict(self.cleaned_data)
        data["starter_tasks"] = [line for line in data["starter_tasks"].splitlines() if line.strip()]
        for name in ("schedule", "backup_schedule"):
            chosen = data.pop(name)
            data[f"{name}_id"] = chosen.pk if chosen else None
        return data


def role_initial(row: RoleDefinition) -> dict[str, Any]:
    """The form's values of a role that is there."""
    return {
        "name": row.name,
        "card": row.card,
        "single": row.single,
        "required_to_rank": "" if row.required_to_rank is None else str(row.required_to_rank),
        "starter_tasks": "\n".join(row.starter_tasks),
        "schedule": row.schedule_id,
        "backup_schedule": row.backup_schedule_id,
    }
