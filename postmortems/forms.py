from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from postmortems.choices import ItemClass, ItemStatus
from teams.models import User


class SectionForm(forms.Form):
    text = forms.CharField(required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 8}))
    version = forms.IntegerField(widget=forms.HiddenInput)


class ItemForm(forms.Form):
    title = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"))
    due_on = forms.DateField(label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}))
    item_class = forms.ChoiceField(label=_("Class"), choices=ItemClass.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["owner_id"] = data.pop("owner").pk
        return data


class ItemEditForm(ItemForm):
    status = forms.ChoiceField(label=_("State"), choices=ItemStatus.choices)
    reason = forms.CharField(label=_("Why it will not be done"), required=False, max_length=500)
