"""Forms for subscribers: in public, and on the manage side."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.choices import Language, SubscriberKind
from statuspage.models import StatusPage
from statuspage.subscribers.addresses import MAX_ADDRESS
from statuspage.subscribers.importing import MAX_BYTES


class _ChoosesParts(forms.Form):
    """Components of the page (none: all of it) and one of its languages."""

    components = forms.MultipleChoiceField(
        label=_("Only these components"), required=False, widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, page: StatusPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        components: Any = self.fields["components"]
        components.choices = list(page.components.values_list("public_id", "name"))
        if not components.choices:
            del self.fields["components"]
        language: Any = self.fields["language"]
        language.choices = [(code, Language(code).label) for code in page.languages]
        if len(page.languages) < 2:
            del self.fields["language"]

    def chosen(self) -> dict[str, Any]:
        """`component_ids` and `language` as the actions take them."""
        data = self.cleaned_data
        return {"component_ids": data.get("components", []), "language": data.get("language", "")}


class SubscribeForm(_ChoosesParts):
    """The public form: mail, or a webhook with the mail address of whoever looks after it."""

    kind = forms.ChoiceField(
        label=_("How"),
        choices=[(SubscriberKind.EMAIL, _("E-mail")), (SubscriberKind.WEBHOOK, _("Webhook"))],
        widget=forms.RadioSelect,
        required=False,
    )
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    url = forms.CharField(
        label=_("Address of the webhook"),
        max_length=MAX_ADDRESS,
        required=False,
        help_text=_("We send JSON there; the mail with the link to confirm goes to the address above."),
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )


class ChoicesForm(_ChoosesParts):
    """What a subscriber changes about their subscription."""


class AddForm(_ChoosesParts):
    """A manager adds a subscriber."""

    kind = forms.ChoiceField(label=_("Kind"), choices=SubscriberKind.choices)
    address = forms.CharField(
        label=_("Address"),
        max_length=MAX_ADDRESS,
        help_text=_("A mail address, or the web address of the hook."),
    )
    agreed = forms.BooleanField(
        label=_("They have agreed to get these mails"),
        required=False,
        help_text=_(
            "Without the tick the address is asked first. Who has unsubscribed is asked in any case."
        ),
    )
    field_order = ["kind", "address", "components", "language", "agreed"]


class ImportForm(forms.Form):
    """A table as text or as a file; `rows` holds it afterwards."""

    rows = forms.CharField(
        label=_("Paste rows"),
        required=False,
        max_length=MAX_BYTES,
        help_text=_("The first line names the columns: email (or address), kind, components, language."),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono"}),
    )
    file = forms.FileField(label=_("Or choose a CSV file"), required=False)
    agreed = forms.BooleanField(
        label=_("They have agreed to get these mails"),
        required=False,
        help_text=_("Without the tick every mail address is asked first."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = data.get("file")
        if given is not None:
            if given.size > MAX_BYTES:
                self.add_error("file", _("At most 5 MB."))
                return data
            try:
                data["rows"] = given.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not UTF-8 text."))
        if not data.get("rows", "").strip() and not self.errors:
            self.add_error("rows", _("Paste rows or choose a file."))
        return data
