from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from statuspage.actions import PageSettings
from statuspage.choices import Language, PageAccess
from statuspage.models import StatusPage
from teams.actor import Actor
from teams.models import Team


def zones() -> list[tuple[str, str]]:
    """UTC first, then by name."""
    return [("UTC", "UTC"), *((name, name) for name in sorted(available_timezones()) if "/" in name)]


class NewPageForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.SlugField(
        label=_("Address"), max_length=60, required=False, help_text=_("Empty: from the name.")
    )
    description = forms.CharField(label=_("What it is about"), max_length=300, required=False)
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="UTC")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=Team.objects.manageable_by(actor))


class SettingsForm(forms.Form):
    """Who may read the page, how it looks, and what it offers."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("What it is about"), max_length=300, required=False)
    access = forms.ChoiceField(label=_("Who may read it"), choices=PageAccess.choices)
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Only written, never shown. Empty: it stays as it is."),
    )
    domain = forms.CharField(
        label=_("Domain of its own"),
        max_length=253,
        required=False,
        help_text=_("Let the name point here and pass its Host on, such as status.example.com."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=Language.choices, widget=forms.CheckboxSelectMultiple
    )
    first = forms.ChoiceField(label=_("First language"), choices=Language.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    accent = forms.CharField(
        label=_("Accent colour"),
        max_length=7,
        required=False,
        help_text=_("Such as #0f6670; it is darkened or lightened until words in it can be read."),
    )
    home_url = forms.CharField(label=_("Your website"), max_length=500, required=False)
    support_url = forms.CharField(label=_("Where to get support"), max_length=500, required=False)
    shows_uptime = forms.BooleanField(label=_("Show uptime"), required=False)
    takes_subscribers = forms.BooleanField(label=_("Take subscribers"), required=False)
    needs_approval = forms.BooleanField(label=_("A manager approves what responders write"), required=False)
    hidden_from_search = forms.BooleanField(label=_("Hide from search engines"), required=False)

    @staticmethod
    def of(page: StatusPage) -> dict[str, Any]:
        """Initial values."""
        names = [name for name in SettingsForm.base_fields if name not in ("password", "first")]
        return {name: getattr(page, name) for name in names} | {"first": page.languages[0]}

    def settings(self) -> PageSettings:
        """As the action takes them; the first language leads."""
        data = dict(self.cleaned_data)
        first = data.pop("first")
        data["languages"] = [first, *(code for code in data["languages"] if code != first)]
        return PageSettings(**data)


class LogoForm(forms.Form):
    logo = forms.FileField(label=_("Logo"), help_text=_("PNG, JPEG or WebP, up to 512 KB."))


class RemoveForm(forms.Form):
    confirm = forms.CharField(label=_("Type the page's address to remove it"), max_length=60)


class MetricForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    suffix = forms.CharField(label=_("Unit"), max_length=12, required=False)
    decimals = forms.IntegerField(label=_("Decimal places"), min_value=0, max_value=6, initial=0)
