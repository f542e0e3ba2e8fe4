"""What support brings in and asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActorForm
from incidents.models import SupportQuestion


class ReportForm(ActorForm):
    """A "+1"; nothing has to be filled in."""

    customer = forms.CharField(label=_("Customer"), required=False, max_length=200)
    ticket = forms.CharField(label=_("Ticket"), required=False, max_length=100)
    ticket_link = forms.URLField(
        label=_("Address of the ticket"), required=False, max_length=500, assume_scheme="https"
    )
    note = forms.CharField(label=_("What they see"), required=False, max_length=500)


class AskForm(ActorForm):
    text = forms.CharField(
        label=_("Your question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AnswerForm(ActorForm):
    prefill = ("question",)
    question = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)
    answer = forms.CharField(
        label=_("Answer"),
        max_length=2000,
        help_text=_("All of support reads it on the feed."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def setup(self) -> None:
        """The question stands above the answer."""
        asked = str(self.data.get("question") or self.initial.get("question") or "")
        if self.incident is None or not asked.isdigit() or len(asked) > 18:
            return
        row = SupportQuestion.objects.filter(incident=self.incident, pk=int(asked)).first()
        if row is not None:
            self.fields["answer"].label = f"{row.asked_by_label}: {row.text}"

    def values(self) -> dict[str, Any]:
        return {"question_id": self.cleaned_data["question"], "answer": self.cleaned_data["answer"]}
