"""A routing rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts import matching
from alerts.actions.rules import MAX_HOLD
from alerts.forms.holds import MatchersField
from alerts.models import RoutingRule
from alerts.routing import hours
from incidents.forms.base import severity_choices
from notifications.choices import Urgency
from oncall.models import EscalationPolicy
from services.models import Service
from teams.actor import Actor
from teams.forms import zone_names

_AS_IT_COMES = _("As it comes")


class RuleForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    matchers = MatchersField(
        label=_("Alerts that match"),
        help_text=_(
            'One a line: severity="warning" or service=~"web.*" (also != and !~); @title, @severity, @urgency and '
            "@source stand for the alert itself. All must hold. Empty: every alert."
        ),
    )
    hours = forms.CharField(
        label=_("At these times"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}),
        help_text=_("One a line, such as Mon-Fri 09:00-17:00 or Sat,Sun 22:00-06:00. Empty: always."),
    )
    timezone = forms.ChoiceField(label=_("Time zone"))
    budget_below = forms.IntegerField(
        label=_("While less of the error budget is left than (%)"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("Of any objective of the alert's service. Empty: whatever is left."),
    )
    suppress = forms.BooleanField(
        label=_("Record only"), required=False, help_text=_("It opens no incident and pages nobody.")
    )
    hold_minutes = forms.IntegerField(
        label=_("Wait (minutes)"),
        required=False,
        min_value=1,
        max_value=MAX_HOLD,
        help_text=_("An incident opens only if it still fires then."),
    )
    service = forms.ModelChoiceField(
        Service.objects.none(), label=_("To service"), required=False, empty_label=_AS_IT_COMES
    )
    urgency = forms.ChoiceField(
        label=_("Urgency"), required=False, choices=[("", _AS_IT_COMES), *Urgency.choices]
    )
    severity = forms.ChoiceField(label=_("Severity the incident opens with"), required=False)
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(),
        label=_("Pages this policy"),
        required=False,
        empty_label=_("The service's own"),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["service"].queryset = Service.objects.visible_to(actor)
        fields["policy"].queryset = EscalationPolicy.objects.visible_to(actor)
        fields["severity"].choices = severity_choices()
        fields["timezone"].choices = [(name, name) for name in zone_names()]

    def clean_hours(self) -> list[dict[str, Any]]:
        try:
            return hours.checked(hours.parse(self.cleaned_data["hours"]))
        except hours.HoursError as error:
            raise forms.ValidationError(str(error)) from error

    def values(self) -> dict[str, Any]:
        """What `draft_rule` and `save_rule` take."""
        data = dict(self.cleaned_data)
        service, policy = data.pop("service"), data.pop("policy")
        return {
            **data,
            "service_id": service.pk if service else None,
            "policy_id": policy.pk if policy else None,
            "severity": int(data["severity"]) if data["severity"] else None,
        }


def stored_values(rule: RoutingRule) -> dict[str, Any]:
    """What the form shows of a rule; conditions that cannot be read are left out."""
    try:
        matchers = matching.show_lines(matching.stored(rule.matchers))
    except matching.MatcherError:
        matchers = ""
    try:
        spans = hours.show_lines(rule.hours) if hours.stored(rule.hours) else ""
    except hours.HoursError:
        spans = ""
    return {
        "name": rule.name,
        "matchers": matchers,
        "hours": spans,
        "timezone": rule.timezone,
        "budget_below": rule.budget_below,
        "suppress": rule.suppress,
        "hold_minutes": rule.hold_minutes,
        "service": rule.service_id,
        "urgency": rule.urgency,
        "severity": rule.severity_id,
        "policy": rule.policy_id,
        "is_active": rule.is_active,
    }


def asked_values(query: dict[str, str], timezone: str) -> dict[str, Any]:
    """What a new rule begins with; names of fields may come with the address."""
    return {"timezone": timezone, "is_active": True} | {
        name: query[name] for name in RuleForm.base_fields if query.get(name)
    }
