"""The form of a service but for its rows; no writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from oncall.models import EscalationPolicy
from services.choices import FieldKind, Lifecycle, ServiceKind, Tier
from services.models import Service, ServiceField, System
from teams.actor import Actor
from teams.models import Team


class ServiceForm(forms.Form):
    """A service but for its links and dependencies, which are rows."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.CharField(
        label=_("Address"),
        max_length=63,
        required=False,
        help_text=_(
            "Lower-case letters, digits and hyphens; made from the name when empty. It stays for ever."
        ),
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Owning team"), required=False)
    tier = forms.TypedChoiceField(label=_("Tier"), choices=Tier.choices, coerce=int, initial=Tier.STANDARD)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=ServiceKind.choices,
        initial=ServiceKind.SERVICE,
        help_text=_("Where it stands on the map: journeys, services, data, vendors."),
    )
    lifecycle = forms.ChoiceField(
        label=_("Lifecycle"), choices=Lifecycle.choices, initial=Lifecycle.PRODUCTION
    )
    system = forms.ModelChoiceField(System.objects.none(), label=_("System"), required=False)
    escalation_policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(),
        label=_("Escalation policy"),
        required=False,
        help_text=_("Empty: the team's default."),
    )
    description = forms.CharField(
        label=_("What it does"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    labels = forms.CharField(
        label=_("Labels"),
        max_length=15_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: a tag alone, or “key: value”."),
    )
    stands_alone = forms.BooleanField(
        label=_("It needs nothing else"),
        required=False,
        help_text=_(
            "Say so when it has no dependencies, so that nobody wonders whether they were forgotten."
        ),
    )

    def __init__(self, *args: Any, actor: Actor, service: Service | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if service is not None:
            del self.fields["slug"]
        offer(
            self,
            system=System.objects.visible_to(actor),
            team=Team.objects.manageable_by(actor),
            escalation_policy=EscalationPolicy.objects.visible_to(actor),
        )
        self.custom_fields = list(ServiceField.objects.filter(active=True))
        for row in self.custom_fields:
            self.fields[f"custom_{row.key}"] = custom_field(row)
        self.fields["team"].required = not actor.is_admin

    def values(self) -> dict[str, Any]:
        """What the actions take."""
        data = dict(self.cleaned_data)
        for name in ("team", "escalation_policy", "system"):
            row = data.pop(name)
            data[f"{name}_id"] = row.pk if row else None
        data["labels"] = labels_of(data["labels"])
        data["custom"] = {row.key: data.pop(f"custom_{row.key}") for row in self.custom_fields}
        return data

    @property
    def custom_bound(self) -> list[forms.BoundField]:
        """The custom fields, for the template."""
        return [self[f"custom_{row.key}"] for row in self.custom_fields]


def custom_field(row: ServiceField) -> forms.Field:
    """The input of a custom field. What must be filled in is checked by the action, which knows the kind."""
    common: dict[str, Any] = {"label": row.name, "help_text": row.help_text, "required": False}
    match row.kind:
        case FieldKind.NUMBER:
            return forms.FloatField(**common)
        case FieldKind.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **common)
        case FieldKind.URL:
            return forms.CharField(max_length=500, widget=forms.URLInput(), **common)
        case FieldKind.BOOLEAN:
            answers = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
            return forms.ChoiceField(choices=answers, **common)
        case FieldKind.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *((each, each) for each in row.choices)], **common)
    return forms.CharField(max_length=500, **common)


def labels_of(text: str) -> dict[str, str]:
    """Lines as typed: `key: value`, or a tag alone."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _colon, value in pairs}


def service_initial(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "team": service.team_id,
        "tier": service.tier,
        "lifecycle": service.lifecycle,
        "escalation_policy": service.escalation_policy_id,
        "description": service.description,
        "kind": service.kind,
        "system": service.system_id,
        "stands_alone": service.stands_alone,
        "labels": "\n".join(f"{key}: {value}" if value else key for key, value in service.labels.items()),
        **{f"custom_{key}": _typed(value) for key, value in service.custom.items()},
    }


def _typed(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
