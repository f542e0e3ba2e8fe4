"""Customer contacts, and writing to them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from incidents.actions.customer_import import MOST_BYTES
from incidents.actions.update_templates import choices_for
from incidents.choices import UpdateAudience
from incidents.forms.base import ActorForm
from incidents.models import CustomerContact
from services.models import Service
from teams.actor import Actor


class ContactForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    company = forms.CharField(label=_("Company"), max_length=150, required=False)
    segment = forms.CharField(label=_("Segment"), max_length=60, required=False)
    language = forms.CharField(label=_("Language"), max_length=10, required=False)
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=_("Uses the services"),
        required=False,
        help_text=_("Hold Ctrl or ⌘ to choose several."),
    )
    active = forms.BooleanField(label=_("May be written to"), required=False, initial=True)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, services=Service.objects.visible_to(actor))

    def values(self) -> dict[str, Any]:
        """What `save_contact` takes."""
        data = dict(self.cleaned_data)
        services = data.pop("services")
        return {**data, "service_ids": [row.pk for row in services]}


def contact_initial(row: CustomerContact) -> dict[str, Any]:
    names = ("email", "name", "company", "segment", "language", "active")
    services = list(row.services.values_list("pk", flat=True))
    return {**{name: getattr(row, name) for name in names}, "services": services}


class TableForm(forms.Form):
    """A table as text or as a file; `rows` holds it afterwards."""

    rows = forms.CharField(
        label=_("Paste rows"),
        required=False,
        max_length=MOST_BYTES,
        help_text=_(
            "One contact on each line: email,name,company,segment,language,services. Several services have spaces"
            " between their short names."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono"}),
    )
    file = forms.FileField(label=_("Or choose a CSV file"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = data.get("file")
        if given is not None:
            if given.size > MOST_BYTES:
                self.add_error("file", _("At most 2 MB."))
                return data
            try:
                data["rows"] = given.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not UTF-8 text."))
        if not data.get("rows", "").strip() and not self.errors:
            self.add_error("rows", _("Paste rows or choose a file."))
        return data


class MessageForm(ActorForm):
    template = forms.ChoiceField(label=_("Approved text"), choices=())
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), label=_("Who use the services"), required=False
    )
    company = forms.CharField(label=_("Only the company"), max_length=150, required=False)
    segment = forms.CharField(label=_("Only the segment"), max_length=60, required=False)

    def setup(self) -> None:
        assert self.incident is not None
        rows = choices_for(self.incident, UpdateAudience.PUBLIC, customers=True)
        offer(self, template=[(str(row.pk), row.name) for row in rows])
        offer(self, services=Service.objects.visible_to(self.actor))
        mine = [row.service_id for row in self.incident.service_rows.all()]
        self.initial.setdefault("services", mine)

    def values(self) -> dict[str, Any]:
        """What `contact_customers` takes."""
        data = self.cleaned_data
        return {
            "template_id": int(data["template"]),
            "service_ids": [row.pk for row in data["services"]],
            "company": data["company"],
            "segment": data["segment"],
        }
