from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from postmortems.actions.comments import MAX_COMMENT
from postmortems.actions.sections import MAX_SECTION
from postmortems.choices import SectionState

_MAX_VERSION = 2**31 - 1


class SectionForm(forms.Form):
    text = forms.CharField(label=_("Text"), required=False, strip=False, max_length=MAX_SECTION)
    version = forms.IntegerField(min_value=1, max_value=_MAX_VERSION)
    state = forms.ChoiceField(label=_("State"), required=False, choices=SectionState.choices)
    may_hide = forms.BooleanField(required=False)
    author_hidden = forms.BooleanField(required=False)

    def values(self) -> dict[str, object]:
        """What `edit_section` takes. Without `may_hide` the form did not ask whether the name is shown."""
        data = self.cleaned_data
        asked = data["may_hide"]
        return {
            "text": data["text"],
            "version": data["version"],
            "state": data["state"] or None,
            "author_hidden": data["author_hidden"] if asked else None,
        }


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Comment"),
        max_length=MAX_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    quote = forms.CharField(required=False, max_length=1000)
