"""How mail to an integration is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.sources.email import MAX_PATTERN


def _pattern(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MAX_PATTERN,
        help_text=help_text,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )


class MailForm(forms.Form):
    resolve = _pattern(
        _("It resolves when the subject matches"),
        _("An expression (RE2), such as ^(OK|RECOVERY). Empty: mail never resolves an alert."),
    )
    key = _pattern(
        _("What in the subject names the alert"),
        _("An expression; its first group counts, such as host (\\S+). Empty: the thread, else the subject."),
    )
    senders = forms.CharField(
        label=_("Only from these senders"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Addresses or @domain, one a line. Empty: from everybody who knows the address."),
    )
    severity = forms.ChoiceField(
        label=_("How urgent it is"),
        required=False,
        choices=[("", _("High, pages at once")), ("warning", _("Low"))],
    )

    @staticmethod
    def of(settings: dict[str, Any]) -> dict[str, Any]:
        """What the form begins with."""
        return {**settings, "senders": "\n".join(settings.get("senders") or ())}

    def settings(self) -> dict[str, Any]:
        """What the integration's settings become."""
        data = self.cleaned_data
        return {**data, "senders": data["senders"].split()}
