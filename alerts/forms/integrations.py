from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.choices import SourceKind
from alerts.models import Integration
from alerts.sources import OFFERED, SOURCES
from services.models import Service
from teams.actor import Actor


def _template(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "class": "textarea mono", "spellcheck": "false"})


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
        field: Any = self.fields["service"]
        field.queryset = rows


class IntegrationForm(ServiceForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For example: Prometheus, production")
    )
    kind = forms.ChoiceField(label=_("Source"), choices=[], widget=forms.HiddenInput)
    field_order = ["kind", "name", "service"]
    manage = True

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        labels = dict(SourceKind.choices)
        field: Any = self.fields["kind"]
        field.choices = [(kind, labels[kind]) for kind in OFFERED]


class IntegrationSettingsForm(ServiceForm):
    """How an integration reads what comes. `secret` is only written: empty leaves it as it is."""

    name = forms.CharField(label=_("Name"), max_length=120)
    service_label = forms.CharField(
        label=_("Label that names the service"),
        max_length=200,
        required=False,
        help_text=_("Alerts go to the service of the team whose slug is this label's value."),
    )
    title = forms.CharField(label=_("Title"), required=False, widget=_template(2))
    description = forms.CharField(label=_("Description"), required=False, widget=_template(3))
    group_key = forms.CharField(
        label=_("Grouping key"),
        required=False,
        widget=_template(2),
        help_text=_("New alerts with the same key join one incident."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    drop_secret = forms.BooleanField(label=_("Remove the secret"), required=False)
    topics = forms.CharField(
        label=_("Topics"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("ARNs, one a line. Named here, a topic is confirmed at once, and no other may post."),
    )
    raw_delivery = forms.BooleanField(
        label=_("Take raw deliveries"),
        required=False,
        help_text=_("They are not signed: whoever knows the key can send them."),
    )
    field_order = ["name", "service", "service_label", "title", "description", "group_key"]
    manage = True

    def __init__(self, *args: Any, actor: Actor, integration: Integration, **kwargs: Any) -> None:
        source = SOURCES.get(integration.kind)
        own = integration.settings if isinstance(integration.settings, dict) else {}
        initial = {
            "name": integration.name,
            "service": integration.service_id,
            "service_label": integration.service_label,
            "topics": "\n".join(own.get("topics", [])),
            "raw_delivery": own.get("raw_delivery", False),
            **integration.templates,
        }
        super().__init__(*args, actor=actor, initial=initial, **kwargs)
        if source is None or source.verify is None:
            del self.fields["secret"], self.fields["drop_secret"]
        else:
            self.fields["secret"].help_text = source.secret_help
            if integration.secret_sealed:
                self.fields["secret"].widget.attrs["placeholder"] = _("set")
            else:
                del self.fields["drop_secret"]
        if source is not None and source.changes:
            del self.fields["title"], self.fields["description"], self.fields["group_key"]
            self.fields["service_label"].help_text = _(
                "Changes go to the service of the team whose slug is this label's value."
            )
        if integration.kind != SourceKind.CLOUDWATCH:
            del self.fields["topics"], self.fields["raw_delivery"]

    def templates(self) -> dict[str, str]:
        names = ("title", "description", "group_key")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def changes(self) -> dict[str, Any]:
        """What `alerts.actions.update_integration` takes."""
        data = self.cleaned_data
        found: dict[str, Any] = {
            "name": data["name"],
            "service_id": data["service"].pk,
            "service_label": data["service_label"],
            "templates": self.templates(),
        }
        if data.get("drop_secret"):
            found["secret"] = ""
        elif data.get("secret"):
            found["secret"] = data["secret"]
        if "topics" in data:
            found["settings"] = {
                "topics": data["topics"].split(),
                "raw_delivery": data["raw_delivery"],
            }
        return found
