"""Cleaning of what people type into the settings pages. The rules themselves are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.actions.rules import LONGEST_MINUTES
from notifications.choices import Channel, Urgency
from notifications.models import ContactMethod, WebhookSubscription
from teams.actor import Actor
from teams.models import Team


class MethodForm(forms.Form):
    """A new contact method."""

    channel = forms.ChoiceField(
        label=_("How"),
        choices=[(Channel.EMAIL, Channel.EMAIL.label), (Channel.WEBHOOK, Channel.WEBHOOK.label)],
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        help_text=_("A mail address, or the https:// address of your own webhook."),
    )
    label = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("How you call it, such as “private phone”."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if actor.is_admin:
            field: Any = self.fields["channel"]
            field.choices = [*field.choices, (Channel.CONSOLE, Channel.CONSOLE.label)]


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
