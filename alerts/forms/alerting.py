"""How alerts of a service become incidents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.actions.alerting import BOUNDS
from alerts.choices import GroupBy
from alerts.models import ServiceAlerting


def _number(name: str, label: Any, help_text: Any = "") -> forms.IntegerField:
    least, most = BOUNDS[name]
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text)


class AlertingForm(forms.Form):
    group_by = forms.ChoiceField(label=_("An alert joins an open incident by"), choices=GroupBy.choices)
    window_minutes = _number(
        "window_minutes",
        _("Window (minutes)"),
        _("By service: how long after its last alert an incident takes more."),
    )
    attach_symptoms = forms.BooleanField(
        label=_("Attach symptoms"),
        required=False,
        help_text=_(
            "While something this service needs (hard dependencies, at any depth) has an open incident, alerts join "
            "that one."
        ),
    )
    page_symptoms = forms.BooleanField(
        label=_("Symptoms page again"), required=False, help_text=_("Else they page nobody beside the first.")
    )
    flap_changes = _number("flap_changes", _("Flapping: comes back more often than"))
    flap_minutes = _number(
        "flap_minutes",
        _("within (minutes)"),
        _("Further returns page nobody, until it has been quiet for as long."),
    )
    storm_per_minute = _number(
        "storm_per_minute",
        _("Storm: new alerts a minute"),
        _("What comes above is counted in one alert."),
    )

    @staticmethod
    def values_of(row: ServiceAlerting) -> dict[str, Any]:
        """What the form shows of the service's settings."""
        return {name: getattr(row, name) for name in AlertingForm.base_fields}
