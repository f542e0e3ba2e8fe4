"""An objective."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from alerts.choices import ObjectiveSource
from alerts.forms.integrations import ServiceForm
from alerts.models import Objective
from alerts.slo.burn import WINDOWS


class ObjectiveForm(ServiceForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For example: Orders are taken without an error")
    )
    description = forms.CharField(
        label=_("What counts as good"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    target = forms.DecimalField(
        label=_("Target in percent"),
        max_digits=6,
        decimal_places=4,
        min_value=50,
        max_value=100,
        help_text=_("So much must be good. Of 99.9 the error budget is 0.1 percent: 43 minutes in 30 days."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    window_days = forms.TypedChoiceField(label=_("Over the last"), coerce=int, choices=[])
    source = forms.ChoiceField(
        label=_("Measured by"),
        choices=ObjectiveSource.choices,
        help_text=_(
            "Checks tell how long the service was up, heartbeats how long its jobs ran as expected."
            " Counts of good and all events are pushed by you."
        ),
    )
    pages = forms.BooleanField(
        label=_("Opens incidents"),
        required=False,
        help_text=_("A fast burn pages, a slow one waits for working hours. Without, it is only shown."),
    )
    external_id = forms.CharField(
        label=_("Identifier elsewhere"),
        max_length=200,
        required=False,
        help_text=_("How a program that makes objectives finds this one again."),
    )
    field_order = [
        "name",
        "service",
        "target",
        "window_days",
        "source",
        "description",
        "pages",
        "external_id",
    ]
    manage = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["window_days"]
        field.choices = [(days, ngettext("%d day", "%d days", days) % days) for days in WINDOWS]

    @staticmethod
    def of(row: Objective | None) -> dict[str, Any]:
        """What the form begins with."""
        if row is None:
            return {"target": "99.9", "window_days": 30, "source": ObjectiveSource.CHECKS, "pages": True}
        return {
            "name": row.name,
            "service": row.service_id,
            "description": row.description,
            "target": f"{row.target:f}".rstrip("0").rstrip("."),
            "window_days": row.window_days,
            "source": row.source,
            "pages": row.pages,
            "external_id": row.external_id,
        }

    def fields_of_action(self) -> dict[str, Any]:
        """What `actions.save_objective` takes."""
        data = dict(self.cleaned_data)
        data["service_id"] = data.pop("service").pk
        return data

    def refuse(self, errors: dict[str, list[str]], sentence: str) -> None:
        """Show what an action refused, at the field it is about."""
        for name, reasons in errors.items():
            self.add_error(name if name in self.fields else None, " ".join(reasons))
        if not errors:
            self.add_error(None, sentence)
