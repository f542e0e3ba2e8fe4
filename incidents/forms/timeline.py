"""What people write into the timeline."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActorForm
from incidents.record import moment_of


class MomentField(forms.DateTimeField):
    """A moment in the viewer's zone, with the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **options: Any) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        super().__init__(required=False, input_formats=formats, **options)


class NoteForm(ActorForm):
    prefill = ("happened_at",)
    text = forms.CharField(
        label=_("What happened?"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    happened_at = MomentField(label=_("When (empty: now)"))
    happened_until = MomentField(label=_("Until (when it lasted)"))
    evidence_link = forms.CharField(
        label=_("Link to a graph, log or trace"),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )

    def setup(self) -> None:
        begun = self.initial.get("happened_at")
        if isinstance(begun, str):
            moment = moment_of(begun)
            self.initial["happened_at"] = timezone.localtime(moment) if moment else None


class DecisionForm(ActorForm):
    prefill = ("question",)
    choice = forms.CharField(
        label=_("What was decided?"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    question = forms.CharField(label=_("The question"), required=False, max_length=300)
    who = forms.CharField(label=_("Decided by"), required=False, max_length=200)
    why = forms.CharField(
        label=_("Why"), required=False, max_length=1_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    alternatives = forms.CharField(
        label=_("Alternatives not taken, one a line"),
        required=False,
        max_length=3_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    happened_at = MomentField(label=_("When (empty: now)"))

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        return data | {"alternatives": data["alternatives"].splitlines()}


class EntryForm(forms.Form):
    """The text of an entry; `base` is the text the writer began from."""

    text = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}))
    base = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)


class ComposerForm(forms.Form):
    """The composer below the timeline's head; files come beside it."""

    names: ClassVar[tuple[str, ...]] = ("text", "key", "happened_at", "link")
    text = forms.CharField(required=False, max_length=20_000)
    key = forms.CharField(required=False, max_length=64)
    happened_at = forms.CharField(required=False, max_length=40)
    link = forms.CharField(required=False, max_length=500)
