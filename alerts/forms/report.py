"""What a public report form says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.models import Integration
from alerts.sources.report import MAX_INTRO, MAX_TITLE


class FormSettings(forms.Form):
    slug = forms.CharField(
        label=_("Address"), max_length=64, help_text=_("Behind /report/: small letters, digits and dashes.")
    )
    title = forms.CharField(label=_("Title"), max_length=MAX_TITLE, required=False)
    intro = forms.CharField(
        label=_("Introduction"),
        max_length=MAX_INTRO,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown above the form to everybody."),
    )
    urgent = forms.BooleanField(
        label=_("Reports are urgent"),
        required=False,
        help_text=_("They page like any urgent alert. Otherwise they are of low urgency."),
    )

    @staticmethod
    def of(integration: Integration) -> dict[str, Any]:
        """What the form begins with."""
        return {"title": integration.name, **integration.settings, "slug": integration.mail_local}
