"""Stakeholder lists and templates for updates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from incidents.choices import IncidentStatus, UpdateAudience
from incidents.models import IncidentType, SeverityLevel, StakeholderList, UpdateTemplate
from notifications.actions.announcements import CHANNELS
from notifications.choices import Channel
from services.models import Service
from teams.actor import Actor
from teams.models import Team, User


class OwnedForm(forms.Form):
    """Something a team may own; admins may leave the team empty."""

    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team"), required=False, empty_label=_("All teams")
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: Any = self.fields["team"]
        team.queryset = Team.objects.manageable_by(actor)
        team.required = not actor.is_admin
        self.setup(actor)

    def setup(self, actor: Actor) -> None:
        """Narrow choices to what the actor may see."""


class ListForm(OwnedForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    service = forms.ModelChoiceField(
        Service.objects.none(),
        label=_("Only for the service"),
        required=False,
        empty_label=_("Every service"),
    )
    to_rank = forms.TypedChoiceField(
        label=_("Down to severity"), coerce=int, empty_value=None, required=False, choices=()
    )
    internal = forms.BooleanField(label=_("Gets internal updates"), required=False, initial=True)
    executive = forms.BooleanField(label=_("Gets executive updates"), required=False)
    field_order = ["name", "team", "service", "to_rank", "internal", "executive"]

    def setup(self, actor: Actor) -> None:
        service, rank = self.fields["service"], self.fields["to_rank"]
        service.queryset = Service.objects.visible_to(actor)  # type: ignore[attr-defined]  # stubs know the base
        levels = [(row.rank, str(row)) for row in SeverityLevel.objects.all()]
        rank.choices = [("", _("Every severity")), *levels]  # type: ignore[attr-defined]  # stubs know the base

    def values(self) -> dict[str, Any]:
        """What `save_list` takes."""
        data = dict(self.cleaned_data)
        team, service = data.pop("team"), data.pop("service")
        return {
            **data,
            "team_id": team.pk if team else None,
            "service_id": service.pk if service else None,
        }


def list_initial(row: StakeholderList) -> dict[str, Any]:
    return {
        "name": row.name,
        "team": row.team_id,
        "service": row.service_id,
        "to_rank": row.to_rank,
        "internal": row.internal,
        "executive": row.executive,
    }


class PersonOnListForm(forms.Form):
    user = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"), required=False, empty_label=_("Somebody outside")
    )
    channel = forms.ChoiceField(label=_("By"), choices=[(name, Channel(name).label) for name in CHANNELS])
    address = forms.EmailField(label=_("Or mail address"), required=False)
    name = forms.CharField(label=_("Name of the person outside"), required=False, max_length=150)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, user=User.objects.filter(is_active=True))

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "user_id": data["user"].pk if data["user"] else None,
            "address": data["address"],
            "name": data["name"],
            "channel": data["channel"],
        }


class TemplateForm(OwnedForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    audience = forms.ChoiceField(label=_("For whom"), choices=UpdateAudience.choices)
    status = forms.ChoiceField(
        label=_("Offered in the state"),
        required=False,
        choices=[("", _("Every state")), *IncidentStatus.choices],
    )
    type = forms.ModelChoiceField(
        IncidentType.objects.all(), label=_("Type"), required=False, empty_label=_("Every type")
    )
    customers = forms.BooleanField(
        label=_("For messages to named customers"),
        required=False,
        help_text=_("Then also {{ name }}, {{ company }} and {{ segment }}."),
    )
    approved = forms.BooleanField(label=_("Approved: customers may be written to with it"), required=False)
    subject = forms.CharField(
        label=_("Subject"), max_length=200, required=False, help_text=_("Of messages to customers.")
    )
    body = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 10}))
    field_order = ["name", "audience", "team", "type", "status", "subject", "body", "customers", "approved"]

    def values(self) -> dict[str, Any]:
        """What `save_template` takes."""
        data = dict(self.cleaned_data)
        team, kind = data.pop("team"), data.pop("type")
        return {**data, "team_id": team.pk if team else None, "type_id": kind.pk if kind else None}


def template_initial(row: UpdateTemplate) -> dict[str, Any]:
    names = ("name", "audience", "status", "customers", "approved", "subject", "body")
    return {**{name: getattr(row, name) for name in names}, "team": row.team_id, "type": row.type_id}
