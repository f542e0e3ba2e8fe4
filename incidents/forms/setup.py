"""What admins set up about incidents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.incident_setup import LEVEL_FIELDS
from incidents.choices import FieldKind, FieldSection, ImpactCondition, IncidentStatus, Reach
from incidents.models import CustomField, IncidentType, SeverityLevel
from oncall.models import EscalationPolicy

KEY_HELP = _("Its name in the API. It cannot be changed later.")
RANKS = [(str(rank), f"Sev-{rank}") for rank in range(5)]


class TypeForm(forms.Form):
    """An incident type; its key only while it is new."""

    def __init__(self, *args: Any, row: IncidentType | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("name", "description", "restricted", "active", "position")
        found: dict[str, Any] = dict(
            forms.fields_for_model(IncidentType, fields=names if row else ("key", *names))
        )
        self.fields.update(found)
        self.fields["position"].label = _("Place in the list")
        if row is not None:
            self.initial.update(forms.model_to_dict(row, names))
        else:
            self.fields["key"].help_text = KEY_HELP


class Lines(forms.CharField):
    """One word or sentence a line, as a list."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class FieldForm(forms.Form):
    """A custom field; key and kind only while it is new."""

    key = forms.SlugField(label=_("Key"), max_length=40, help_text=KEY_HELP)
    kind = forms.ChoiceField(label=_("Kind of answer"), choices=FieldKind.choices)
    label = forms.CharField(label=_("Question"), max_length=120)
    help = forms.CharField(label=_("Help below the question"), required=False, max_length=300)
    section = forms.ChoiceField(label=_("Asked in"), choices=FieldSection.choices)
    options = Lines(
        label=_("Options"), required=False, max_length=5000, help_text=_("For choices: one on each line.")
    )
    types = forms.ModelMultipleChoiceField(
        IncidentType.objects.all(),
        label=_("For these types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: for all."),
    )
    shown_field = forms.ModelChoiceField(
        CustomField.objects.all(), label=_("Depends on"), required=False, empty_label=_("No other answer")
    )
    shown_values = Lines(
        label=_("Asked when that answer is one of"),
        required=False,
        max_length=5000,
        help_text=_("One on each line."),
    )
    shown_to_rank = forms.TypedChoiceField(
        label=_("Asked down to severity"),
        choices=[("", _("Every severity")), *RANKS],
        required=False,
        coerce=int,
        empty_value=None,
    )
    required_for = forms.ChoiceField(
        label=_("Must be answered before"),
        choices=[("", _("Never")), *IncidentStatus.choices],
        required=False,
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)
    position = forms.IntegerField(label=_("Place in the list"), min_value=0, max_value=1000, initial=0)

    def __init__(self, *args: Any, row: CustomField | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            del self.fields["key"]
            del self.fields["kind"]
            for name in self.fields:
                self.initial.setdefault(name, getattr(row, name))
            self.initial["types"] = list(row.types.all())


class SeverityForm(forms.Form):
    """What a rank promises and whom it pages."""

    policies = forms.ModelMultipleChoiceField(
        EscalationPolicy.objects.none(),
        label=_("Pages these as well"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("When an incident is raised to this severity."),
    )

    def __init__(self, *args: Any, row: SeverityLevel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = dict(forms.fields_for_model(SeverityLevel, fields=LEVEL_FIELDS))
        fields |= self.fields
        self.fields = fields
        fields["policies"].queryset = EscalationPolicy.objects.select_related("team").order_by("name", "pk")
        self.initial.update(forms.model_to_dict(row, LEVEL_FIELDS))
        self.initial["policies"] = list(row.policies.all())


class MatrixForm(forms.Form):
    """A rank for each square, named `<condition>_<reach>`."""

    def __init__(self, *args: Any, ranks: dict[tuple[str, str], int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.squares = [(condition, reach) for condition in CONDITIONS for reach in Reach.values]
        for condition, reach in self.squares:
            label = f"{ImpactCondition(condition).label}, {Reach(reach).label}"
            name = f"{condition}_{reach}"
            field: Any = forms.TypedChoiceField(label=label, choices=RANKS, coerce=int)
            field.reach = Reach(reach).label
            self.fields[name] = field
            self.initial[name] = ranks.get((condition, reach), 4)

    def rows(self) -> list[tuple[str, list[Any]]]:
        """Condition → its fields by reach."""
        return [
            (str(ImpactCondition(condition).label), [self[f"{condition}_{reach}"] for reach in Reach.values])
            for condition in CONDITIONS
        ]

    def ranks(self) -> dict[tuple[str, str], int]:
        """What `set_priorities` takes."""
        return {square: self.cleaned_data["_".join(square)] for square in self.squares}


CONDITIONS = [value for value in ImpactCondition.values if value != ImpactCondition.UNKNOWN]
