from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.choices import SourceKind
from services.models import Service
from teams.actor import Actor


def _local_time() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ServiceForm(forms.Form):
    """A form with a service the actor may see; `manage` narrows to those the actor may change."""

    service = forms.ModelChoiceField(Service.objects.none(), label=_("Service"))
    manage = False

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Service.objects.visible_to(actor)
        if self.manage and not actor.is_admin:
            rows = rows.filter(team_id__in=actor.teams_with("manager"))
        elif not actor.is_admin:
            rows = rows.filter(team_id__in=actor.teams_with("manager", "responder"))
        self.fields["service"].queryset = rows  # type: ignore[attr-defined]


class IntegrationForm(ServiceForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For example: Prometheus, production")
    )
    kind = forms.ChoiceField(label=_("Source"), choices=SourceKind.choices)
    field_order = ["kind", "name", "service"]
    manage = True


class HoldForm(ServiceForm):
    reason = forms.CharField(label=_("Why"), max_length=300)
    starts_at = forms.DateTimeField(label=_("From"), widget=_local_time())
    ends_at = forms.DateTimeField(label=_("Until"), widget=_local_time())


class SilenceForm(HoldForm):
    matchers = forms.CharField(
        label=_("Only alerts with these labels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, such as severity=warning. Empty: every alert of the service."),
    )

    def clean_matchers(self) -> list[dict[str, str]]:
        found = []
        for line in self.cleaned_data["matchers"].splitlines():
            if not line.strip():
                continue
            name, equals, value = line.partition("=")
            if not equals or not name.strip():
                raise forms.ValidationError(_("Write label=value, one a line."))
            found.append({"name": name.strip(), "value": value.strip()})
        return found
