"""A runbook: whose, for what, and its text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import IncidentType, Runbook, RunbookVersion
from incidents.models.runbooks import MAX_REVIEW_DAYS, REVIEW_DAYS
from incidents.runbooks.document import MAX_BODY
from services.models import Service
from teams.actor import Actor
from teams.models import Team, User


class RunbookForm(forms.Form):
    """With `runbook` its team stays as it is."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Whose"), required=False)
    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.CharField(
        label=_("When to use it"),
        required=False,
        max_length=300,
        help_text=_("One sentence, read by somebody who has just been woken."),
    )
    owner = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Owner"),
        required=False,
        empty_label=_("Nobody in particular"),
        help_text=_("Keeps it right, and is asked for a successor when leaving."),
    )
    review_every_days = forms.IntegerField(
        label=_("Review every (days)"),
        min_value=0,
        max_value=MAX_REVIEW_DAYS,
        initial=REVIEW_DAYS,
        help_text=_("0: never."),
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label=_("For services"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    types = forms.ModelMultipleChoiceField(
        IncidentType.objects.none(),
        label=_("For types of incident"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    matchers = forms.CharField(
        label=_("For alerts"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text=_('One line for each kind of alert, e.g. {alertname="PoolFull", service=~"shop.*"}'),
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=MAX_BODY * 2,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono runbook-body"}),
    )
    note = forms.CharField(label=_("What is new in this version"), required=False, max_length=300)

    def __init__(self, *args: Any, actor: Actor, runbook: Runbook | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["types"].queryset = IncidentType.objects.filter(active=True)
        fields["services"].queryset = Service.objects.visible_to(actor).order_by("name")
        people = User.objects.visible_to(actor).active()
        if runbook is not None:
            del self.fields["team"]
            if runbook.team_id is not None:
                people = people.filter(memberships__team_id=runbook.team_id)
            fields["owner"].queryset = people.order_by("name")
            return
        fields["owner"].queryset = people.order_by("name")
        fields["team"].queryset = Team.objects.manageable_by(actor).order_by("name")
        fields["team"].required = not actor.is_admin
        fields["team"].empty_label = _("The whole organisation") if actor.is_admin else _("Choose a team")

    def values(self) -> dict[str, Any]:
        """Keyword arguments of `create_runbook` or, without the team, `edit_runbook`; not `body` and `note`."""
        data = {name: self.cleaned_data[name] for name in ("name", "purpose", "review_every_days")}
        owner = self.cleaned_data["owner"]
        data["owner_id"] = owner.pk if owner else None
        data["service_ids"] = [row.pk for row in self.cleaned_data["services"]]
        data["type_ids"] = [row.pk for row in self.cleaned_data["types"]]
        data["matchers"] = [line for line in self.cleaned_data["matchers"].splitlines() if line.strip()]
        if "team" in self.cleaned_data:
            team = self.cleaned_data["team"]
            data["team_id"] = team.pk if team else None
        return data


def initial_of(runbook: Runbook, version: RunbookVersion | None) -> dict[str, Any]:
    """The form's values of a runbook that is there."""
    return {
        "name": runbook.name,
        "purpose": runbook.purpose,
        "owner": runbook.owner_id,
        "review_every_days": runbook.review_every_days,
        "services": list(runbook.service_rows.values_list("service_id", flat=True)),
        "types": list(runbook.types.values_list("pk", flat=True)),
        "matchers": "\n".join(runbook.matchers),
        "body": version.body if version else "",
    }
