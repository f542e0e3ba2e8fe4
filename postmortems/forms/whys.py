from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from postmortems.choices import FactorKind, Gate


class WhyForm(forms.Form):
    """`parent`: the answer it hangs under; none for what happened."""

    text = forms.CharField(max_length=300)
    parent = forms.IntegerField(required=False, min_value=1)
    evidence = forms.CharField(required=False, max_length=500)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["parent_id"] = data.pop("parent")
        return data


class WhyChangeForm(forms.Form):
    text = forms.CharField(max_length=300)
    evidence = forms.CharField(required=False, max_length=500)
    gate = forms.ChoiceField(required=False, choices=Gate.choices)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["gate"] = data["gate"] or None
        return data


class FactorForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=FactorKind.choices)
    name = forms.CharField(label=_("Factor"), max_length=120)
    node = forms.IntegerField(required=False, min_value=1)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["node_id"] = data.pop("node")
        return data
