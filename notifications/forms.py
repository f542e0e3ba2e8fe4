"""Cleaning of what people type into the settings pages. The rules themselves are in the actions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.actions.providers import SECRETS, masked
from notifications.actions.rules import LONGEST_MINUTES
from notifications.channels import TYPED
from notifications.choices import Channel, Provider, Urgency
from notifications.models import ContactMethod, ProviderAccount, WebhookSubscription
from teams.actor import Actor
from teams.models import Team


class MethodForm(forms.Form):
    """A new contact method; only channels that are set up here can be chosen."""

    channel = forms.ChoiceField(label=_("How"))
    address = forms.CharField(
        label=_("Address"),
        max_length=2000,
        required=False,
        help_text=_("A mail address, telephone number, Slack member ID or URL, as said below for each."),
    )
    label = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("How you call it, such as “private phone”."),
    )

    def __init__(self, *args: Any, actor: Actor, ready: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed = [*TYPED, Channel.CONSOLE] if actor.is_admin else TYPED
        field: Any = self.fields["channel"]
        field.choices = [(channel, channel.label) for channel in typed if channel in ready]


class CodeForm(forms.Form):
    """The code of a verification."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "size": 8}),
    )


class RuleForm(forms.Form):
    """One more step for an urgency."""

    urgency = forms.ChoiceField(choices=Urgency.choices, widget=forms.HiddenInput)
    method = forms.TypedChoiceField(label=_("By"), coerce=int)
    delay_minutes = forms.IntegerField(
        label=_("Minutes after the page"), min_value=0, max_value=LONGEST_MINUTES, initial=0
    )

    def __init__(self, *args: Any, methods: list[ContactMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["method"]
        field.choices = [(method.pk, str(method)) for method in methods if method.verified_at]


class WebhookForm(forms.Form):
    """An outgoing webhook."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    name = forms.CharField(label=_("Name"), max_length=120)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https:// and a public host. Addresses inside private networks are refused."),
    )
    events = forms.CharField(
        label=_("Events"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as incident.declared. Empty means all."),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def __init__(
        self, *args: Any, actor: Actor, webhook: WebhookSubscription | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if webhook is not None:
            del self.fields["team"]
            return
        del self.fields["active"]
        field: Any = self.fields["team"]
        field.queryset = Team.objects.manageable_by(actor)
        if actor.is_admin:
            field.required = False
            field.empty_label = _("Whole organisation")

    def clean_events(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["events"].replace(",", " ").split()))

    @staticmethod
    def initial_for(webhook: WebhookSubscription) -> dict[str, Any]:
        """The present values."""
        return {
            "name": webhook.name,
            "url": webhook.url,
            "events": "\n".join(webhook.events),
            "active": webhook.active,
        }


class DeliveryFilterForm(forms.Form):
    """Filters of the delivery log; what is not known is ignored."""

    status = forms.MultipleChoiceField(required=False)
    channel = forms.MultipleChoiceField(required=False)


_API_BASE = _("Only for a gateway of your own; empty means the provider itself.")


class ProviderForm(forms.Form):
    """Settings of a provider. What is stored is shown, except secrets: those are only named by their end."""

    provider: ClassVar[str]
    title: ClassVar[str | Promise]
    text: ClassVar[str | Promise]
    limits: ClassVar[str | Promise]
    # What to enter at the provider: (what it is called there, name of our address).
    addresses: ClassVar[tuple[tuple[str | Promise, str], ...]]

    def __init__(self, *args: Any, row: ProviderAccount | None, **kwargs: Any) -> None:
        shown = masked(row)
        initial = {name: value for name, value in shown.items() if name not in SECRETS}
        super().__init__(*args, **{"initial": initial, "auto_id": f"{self.provider}_%s", **kwargs})
        for name in SECRETS & self.fields.keys() & shown.keys():
            field = self.fields[name]
            field.required = False
            field.help_text = _("Stored: %(end)s. Leave empty to keep it.") % {"end": shown[name]}


def _secret(label: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=300, widget=forms.PasswordInput(attrs=attrs))


class TwilioForm(ProviderForm):
    provider = Provider.TWILIO
    title = _("Text messages and phone calls: Twilio")
    text = _("An account at Twilio with a number that can send text messages and make calls.")
    limits = _(
        "Roughly 0.01 to 0.10 USD for each text message or minute, by country; no network guarantees delivery, "
        "and several countries ask for a registered sender first."
    )
    addresses = ((_("“A message comes in”, HTTP POST"), "notifications:twilio_text"),)

    account_sid = forms.CharField(label=_("Account SID"), max_length=40)
    auth_token = _secret(_("Auth token"))
    from_number = forms.CharField(
        label=_("From number"),
        max_length=40,
        required=False,
        help_text=_("With + and the country code. Calls need it."),
    )
    messaging_service_sid = forms.CharField(
        label=_("Messaging service SID"),
        max_length=40,
        required=False,
        help_text=_("Sends text messages in place of the number."),
    )
    api_base = forms.CharField(label=_("API address"), max_length=500, required=False, help_text=_API_BASE)


class SlackForm(ProviderForm):
    provider = Provider.SLACK
    title = _("Direct messages with buttons: Slack")
    text = _(
        "An app in your workspace with a bot that has the scope chat:write, and interactivity switched on."
    )
    limits = _(
        "Free of charge; about one message a second, and neither Slack's quiet hours nor a phone's silent mode "
        "are passed."
    )
    addresses = ((_("Interactivity, Request URL"), "notifications:slack"),)

    bot_token = _secret(_("Bot token"))
    signing_secret = _secret(_("Signing secret"))
    api_base = forms.CharField(label=_("API address"), max_length=500, required=False, help_text=_API_BASE)


PROVIDER_FORMS: dict[str, type[ProviderForm]] = {form.provider: form for form in (TwilioForm, SlackForm)}
