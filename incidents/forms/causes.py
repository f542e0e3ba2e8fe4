"""A suspected cause."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from incidents.choices import CauseState
from incidents.forms.base import ActorForm
from incidents.forms.merging import MergedForm
from incidents.models import SuspectedCause
from teams.models import User


class CauseForm(ActorForm):
    prefill: ClassVar[tuple[str, ...]] = ("text",)
    text = forms.CharField(label=_("What might be wrong?"), max_length=300)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who looks into it?"), required=False, empty_label=_("Nobody yet")
    )
    evidence = forms.CharField(
        label=_("What speaks for or against it?"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    evidence_link = forms.CharField(
        label=_("Link to a graph, log or trace"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )

    def setup(self) -> None:
        offer(self, owner=User.objects.filter(is_active=True))

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "text": data["text"],
            "owner_id": data["owner"].pk if data["owner"] else None,
            "evidence": data["evidence"],
            "evidence_link": data["evidence_link"],
        }


class EditCauseForm(CauseForm, MergedForm):
    merged = {"text": "base", "evidence": "evidence_base"}
    state = forms.ChoiceField(label=_("State"), choices=CauseState.choices)
    base = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)
    evidence_base = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    @staticmethod
    def first_values(cause: SuspectedCause) -> dict[str, Any]:
        """What the form begins with."""
        return {
            "text": cause.text,
            "base": cause.text,
            "owner": cause.owner_id,
            "evidence": cause.evidence,
            "evidence_base": cause.evidence,
            "evidence_link": cause.evidence_link,
            "state": cause.state,
        }

    def values(self) -> dict[str, Any]:
        return super().values() | {"state": self.cleaned_data["state"], **self.bases()}
